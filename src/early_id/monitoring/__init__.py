"""Is what the lists rest on still there? Feed freshness and deliveries by school."""

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "check_tables": "_delivery",
        "compute_freshness": "_freshness",
        "withheld_schools": "_delivery",
    },
)

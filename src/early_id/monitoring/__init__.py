"""Is what the lists rest on still there? Feed freshness by school."""

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, {"compute_freshness": "_freshness"})

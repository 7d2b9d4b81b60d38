"""What a district has: canonical tables, the sources that read them, checks, calendar and simulator."""

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TABLES": "_tables",
        "District": "_district",
        "Intake": "_intake",
        "Reading": "_sources._reading",
        "Signals": "_district",
        "CheckResult": "_check",
        "check_district": "_check",
        "MergeResult": "_merge",
        "load_bias": "_simulate",
        "merge_districts": "_merge",
        "read_district": "_read",
        "to_pandas": "_arrow",
        "rule_frame": "_rules._frame",
        "simulate_district": "_simulated",
        "simulate_tables": "_simulated",
        "write_check": "_check",
        "write_county": "_simulated",
    },
)

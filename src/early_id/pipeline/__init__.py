"""Whole jobs as functions: what a scheduler imports."""

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "AuditResult": "_audit",
        "FlagResult": "_weekly",
        "TrainResult": "_train",
        "audit": "_audit",
        "explain": "_explain",
        "promote": "_promote",
        "rollback": "_promote",
        "run_demo": "_demo",
        "train": "_train",
        "weekly_flags": "_weekly",
        "write_simulated": "_simulate",
    },
)

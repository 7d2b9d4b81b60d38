"""Who the list reaches and whom it misses, by group, and what may be said about it."""

from __future__ import annotations

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Audit": "_audit",
        "Decision": "_audit",
        "Range": "_attack",
        "audit": "_run",
        "audit_frame": "_run",
        "feasible_range": "_attack",
    },
)

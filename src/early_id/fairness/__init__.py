"""Who the list reaches and whom it misses, by group, and what may be said about it."""

from __future__ import annotations

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Alternatives": "_what_if",
        "Audit": "_audit",
        "Changed": "_mitigation",
        "compare_lists": "_what_if",
        "Decision": "_audit",
        "Range": "_attack",
        "audit": "_run",
        "audit_frame": "_run",
        "feasible_range": "_attack",
        "find_attribute": "_what_if",
        "fit_alternatives": "_alternatives",
        "Learned": "_alternatives",
        "Membership": "_reweighing",
        "Release": "_release",
        "Reweighed": "_reweighing",
        "place_among_positives": "_alternatives",
        "reweigh": "_reweighing",
        "Scored": "_alternatives",
        "WAYS": "_ways",
    },
)

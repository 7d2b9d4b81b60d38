"""Pages for people: the equity audit, the model card, the weekly summary. They draw frames and compute nothing."""

from __future__ import annotations

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "calibration_curve_svg": "_calibration_curve",
        "CardEvidence": "_card_evidence",
        "SignOffEnd": "_end",
        "render_weekly_summary": "_weekly",
        "sign_audit_html": "_signature",
        "write_audit_html": "_audit_page",
        "write_model_card": "_model_card",
        "write_weekly_summary": "_weekly",
    },
)

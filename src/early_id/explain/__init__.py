"""Why a row scores as it does: exact Shapley values, dated reasons, a strength, plots.

Read off the document's tables: no sampling, no surrogate model.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from early_id._lazy import attach

if TYPE_CHECKING:
    import pandas as pd
    import shap

    from early_id.explain._levels import Level
    from early_id.models import AdditiveModel

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "NO_STRENGTH": "_reasons",
        "against_svg": "_svg",
        "alt_text": "_alt",
        "beeswarm_points": "_beeswarm",
        "beeswarm_svg": "_svg",
        "check_wording": "_wording",
        "compare_importance": "_against",
        "compute_attribution_gap": "_gap",
        "explain": "_shapley",
        "figure_svg": "_svg",
        "global_importance": "_importance",
        "importance_svg": "_svg",
        "leading_domain": "_leading",
        "new_figure": "_svg",
        "plot_against": "_against",
        "plot_beeswarm": "_beeswarm",
        "plot_importance": "_plots",
        "plot_term": "_plots",
        "plot_waterfall": "_waterfall",
        "reasons": "_reasons",
        "sentence": "_sentences",
        "terms_svg": "_svg",
        "waterfall_steps": "_waterfall",
        "waterfall_svg": "_svg",
    },
)


class _Room(ModuleType):
    """Room and function share the name `early_id.explain`: whichever was loaded first, calling it explains."""

    def __call__(
        self,
        document: AdditiveModel,
        X: pd.DataFrame,
        background: pd.DataFrame | None = None,
        *,
        level: Level = "feature",
    ) -> shap.Explanation:
        from early_id.explain._shapley import explain

        return explain(document, X, background, level=level)


sys.modules[__name__].__class__ = _Room

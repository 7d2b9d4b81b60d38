"""Exact Shapley values of an additive document."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from early_id.explain._levels import Level, summed

if TYPE_CHECKING:
    import pandas as pd
    import shap

    from early_id.models import AdditiveModel


def explain(
    document: AdditiveModel,
    X: pd.DataFrame,
    background: pd.DataFrame | None = None,
    *,
    level: Level = "feature",
) -> shap.Explanation:
    """Say how much each feature moves each row's score away from the average of the background.

    Parameters
    ----------
    document : AdditiveModel
    X : DataFrame of shape (n, ...)
        The document's features by name, and `school_day` if it has several periods. Missing values are
        allowed.
    background : DataFrame of shape (m, ...), optional
        Other rows to compare with, each in the period of its own school day, such as the school's own students.
        Default: the training rows, whose averages are in the document.
    level : {"feature", "concept", "domain"}, default="feature"
        Domain: one value for each of attendance, grades and discipline, one bar in a plot. Concept: overlapping
        windows of one thing are one value. They are sums of the features' values, and so the exact Shapley values of a
        game whose players are the domains or concepts.

    Returns
    -------
    shap.Explanation
        In log-odds. ``values`` (n, n_features); ``base_values`` (n,), the mean score of the
        background in the row's period; ``data`` the feature values (none where features are summed);
        ``feature_names`` in the document's order.

    Raises
    ------
    DataError
        If a feature is missing from `X` or a school day lies in no period, or the background has no row in a period
        of `X`.

    Notes
    -----
    In a sum of one-feature terms the Shapley value of feature j with independent masking over a background B
    is ``term_j(x_j) − mean over B of term_j``, whatever the order in which features are revealed [1]_. A pair of
    features is a game of two, whose four values are looked up: it adds ``½ [E f(a, B) − E f(A, B)] + ½ [f(a, b) −
    E f(A, b)]`` to the first feature, and likewise to the second (`AdditiveModel.shapley_values`). Means and the
    shares of the rows in the bins are stored in the document, or counted in the background, so nothing is sampled, and
    ``base_values + values.sum(axis=1)`` is the score up to rounding.

    References
    ----------
    .. [1] E. Štrumbelj, I. Kononenko, Explaining prediction models and individual predictions with feature
       contributions, Knowledge and Information Systems 41, 2014, doi:10.1007/s10115-013-0679-x (additive
       models).

    Examples
    --------
    >>> import pandas as pd
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> days = Term("absent", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0, mean=-0.2)
    >>> document = AdditiveModel("chronic_absence", [FeatureInfo("absent")], [Period(0, None, -1.0, (days,))])
    >>> values = explain(document, pd.DataFrame({"absent": [3.0]}))
    >>> values.values.tolist(), values.base_values.tolist()
    ([[1.2]], [-1.2])
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing shap warns about matplotlib, about itself
        import shap

    if background is not None:
        document = document.with_background(background, X)
    values = summed(document, document.shapley_values(X), level)
    return shap.Explanation(
        values=values.to_numpy(),
        base_values=document.background(X)["base"].to_numpy(),
        data=X[list(document.feature_names)].to_numpy() if level == "feature" else None,
        feature_names=list(values.columns),
    )

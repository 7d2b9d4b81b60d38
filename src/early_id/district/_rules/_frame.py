"""The rules as a table, for the docs and for people."""

from __future__ import annotations

import pandas as pd

from early_id.district._rules import RULES


def rule_frame() -> pd.DataFrame:
    """List every rule of `early-id check`.

    Returns
    -------
    pandas.DataFrame
        code, table, severity ("error" rows are quarantined), title, cause, remedy; sorted by code.

    Examples
    --------
    >>> rule_frame().set_index("code").loc["EID-ATT-003", "severity"]
    'error'
    """
    names = ("code", "table", "severity", "title", "cause", "remedy")
    rows = [{name: str(getattr(rule, name)) for name in names} for rule in RULES.values()]
    return pd.DataFrame(rows).sort_values("code", ignore_index=True)

"""What the audit needs to know of each row of the chosen document, besides its score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from early_id.district import District
from early_id.evaluation import Backtest
from early_id.explain import leading_domain
from early_id.panel import Panel
from early_id.pipeline._compare import design_of


def with_row_facts(result: Backtest, panel: Panel, district: District) -> Backtest:
    """Say of each row of the chosen document what raises its score most, what of it is unknown, and what came late."""
    predictions, document = result.predictions, result.documents[result.deployable]
    own = (predictions["contestant"] == result.deployable) & predictions["score"].notna()
    design = design_of(result, panel, predictions[own])
    domain = pd.Series(pd.NA, predictions.index, dtype="str")
    domain[own] = leading_domain(document, design).to_numpy()
    unknown = pd.Series(np.nan, predictions.index)
    unknown[own] = design[list(document.feature_names)].isna().mean(axis=1).to_numpy()
    behind = feed_days_behind(predictions[["school_id", "as_of"]], district.frame("attendance_feed"))
    facts = {"leading_domain": domain, "unknown_share": unknown, "feed_days_behind": behind.where(own)}
    return replace(result, predictions=predictions.assign(**facts))


def feed_days_behind(rows: pd.DataFrame, feed: pd.DataFrame) -> pd.Series:
    """Count the days by which the last attendance known of a school lies behind the latest of all schools on that date.

    Parameters
    ----------
    rows : DataFrame
        school_id, as_of.
    feed : DataFrame
        school_id, day, known_at (missing = known on the day).

    Returns
    -------
    Series
        On the index of `rows`; missing where nothing of the school was known yet.

    Examples
    --------
    >>> feed = pd.DataFrame({"school_id": ["a", "b", "b"], "day": ["2026-11-20", "2026-11-17", "2026-11-20"],
    ...                      "known_at": ["2026-11-20", "2026-11-17", "2026-11-23"]})
    >>> rows = pd.DataFrame({"school_id": ["a", "b"], "as_of": pd.Timestamp("2026-11-22")})
    >>> feed_days_behind(rows, feed).tolist()
    [0.0, 3.0]
    """
    asked = rows.drop_duplicates().astype({"as_of": "datetime64[us]"}).sort_values("as_of", kind="stable")
    day = pd.to_datetime(feed["day"]).astype("datetime64[us]")
    told = pd.DataFrame(
        {
            "school_id": feed["school_id"].astype("str"),
            "as_of": pd.to_datetime(feed["known_at"]).astype("datetime64[us]").fillna(day),
            "last": day,
        }
    ).sort_values(["as_of", "last"], kind="stable")
    told["last"] = told.groupby("school_id")["last"].cummax()
    asked = pd.merge_asof(asked.astype({"school_id": "str"}), told, on="as_of", by="school_id")
    latest = asked.groupby("as_of")["last"].transform("max")
    days = (latest - asked["last"]).dt.days.astype("float64")
    found = days.set_axis(pd.MultiIndex.from_frame(asked[["school_id", "as_of"]]))
    keys = rows.astype({"school_id": "str", "as_of": "datetime64[us]"})[["school_id", "as_of"]]
    return pd.Series(found.reindex(pd.MultiIndex.from_frame(keys)).to_numpy(), rows.index)

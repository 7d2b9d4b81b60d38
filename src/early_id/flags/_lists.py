"""One week's lists, in memory: ranked, with reasons, and with everybody who could not be scored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, cast

import numpy as np
import pandas as pd

from early_id.config import ROLES
from early_id.district import District
from early_id.evaluation import SCORE_DECIMALS, Capacity, list_id, places, rank_in_school
from early_id.exceptions import DataError, examples
from early_id.explain import reasons
from early_id.flags._history import NO_HISTORY, resolved_since, with_status
from early_id.flags._unseen import unseen
from early_id.models import AdditiveModel
from early_id.panel import CATALOG, LANGUAGES, Feature, Panel, build_panel

LIST_COLUMNS = (
    "school_id", "student_id", "as_of", "rank", "score", "tier", "status", "weeks_listed", "reason_1", "reason_2",
    "reason_3", "strength", "suggested_role", "continuity_adult", "model_hash", "list_id",
)  # fmt: skip
_NOTHING: Mapping[str, str] = MappingProxyType({})
#: Reasons from this many domains suggest a screening by a clinician rather than one specialist.
MANY_DOMAINS = 3


@dataclass(frozen=True, eq=False)
class WeeklyLists:
    """The lists of one as-of date.

    Attributes
    ----------
    as_of : pandas.Timestamp
    lists : pandas.DataFrame
        One row per listed student with the columns `LIST_COLUMNS`, by school and rank.
    not_scored : pandas.DataFrame
        school_id, student_id, as_of, reason: every enrolled student without a score.
    resolved : pandas.DataFrame
        school_id, student_id, as_of, last_listed, reason: who was on the list before and is not now.
    schools : pandas.DataFrame
        school_id, school_name, enrolled, scored, listed, places: every school of the district, also one without rows.
    approved : bool
        False for a draft; only `early_id.pipeline.weekly_flags` makes approved lists, and only those are written.
    """

    as_of: pd.Timestamp
    lists: pd.DataFrame
    not_scored: pd.DataFrame
    resolved: pd.DataFrame
    schools: pd.DataFrame
    approved: bool = False


def rank_students(
    document: AdditiveModel,
    district: District,
    *,
    as_of: str | pd.Timestamp,
    capacity: Capacity,
    earlier: pd.DataFrame = NO_HISTORY,
    roles: Mapping[str, str] = ROLES,
    withheld: Mapping[str, str] = _NOTHING,
    held_back: Collection[str] = (),
    language: str = LANGUAGES[0],
) -> WeeklyLists:
    """Draft the lists of one date: who would be on them, why, and who could not be scored.

    Nothing is written and the result is marked as not approved.

    Parameters
    ----------
    document : AdditiveModel
        The model that scores.
    district : District
    as_of : str or Timestamp
        The date whose end the lists look back from; a Sunday for weekly lists.
    capacity : str, int or mapping
        Places per school; see `early_id.evaluation.capacity_by_school`.
    earlier : pandas.DataFrame
        Lists of earlier dates, for status and weeks listed; see `early_id.flags.earlier_lists`.
    roles : mapping of domain to role
        Who is suggested to reach out; "many" where the reasons span three domains.
    withheld : mapping of school_id to reason
        Schools whose students get no score, see `early_id.monitoring.withheld_schools`.
    held_back, language
        What is never said, and what reasons and strengths are written in; see `early_id.explain.reasons`.

    Raises
    ------
    DataError
        If no school is in session, no student can be scored, or the document asks for features the catalogue does not
        have.

    Examples
    --------
    >>> from early_id.district import simulate_district
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> county = simulate_district(students=120, schools=3, districts=1, years=2, seed=1)
    >>> term = Term("absent_days_year", "step", edges=(4.0,), values=(-1.0, 1.0), missing=0.0, mean=0.0)
    >>> info = FeatureInfo("absent_days_year", domain="attendance", direction=1, unit="days")
    >>> document = AdditiveModel("chronic_absence", [info], [Period(0, None, -1.0, (term,))])
    >>> draft = rank_students(document, county, as_of="2025-01-12", capacity=2)
    >>> len(draft.lists), draft.approved
    (6, False)
    """
    scope = scope_of(document)
    panel = build_panel(district, as_of=[as_of], catalog=catalog_of(document), scope=scope)
    rows = _scored_rows(document, panel, withheld)
    rank = rank_in_school(rows)
    limit = places(rows, capacity)
    rows = rows.assign(rank=rank, places=limit)
    listed = rows[rank <= limit].sort_values(["school_id", "rank"])
    day = rows["as_of"].iloc[0]
    words = reasons(
        document,
        panel.design(panel.frame.loc[listed.index]),
        panel.facts.iloc[listed.index],
        held_back=held_back,
        language=language,
    )
    lists = with_status(_describe(document, listed, words.set_axis(listed.index), roles), earlier, day)
    lists["continuity_adult"] = _continuity_adult(district, lists, day)
    scoreless = rows.loc[rows["not_scored"].notna(), ["school_id", "student_id", "as_of", "not_scored"]]
    others = unseen(district, panel, day, withheld, by_school=scope == "school")
    scoreless = pd.concat([scoreless.rename(columns={"not_scored": "reason"}), others])
    scoreless = scoreless.sort_values(["school_id", "student_id"])
    everyone = pd.concat([rows, others])
    return WeeklyLists(
        as_of=day,
        lists=lists[list(LIST_COLUMNS)].reset_index(drop=True),
        not_scored=scoreless.reset_index(drop=True),
        resolved=resolved_since(lists, everyone, earlier, day),
        schools=_schools(district, everyone, lists),
    )


def scope_of(document: AdditiveModel) -> Literal["county", "school"]:
    """Say whether the document was trained on students of a county or on students of each school."""
    label = document.provenance.get("label") or {}
    return cast("Literal['county', 'school']", label.get("scope", "county"))


def catalog_of(document: AdditiveModel) -> dict[str, Feature]:
    """Features of the catalogue that the document or a sentence needs."""
    names = [feature.name for feature in document.features]
    unknown = [name for name in names if name not in CATALOG]
    if unknown:
        msg = (
            f"Expected a model made of features of this version's catalogue, got {examples(unknown)}; train it again "
            "with this version."
        )
        raise DataError(msg)
    return {name: feature for name, feature in CATALOG.items() if name in {*names, "absence_rate_year"}}


def _scored_rows(document: AdditiveModel, panel: Panel, withheld: Mapping[str, str]) -> pd.DataFrame:
    """Cohort rows with their score, rounded as it is ranked and printed; missing where there is no score."""
    rows: pd.DataFrame = panel.frame[["student_id", "school_id", "as_of", "not_scored"]].copy()
    for school, reason in withheld.items():
        rows.loc[rows["school_id"] == school, "not_scored"] = reason
    scored = rows["not_scored"].isna()
    if not scored.any():
        reasons_given = examples(
            f"{school}: {reason}"
            for school, reason in rows[["school_id", "not_scored"]].drop_duplicates().itertuples(index=False)
        )
        msg = (
            f"Expected data from which at least one student can be scored on {rows['as_of'].iloc[0].date()}, got none "
            f"({reasons_given}); deliver the missing records, then make the lists again."
        )
        raise DataError(msg)
    score = np.full(len(rows), np.nan)
    probability = document.predict_proba(panel.design(panel.frame[scored]))[:, 1]
    score[scored.to_numpy()] = probability.round(SCORE_DECIMALS)
    return rows.assign(score=score)


def _describe(
    document: AdditiveModel, listed: pd.DataFrame, words: pd.DataFrame, roles: Mapping[str, str]
) -> pd.DataFrame:
    """Add tier, reasons, strength, role and identities to the listed rows."""
    role = words["leading_domain"].map(roles).fillna(roles.get("many", ""))
    role = role.mask(words["domains"] >= MANY_DOMAINS, roles.get("many", ""))
    return listed.assign(
        **{name: words[name] for name in ("reason_1", "reason_2", "reason_3", "strength")},
        rank=listed["rank"].astype("int64"),
        tier=np.where(listed["rank"] <= np.ceil(listed["places"] / 2), "first", "next"),
        suggested_role=role,
        model_hash=document.sha256,
        list_id=[
            list_id(school, day) for school, day in zip(listed["school_id"], listed["as_of"], strict=True)
        ],
    )


def _continuity_adult(district: District, lists: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Find the adult who already knows the student: of the support running on the date that began last."""
    supports = district.frame("supports")
    seen = (supports["known_at"] <= as_of) & ~(supports["retracted_at"] <= as_of)
    running = (supports["started_on"] <= as_of) & ~(supports["ended_on"] < as_of)
    open_ones = supports[seen & running & supports["adult_id"].notna()]
    open_ones = open_ones.sort_values(["student_id", "started_on", "kind"])
    adults = open_ones.groupby("student_id")["adult_id"].last()
    return lists["student_id"].map(adults)


def _schools(district: District, rows: pd.DataFrame, lists: pd.DataFrame) -> pd.DataFrame:
    """Count every school of the district, so that one without data is named and not skipped."""
    schools = district.frame("schools")[["school_id", "school_name"]].sort_values("school_id")
    counts = rows.groupby("school_id").agg(
        enrolled=("student_id", "size"), scored=("score", "count"), places=("places", "max")
    )
    counts["listed"] = lists.groupby("school_id").size()
    names = ["enrolled", "scored", "places", "listed"]
    joined: pd.DataFrame = schools.join(counts, on="school_id").reset_index(drop=True)
    joined[names] = joined[names].fillna(0).astype("int64")
    return joined

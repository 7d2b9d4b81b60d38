"""Audit a backtest: from predictions, groups and a list size to verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import pandas as pd

from early_id.evaluation import list_at_capacity, plain_capacity, school_weeks_ahead
from early_id.exceptions import ConfigError, DataError, did_you_mean, examples
from early_id.fairness._audit import Audit
from early_id.fairness._bound import settle_by_bound
from early_id.fairness._by_school import school_view
from early_id.fairness._by_term import compute_by_term
from early_id.fairness._calibration import compute_calibration, publish_calibration
from early_id.fairness._capacity_curve import Curve, compute_curve
from early_id.fairness._complement import printable_complements
from early_id.fairness._counted import Counted, count_rows, rate_frames
from early_id.fairness._earlier import (
    NOTHING,
    Earlier,
    capacities_before,
    count_release,
    hide,
    lists_before,
    look_back,
)
from early_id.fairness._exposure import Masking
from early_id.fairness._frames import (
    ceiling_of_others,
    compute_excluded,
    compute_not_scored,
    compute_verdicts,
    gap_cells,
)
from early_id.fairness._gaps import Resampling, family_gaps, shown_gaps
from early_id.fairness._groups import check_columns, check_reference
from early_id.fairness._joint import mask_all_crossed, named
from early_id.fairness._lead_time import compute_lead_time, masked_before, publish_lead_time
from early_id.fairness._measurement import compute_measurement, publish_measurement
from early_id.fairness._publish import publish_reasons
from early_id.fairness._published import SHOWN_METRICS, published_rates, published_rest
from early_id.fairness._reason_profile import compute_reason_profile, publish_reason_profile
from early_id.fairness._release import Release
from early_id.fairness._scheme import THRESHOLD
from early_id.fairness._schools_part import compute_schools_part, publish_schools_part
from early_id.fairness._suppression import mask_attributes
from early_id.fairness._verdicts import AGAINST
from early_id.fairness._what_if import Alternatives, with_alternatives

ROW_COLUMNS = ("student_id", "school_id", "district_id", "as_of", "grade_level", "score", "label", "onset")


class BacktestLike(Protocol):
    """What the audit needs of a backtest."""

    @property
    def predictions(self) -> pd.DataFrame:
        """One row per contestant, student, school and as-of date of the test years."""

    @property
    def deployable(self) -> str:
        """Name of the contestant that was chosen."""


def audit(
    backtest: BacktestLike,
    *,
    groups: pd.DataFrame,
    capacity: str | int | Mapping[str, int],
    contestant: str | None = None,
    tolerance: float = 0.05,
    replicates: int = 2000,
    seed: int = 0,
    reference: Mapping[str, str] | None = None,
    about: Mapping[str, Any] | None = None,
    alternatives: Alternatives | None = None,
    earlier: Sequence[Release] = (),
) -> Audit:
    """Audit the lists a backtested model would have sent, group by group.

    Answers: of those who turned out to need outreach, whom did the list reach in time, whom did it miss, who
    had no score, and how sure can we be?

    Parameters
    ----------
    backtest : Backtest
        Its test-year predictions are audited; training rows never are. With event_day and school_day the audit also
        says which share of the students was reached eight school weeks ahead.
    groups : DataFrame
        student_id, attribute, value, valid_from, valid_to (inclusive; empty = still valid). A student without
        a value on a date belongs to the group "unknown". Grade band, school and district are added.
    capacity : str, int or mapping
        List size per school and date: "5%" (rounded up), 25, or {"*": 25, "<school_id>": 40}.
    contestant : str, optional
        Name of the audited contestant; the deployable one of the backtest if not given.
    tolerance : float
        Largest gap (difference of two shares) that is not held against the model.
    replicates, seed : int
        Bootstrap replicates over students, and where they start. The same seed gives the same bits.
    reference : mapping, optional
        Attribute → group that the other groups of the attribute are compared with, besides everyone else.
    about : mapping, optional
        More about the model for the report: label, document_sha256, purpose, valid_until, …
    alternatives : Alternatives, optional
        What was tried besides: other trainings, other readings of the score, other outcomes.
    earlier : sequence of Release
        `Audit.release` of the audits of the same year that were published before, in their order: what they mask stays
        masked, and nothing masked follows from all of them together.

    Returns
    -------
    Audit

    Raises
    ------
    ConfigError
        For an unknown contestant or reference, a tolerance outside 0–1, fewer than 100 replicates, or a
        capacity that leaves a school out.
    DataError
        When columns are missing, groups is empty or contradictory, or no rows are left to audit.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> ids = [f"s{number}" for number in range(40)]
    >>> predictions = pd.DataFrame({"contestant": "additive", "student_id": ids, "school_id": "north",
    ...     "district_id": "d", "as_of": pd.Timestamp("2026-11-22"), "grade_level": 7, "label": [1.0, 0.0] * 20,
    ...     "score": [0.9, 0.1] * 20, "onset": True})
    >>> groups = pd.DataFrame({"student_id": ids, "attribute": "language", "value": ["en"] * 20 + ["es"] * 20,
    ...     "valid_from": pd.Timestamp("2020-07-01"), "valid_to": pd.NaT})
    >>> backtest = SimpleNamespace(predictions=predictions, deployable="additive")
    >>> result = audit(backtest, groups=groups, capacity="25%", replicates=100)
    >>> result.overall["recall"], result.overall["ceiling_recall"]  # 10 places for 20 students
    (np.float64(0.5), np.float64(0.5))
    """
    check_columns(backtest.predictions, ("contestant", *ROW_COLUMNS), "the predictions of the backtest")
    name = backtest.deployable if contestant is None else contestant
    known = backtest.predictions["contestant"].astype("str").unique()
    if name not in known:
        msg = f"the backtest has no contestant {name!r} to audit; {did_you_mean(name, known)}"
        raise ConfigError(msg)
    rows = backtest.predictions.loc[backtest.predictions["contestant"] == name].reset_index(drop=True)
    rows = rows.assign(listed=list_at_capacity(rows, capacity).to_numpy())
    if {"school_day", "event_day"} <= set(rows.columns):
        rows = rows.assign(weeks_ahead=school_weeks_ahead(rows))
    result = audit_frame(
        rows,
        groups=groups,
        tolerance=tolerance,
        resampling=(replicates, seed),
        reference=reference,
        about={"contestant": str(name), "capacity": plain_capacity(capacity), **(about or {})},
        curve=True,
        earlier=earlier,
    )
    if alternatives is None:
        return result
    return with_alternatives(
        result,
        rows,
        alternatives,
        groups=groups,
        capacity=capacity,
        resampling=(replicates, seed),
        lists_before=lists_before(earlier, result.release, rows),
        capacities_before=capacities_before(earlier, result.release),
        judge_by=partial(judge_rows, groups=groups, tolerance=tolerance, resampling=(replicates, seed)),
    )


def audit_frame(
    rows: pd.DataFrame,
    *,
    groups: pd.DataFrame,
    tolerance: float = 0.05,
    resampling: tuple[int, int] = (2000, 0),
    reference: Mapping[str, str] | None = None,
    about: Mapping[str, Any] | None = None,
    curve: bool = False,
    earlier: Sequence[Release] = (),
) -> Audit:
    """Audit lists that are already drawn: rows with a boolean column `listed`.

    Answers the same as `audit`, for lists from anywhere.

    Parameters
    ----------
    rows : DataFrame
        One row per student × school × as-of date of one contestant: student_id, school_id, district_id,
        as_of, grade_level, score (missing = not scored), label (0, 1, missing), onset, listed, and optionally
        not_scored (the reason), school_year and weeks_ahead (full school weeks to the event, missing without
        one; without the column nothing is said about reaching a child early).
    groups, tolerance, reference, about, earlier
        As in `audit`.
    resampling : (replicates, seed)
        As in `audit`.
    curve : bool
        Whether to audit other sizes of the list too, which then are the highest scores of each school.

    Returns
    -------
    Audit

    Raises
    ------
    ConfigError, DataError
        As in `audit`.

    Examples
    --------
    Forty students, half of them in each school; one list reaches everybody it should, the other nobody.

    >>> ids = [f"s{number}" for number in range(40)]
    >>> rows = pd.DataFrame({"student_id": ids, "school_id": ["north", "south"] * 20, "district_id": "d",
    ...                      "as_of": pd.Timestamp("2026-11-22"), "grade_level": 7, "score": 0.5, "label": 1.0,
    ...                      "onset": True, "listed": [True, False] * 20})
    >>> groups = pd.DataFrame({"student_id": ids, "attribute": "language", "value": ["en", "es"] * 20,
    ...                        "valid_from": pd.Timestamp("2020-07-01"), "valid_to": pd.NaT})
    >>> result = audit_frame(rows, groups=groups, resampling=(100, 0))
    >>> result.by_group.loc[result.by_group["attribute"] == "language", ["group", "recall"]].to_dict("records")
    [{'group': 'en', 'recall': 1.0}, {'group': 'es', 'recall': 0.0}]

    Twenty students a group are too few for a verdict, however large the difference.

    >>> print(result.verdict())
    0 gaps, 0 passed, 8 could not be judged
    """
    _check_settings(tolerance, resampling[0])
    _check_rows(rows)
    rows = rows.reset_index(drop=True)
    counted = count_rows(rows, groups)
    reference = dict(reference or {})
    check_reference(reference, counted.attributes)
    by_group, intersections, whole = rate_frames(counted)
    gaps = _all_gaps(counted, reference, Resampling(*resampling))
    said = about or {}
    capacity = said.get("capacity") if curve else None
    found = gap_cells(gaps, tolerance=tolerance)
    release = count_release(counted, rows, label=str(said.get("label", "")), capacity=capacity, gaps=found)
    before = look_back(earlier, release, counted, rows)
    masks, verdicts = _judged(counted, gaps, by_group, tolerance=tolerance, earlier=before)
    hidden = mask_all_crossed(
        counted.crossed, masks["recall"], masks["reached_early"], told=before.of("recall").closed
    )
    verdicts = verdicts.merge(_school_views(counted, Resampling(*resampling)), how="left")
    not_scored = compute_not_scored(rows, counted.attributes, counted.student)
    excluded = compute_excluded(counted.measures, rows, counted.attributes, counted.student)
    published = published_rates(by_group, intersections, whole, masks, hidden)
    reasons = publish_reasons(not_scored)
    verdicts = settle_by_bound(verdicts, published, reasons, tolerance=tolerance)
    complements = printable_complements([*counted.singles, *counted.crossed], ceiling_of_others(by_group))
    published |= published_rest(published, gaps, verdicts, complements, tolerance=tolerance)
    published |= {"not_scored_reasons": reasons, "excluded": publish_reasons(excluded)}
    sizes = (
        compute_curve(
            rows,
            counted,
            masks["recall"],
            tolerance=tolerance,
            resampling=Resampling(*resampling),
            earlier=before,
        )
        if curve
        else Curve.none()
    )
    published["capacity_curve"] = sizes.published
    calibration = compute_calibration(rows, counted)
    published["calibration"] = publish_calibration(calibration, masks["recall"])
    profile = compute_reason_profile(rows, counted.attributes, counted.student)
    published["reason_profile"] = publish_reason_profile(
        profile, rows, counted.attributes, counted.student, masks["recall"]
    )
    parts = compute_schools_part(rows, counted.attributes, counted.student, counted.measures)
    published["schools_part"] = publish_schools_part(parts, published["gaps"])
    measured = compute_measurement(rows, counted.attributes, counted.student)
    published["measurement"] = publish_measurement(measured, masks["not_scored"])
    by_term = compute_by_term(rows, counted, masks, before)
    published["by_term"] = by_term.published
    lead_time = compute_lead_time(rows, counted)
    published["lead_time"] = publish_lead_time(
        lead_time, rows, counted, masks, before.masked.get("before", set())
    )
    elsewhere = {f"curve:{name}": cells for name, cells in sizes.hidden.items()}
    elsewhere |= {f"term:{name}": cells for name, cells in by_term.hidden.items()}
    elsewhere["before"] = masked_before(published["lead_time"])
    facts = _facts(rows) | {"tolerance": tolerance, "replicates": resampling[0], "seed": resampling[1]}
    facts |= {"earlier_audits": before.count} if before.count else {}
    return Audit(
        by_group=by_group,
        intersections=intersections,
        gaps=gaps,
        verdicts=verdicts,
        capacity_curve=sizes.exact,
        calibration=calibration,
        reason_profile=profile,
        schools_part=parts,
        lead_time=lead_time,
        by_term=by_term.exact,
        measurement=measured,
        not_scored=not_scored,
        excluded=excluded,
        overall=whole.iloc[0],
        about={**facts, **(about or {})},
        release=hide(release, masks, named(counted.crossed, hidden), sizes.sizes, elsewhere),
        _published=published,
    )


def judge_rows(
    rows: pd.DataFrame, *, groups: pd.DataFrame, tolerance: float, resampling: tuple[int, int]
) -> pd.DataFrame:
    """Give the verdicts of `audit_frame` alone, masked as there: what words about the same lists need."""
    _check_rows(rows)
    counted = count_rows(rows.reset_index(drop=True), groups)
    gaps = pd.concat(_judged_gaps(counted, Resampling(*resampling)), ignore_index=True)
    return _judged(counted, gaps, rate_frames(counted)[0], tolerance=tolerance)[1]


def _judged(
    counted: Counted,
    gaps: pd.DataFrame,
    by_group: pd.DataFrame,
    *,
    tolerance: float,
    earlier: Earlier = NOTHING,
) -> tuple[dict[str, Masking], pd.DataFrame]:
    """Mask what small numbers give away, and judge every group."""
    found = gap_cells(gaps, tolerance=tolerance)
    masks = mask_attributes(counted.singles, counted.pairs, counted.everyone, gaps=found, earlier=earlier)
    return masks, compute_verdicts(gaps, by_group, masks, tolerance=tolerance)


def _check_settings(tolerance: float, replicates: int) -> None:
    if not 0 < tolerance < 1:
        msg = f"tolerance is a difference of two shares between 0 and 1, for example 0.05; got {tolerance!r}."
        raise ConfigError(msg)
    if replicates < 100:
        msg = f"an interval needs at least 100 replicates; got {replicates!r}. Leave it at 2000."
        raise ConfigError(msg)


def _check_rows(rows: pd.DataFrame) -> None:
    check_columns(rows, (*ROW_COLUMNS, "listed"), "the rows to audit")
    students = rows["student_id"].nunique()
    if students <= THRESHOLD:
        msg = (
            f"the rows to audit hold {students} students; with {THRESHOLD} or fewer nothing may be "
            "published. Audit a longer test period or more schools."
        )
        raise DataError(msg)
    if rows["listed"].isna().any():
        missing = rows.loc[rows["listed"].isna(), "student_id"]
        msg = f"listed must be true or false in every row; it is missing for {examples(missing)}."
        raise DataError(msg)
    odd = rows.loc[rows["label"].notna() & ~rows["label"].isin([0, 1]), "label"]
    if len(odd):
        msg = f"label must be 0, 1 or missing; got {examples(odd)}. Audit one yes-or-no outcome at a time."
        raise DataError(msg)
    twice = rows.duplicated(["student_id", "school_id", "as_of"])
    if twice.any():
        msg = (
            "each student may appear once per school and as-of date; more rows came for "
            f"{examples(rows.loc[twice, 'student_id'])}. Audit one contestant at a time."
        )
        raise DataError(msg)


def _judged_gaps(counted: Counted, resampling: Resampling) -> list[pd.DataFrame]:
    """Compute the gaps that get verdicts."""
    return [
        family_gaps(counted.segments, counted.singles, metric=metric, family="single", resampling=resampling)
        for metric in AGAINST
    ]


def _all_gaps(counted: Counted, reference: Mapping[str, str], resampling: Resampling) -> pd.DataFrame:
    frames = [
        *_judged_gaps(counted, resampling),
        family_gaps(
            counted.segments, counted.crossed, metric="recall", family="intersection", resampling=resampling
        ),
        shown_gaps(
            counted.segments,
            counted.singles,
            metrics=SHOWN_METRICS,
            reference=reference,
            resampling=resampling,
        ),
    ]
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def _school_views(counted: Counted, resampling: Resampling) -> pd.DataFrame:
    """Give the intervals over schools of both metrics that get verdicts."""
    return pd.concat(
        [
            school_view(counted.segments, counted.attributes, metric=metric, resampling=resampling).assign(
                metric=metric
            )
            for metric in AGAINST
        ]
    )


def _facts(rows: pd.DataFrame) -> dict[str, Any]:
    """Say which dates and how many students were audited."""
    days = pd.to_datetime(rows["as_of"])
    facts: dict[str, Any] = {
        "as_of_from": str(days.min().date()),
        "as_of_to": str(days.max().date()),
        "as_of_dates": int(days.nunique()),
    }
    if "school_year" in rows:
        facts["test_years"] = sorted(int(year) for year in rows["school_year"].unique())
    return facts

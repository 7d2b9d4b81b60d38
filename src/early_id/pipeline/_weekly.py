"""The Sunday night job: verify the sign-off, score, publish. The only way a list is ever written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from early_id.config import Config
from early_id.district import District
from early_id.exceptions import ConfigError, DataError
from early_id.flags import WeeklyLists, earlier_lists, publish, rank_students
from early_id.monitoring import compute_freshness
from early_id.pipeline._train import Tell, district_of, silent
from early_id.reports import write_weekly_summary
from early_id.tracking import Tracker, load_document, verify_sign_off


@dataclass(frozen=True, eq=False)
class FlagResult:
    """The lists of one date and where they lie.

    Attributes
    ----------
    lists : WeeklyLists
    folder : Path
        `as_of=YYYY-MM-DD`, complete.
    summary : Path
        A page for the people who use the lists.
    """

    lists: WeeklyLists
    folder: Path
    summary: Path


def weekly_flags(
    config: Config,
    *,
    as_of: str | pd.Timestamp,
    out: Path | None = None,
    district: District | None = None,
    tell: Tell = silent,
) -> FlagResult:
    """Publish the lists of one date with the signed model, or refuse.

    Parameters
    ----------
    config : Config
    as_of : str or Timestamp
        The Sunday whose week ends the lists' view.
    out : Path, optional
        Another place for the lists than the configured one.
    district : District, optional
        The configured district where it has been read already.

    Returns
    -------
    FlagResult

    Raises
    ------
    GateError
        If the champion has no valid sign-off for this list size on this day, or other lists were already published
        for the date.
    DataError
        If the tables fail a check, or no school has submitted attendance for the week.

    Notes
    -----
    Run twice on the same data it leaves the same bytes. Nothing is written before every list is complete.
    """
    try:
        day = pd.Timestamp(as_of).normalize()
    except ValueError as error:
        msg = f"Expected an as-of date such as 2026-11-22, got {as_of!r}."
        raise ConfigError(msg) from error
    folder = out or config.lists.out
    tell("Verifying the sign-off")
    tracker = Tracker(config.tracking.uri, config.tracking.experiment)
    document = load_document("@champion", tracker)
    record = verify_sign_off(document, capacity=config.capacity, as_of=day.date(), tracker=tracker)
    tell("Reading the district")
    district = district_of(config, district)
    freshness = compute_freshness(district, day)
    _check_fresh(freshness, day)
    tell("Scoring and ranking")
    lists = rank_students(
        document,
        district,
        as_of=day,
        capacity=config.capacity,
        earlier=earlier_lists(folder, day),
        roles=config.lists.roles,
    )
    lists = replace(lists, approved=True)
    tell("Publishing")
    target = publish(
        lists,
        folder,
        purpose=config.purpose,
        facts={
            "label": document.label,
            "model_sha256": document.sha256,
            "capacity": config.capacity,
            "sign_off": {
                "sha256": record.sha256,
                "reviewer": record.reviewer,
                "expires_on": record.expires_on.isoformat(),
            },
            "days_behind": dict(zip(freshness["school_id"], freshness["days_behind"].tolist(), strict=True)),
        },
    )
    summary = target.parent / f"summary-{day.date().isoformat()}.html"
    frames = (lists.lists, lists.not_scored, lists.resolved)
    write_weekly_summary(*frames, summary, as_of=day, purpose=config.purpose, schools=lists.schools)
    return FlagResult(lists, target, summary)


def _check_fresh(freshness: pd.DataFrame, day: pd.Timestamp) -> None:
    """Refuse a date for which no school has submitted any attendance since the week began."""
    newest = freshness["last_submitted_day"].max()
    last_day = freshness["last_school_day"].max()
    if pd.isna(newest) or (last_day - newest).days > 6:
        shown = "never" if pd.isna(newest) else newest.date().isoformat()
        msg = (
            f"Expected attendance of the week before {day.date().isoformat()} from at least one school, got the newest "
            f"submitted day {shown}; wait for the feed, or choose an earlier date."
        )
        raise DataError(msg)

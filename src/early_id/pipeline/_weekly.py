"""The Sunday night job: verify the sign-off, score, publish. The only way a list is ever written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

import early_id
from early_id.config import Config
from early_id.district import District
from early_id.exceptions import ConfigError, DataError
from early_id.flags import WeeklyLists, earlier_lists, publish, rank_students, school_files, school_year
from early_id.models import AdditiveModel
from early_id.monitoring import check_tables, compute_freshness, withheld_schools
from early_id.panel import CATALOG
from early_id.pipeline._train import Tell, district_of, label_of, silent
from early_id.reports import render_weekly_summary
from early_id.tracking import SignOff, Tracker, fingerprint, load_document, verify_sign_off

SUNDAY = 6
#: The page of counts; each school's own page has the name of its list.
SUMMARY = "summary.html"


@dataclass(frozen=True, eq=False)
class FlagResult:
    """The lists of one date and where they lie.

    Attributes
    ----------
    lists : WeeklyLists
    folder : Path
        `as_of=YYYY-MM-DD`, complete.
    summary : Path
        A page that counts, school by school, and names no student; the page of a school is beside its list.
    freshness : pandas.DataFrame
        How old each school's attendance is, see `early_id.monitoring.compute_freshness`.
    """

    lists: WeeklyLists
    folder: Path
    summary: Path
    freshness: pd.DataFrame


def weekly_flags(
    config: Config,
    *,
    as_of: str | date | pd.Timestamp,
    out: Path | None = None,
    district: District | None = None,
    tell: Tell = silent,
) -> FlagResult:
    """Publish the lists of one date with the signed model, or refuse.

    Parameters
    ----------
    config : Config
    as_of : str, date or Timestamp
        The Sunday whose week ends the lists' view; not after today.
    out : Path, optional
        Another place for the lists than the configured one.
    district : District, optional
        The configured district where it has been read already.

    Returns
    -------
    FlagResult

    Raises
    ------
    ConfigError
        If the date is no Sunday or still ahead, or the configured label is not the one the model was trained on.
    GateError
        If the champion has no valid sign-off for this list size on this day, or other lists were already published
        for the date, or lists of a later one.
    DataError
        If the tables fail a check, a table the model uses is empty, no school has submitted attendance for the week,
        or a week published before is no longer as it was published.

    Notes
    -----
    Run twice on the same data it leaves the same bytes. Nothing is written before every list is complete. A school
    whose data of this year are missing, too old or incomplete gets no list: its students are not scored, with the
    reason.
    """
    day = _sunday(as_of)
    folder = out or config.lists.out
    tell("Verifying the sign-off")
    tracker = Tracker(config.tracking.uri, config.tracking.experiment)
    document = load_document("@champion", tracker)
    record = verify_sign_off(document, capacity=config.capacity, as_of=day.date(), tracker=tracker)
    _check_label(config, document)
    tell("Reading the district")
    district = district_of(config, district)
    check_tables(district, [CATALOG[name].table for name in document.feature_names if name in CATALOG])
    freshness = compute_freshness(district, day)
    _check_fresh(freshness, day)
    tell("Scoring and ranking")
    year = school_year(district.frame("calendar"), day)
    lists = rank_students(
        document,
        district,
        as_of=day,
        capacity=config.capacity,
        earlier=earlier_lists(folder, day, since=year["day"].min()),
        roles=config.lists.roles,
        withheld=withheld_schools(district, day, max_days_behind=config.lists.max_days_behind),
    )
    lists = replace(lists, approved=True)
    tell("Publishing")
    target = publish(
        lists,
        folder,
        purpose=config.purpose,
        facts=_facts(document, record, freshness, district),
        pages=_pages(lists, freshness, config.purpose),
    )
    return FlagResult(lists, target, target / SUMMARY, freshness)


def _sunday(as_of: object) -> pd.Timestamp:
    """Read the date of a week's lists: a Sunday that is not ahead, without a time zone."""
    given = as_of.isoformat() if isinstance(as_of, date) else as_of
    day = pd.to_datetime(given, errors="coerce", format="ISO8601") if isinstance(given, str) else pd.NaT
    if not isinstance(day, pd.Timestamp) or day.tzinfo is not None:
        msg = f"Expected a Sunday such as 2026-11-22, got {as_of!r}; give the day alone, without a time zone."
        raise ConfigError(msg)
    day = day.normalize()
    today = date.today()  # noqa: DTZ011 - the local day
    if day > pd.Timestamp(today):
        msg = (
            f"Expected a Sunday up to today, {today}, got {as_of}, whose records are not there yet; wait until "
            "that Sunday, or choose the last one."
        )
        raise ConfigError(msg)
    if day.day_of_week != SUNDAY:
        near = (day + pd.Timedelta(days=SUNDAY - day.day_of_week)).date()
        msg = (
            f"Expected the Sunday that ends the week, got {day.date()}, a {day.day_name()}; the Sunday of that week is "
            f"{near}."
        )
        raise ConfigError(msg)
    return day


def _check_label(config: Config, document: AdditiveModel) -> None:
    """Refuse a configuration that asks for another outcome than the one the signed model predicts."""
    trained = {"name": document.label, **document.provenance.get("label", {})}
    asked = {name: value for name, value in vars(label_of(config)).items() if name in trained}
    if asked != trained:
        differing = ", ".join(
            f"{name} {asked.get(name)!r} instead of {value!r}"
            for name, value in trained.items()
            if asked.get(name) != value
        )
        msg = (
            f"Expected the label the signed model was trained on, got {differing}; correct the label in the "
            "configuration, or train, audit and sign a model for it."
        )
        raise ConfigError(msg)


def _facts(
    document: AdditiveModel, record: SignOff, freshness: pd.DataFrame, district: District
) -> dict[str, Any]:
    """Collect what the manifest says of the model, its sign-off and the data; nothing about the time of writing."""
    behind = [None if pd.isna(days) else int(days) for days in freshness["days_behind"]]
    return {
        "library_version": early_id.__version__,
        "label": document.label,
        "model_sha256": document.sha256,
        "capacity": record.capacity,
        "sign_off": {
            "sha256": record.sha256,
            "reviewer": record.reviewer,
            "signed_on": record.signed_on.isoformat(),
            "expires_on": record.expires_on.isoformat(),
            "exceptions": [
                {"group": e.group, "reason": e.reason, "expires_on": e.expires_on.isoformat()}
                for e in record.exceptions
            ],
            "acknowledged": [{"group": a.group, "reason": a.reason} for a in record.acknowledged],
        },
        "days_behind": dict(zip(freshness["school_id"], behind, strict=True)),
        "data_until": district.data_until.isoformat(),
        "data": {name: _fingerprint(district, name) for name in sorted(district.signals.rows)},
    }


def _fingerprint(district: District, table: str) -> dict[str, Any]:
    """Tell one table of these data from another version of it; one at a time, since a county's are large."""
    found = fingerprint({table: district.frame(table)})[table]
    return {"rows": found["rows"], "sha256": found["sha256"]}


def _pages(lists: WeeklyLists, freshness: pd.DataFrame, purpose: str) -> dict[str, str]:
    """Draw a page of counts, and for each school the page its own team may see."""
    schools = lists.schools.merge(freshness[["school_id", "days_behind"]], on="school_id", how="left")
    pages = {}
    for school, stem in school_files(schools["school_id"]).items():
        own = [
            frame[frame["school_id"] == school] for frame in (lists.lists, lists.not_scored, lists.resolved)
        ]
        row = schools[schools["school_id"] == school]
        pages[f"{stem}.html"] = render_weekly_summary(*own, as_of=lists.as_of, purpose=purpose, schools=row)
    frames = (lists.lists, lists.not_scored, lists.resolved)
    pages[SUMMARY] = render_weekly_summary(
        *frames, as_of=lists.as_of, purpose=purpose, schools=schools, students=False
    )
    return pages


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

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
from early_id.flags import WeeklyLists, earlier_lists, publish, rank_students, school_files, school_year
from early_id.models import AdditiveModel
from early_id.monitoring import check_tables, compute_freshness, withheld_schools
from early_id.panel import CATALOG
from early_id.pipeline._allowed import check_begun, check_fresh, check_label, sunday
from early_id.pipeline._tracker import tracker_of
from early_id.pipeline._train import Tell, check_capacity, district_of, silent
from early_id.reports import render_weekly_summary
from early_id.tracking import SignOff, fingerprint, load_document, verify_sign_off

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
    day = sunday(as_of)
    folder = out or config.lists.out
    tell("Verifying the sign-off")
    tracker = tracker_of(config)
    document = load_document("@champion", tracker)
    record = verify_sign_off(document, capacity=config.capacity, as_of=day.date(), tracker=tracker)
    check_label(config, document)
    tell("Reading the district")
    district = district_of(config, district)
    check_capacity(config, district)
    check_begun(district, day)
    check_tables(district, [CATALOG[name].table for name in document.feature_names if name in CATALOG])
    freshness = compute_freshness(district, day)
    check_fresh(freshness, day)
    tell("Scoring and ranking")
    year = school_year(district.frame("calendar"), day)
    lists = rank_students(
        document,
        district,
        as_of=day,
        capacity=config.capacity,
        earlier=earlier_lists(folder, day, since=year["day"].min()),
        roles=config.lists.roles,
        held_back=config.lists.held_back,
        language=config.lists.language,
        withheld=withheld_schools(district, day, max_days_behind=config.lists.max_days_behind),
    )
    lists = replace(lists, approved=True)
    tell("Publishing")
    target = publish(
        lists,
        folder,
        purpose=config.purpose,
        facts=_facts(document, record, freshness, district),
        pages=_pages(lists, freshness, config),
    )
    return FlagResult(lists, target, target / SUMMARY, freshness)


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


def _pages(lists: WeeklyLists, freshness: pd.DataFrame, config: Config) -> dict[str, str]:
    """Draw a page of counts, and for each school the page its own team may see."""
    purpose, language = config.purpose, config.lists.language
    schools = lists.schools.merge(freshness[["school_id", "days_behind"]], on="school_id", how="left")
    pages = {}
    for school, stem in school_files(schools["school_id"]).items():
        own = [
            frame[frame["school_id"] == school] for frame in (lists.lists, lists.not_scored, lists.resolved)
        ]
        row = schools[schools["school_id"] == school]
        pages[f"{stem}.html"] = render_weekly_summary(
            *own, as_of=lists.as_of, purpose=purpose, schools=row, language=language
        )
    frames = (lists.lists, lists.not_scored, lists.resolved)
    pages[SUMMARY] = render_weekly_summary(
        *frames, as_of=lists.as_of, purpose=purpose, schools=schools, students=False
    )
    return pages

"""The weekly summary: how many are listed where, what changed, who has no score, and each school's students."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from early_id.config import Language
from early_id.exceptions import DataError, examples
from early_id.reports._page import render, write_page

if TYPE_CHECKING:
    from pathlib import Path

LIST_COLUMNS = (
    "school_id",
    "student_id",
    "rank",
    "tier",
    "status",
    "weeks_listed",
    "reason_1",
    "reason_2",
    "reason_3",
    "strength",
    "suggested_role",
    "continuity_adult",
)
PURPOSE = "Outreach by the school's mental-health and wellness team to students on the list; no other use."
TIERS = {"first": "first half of the list", "next": "second half of the list"}


def render_weekly_summary(
    lists: pd.DataFrame,
    not_scored: pd.DataFrame,
    resolved: pd.DataFrame,
    *,
    as_of: pd.Timestamp | str,
    purpose: str = PURPOSE,
    schools: pd.DataFrame | None = None,
    students: bool = True,
    language: Language = "en",
) -> str:
    """Draw the page a team opens on Monday.

    Parameters
    ----------
    lists : DataFrame
        Weekly list rows: school_id, student_id, rank, tier, status, weeks_listed, reason_1 … reason_3, strength,
        suggested_role, continuity_adult.
    not_scored, resolved : DataFrame
        school_id, student_id, reason: who has no score, and who left the list.
    as_of : Timestamp or str
        The Sunday the lists are made for.
    purpose : str
        The purpose printed at the top.
    schools : DataFrame, optional
        school_id, school_name of every school, so that one without a list is named and not skipped; with days_behind
        the page also says how old each school's attendance is (missing: no calendar of this school year).
    students : bool
        False counts and names no student.
    language : {"en", "es"}
        In which the reasons and strengths are written, so that a screen reader reads them so.

    Returns
    -------
    str
        HTML; equal tables give equal text.

    Raises
    ------
    DataError
        If a table lacks a column.

    Examples
    --------
    >>> nobody = pd.DataFrame(columns=list(LIST_COLUMNS))
    >>> without = pd.DataFrame({"school_id": ["01"], "student_id": ["7"], "reason": ["no attendance submitted"]})
    >>> "no attendance submitted" in render_weekly_summary(nobody, without, without[:0], as_of="2026-11-22")
    True
    """
    _check(lists, LIST_COLUMNS, "lists")
    for frame, name in ((not_scored, "not_scored"), (resolved, "resolved")):
        _check(frame, ("school_id", "student_id", "reason"), name)
    names = _names(schools, lists, not_scored, resolved)
    return render(
        "weekly.html.j2",
        {
            "as_of": pd.Timestamp(as_of).date().isoformat(),
            "purpose": purpose,
            "named": students,
            "language": language,
            "behind": _behind(schools),
            "schools": _schools(lists, not_scored, resolved, names),
            "total": {
                "listed": len(lists),
                "new": int((lists["status"] == "new").sum()),
                "returned": int((lists["status"] == "returned").sum()),
                "resolved": len(resolved),
                "not_scored": len(not_scored),
            },
            "reasons": _reasons(not_scored, names),
            "left": _reasons(resolved, names),
        },
    )


def write_weekly_summary(
    lists: pd.DataFrame,
    not_scored: pd.DataFrame,
    resolved: pd.DataFrame,
    path: str | Path,
    *,
    as_of: pd.Timestamp | str,
    purpose: str = PURPOSE,
    schools: pd.DataFrame | None = None,
) -> Path:
    """Write the page of `render_weekly_summary` to a file, whole or not at all; its folder must exist.

    Raises
    ------
    DataError
        If a table lacks a column.
    ConfigError
        If the folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> nobody = pd.DataFrame(columns=list(LIST_COLUMNS))
    >>> gone = pd.DataFrame(columns=["school_id", "student_id", "reason"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_weekly_summary(nobody, gone, gone, f"{folder}/w.html", as_of="2026-11-22").name
    'w.html'
    """
    html = render_weekly_summary(lists, not_scored, resolved, as_of=as_of, purpose=purpose, schools=schools)
    return write_page(html, path)


def _behind(schools: pd.DataFrame | None) -> dict[str, str]:
    """Say how old each school's attendance is, where that is known."""
    if schools is None or "days_behind" not in schools:
        return {}
    return {
        str(name): "no calendar" if pd.isna(days) else str(days)
        for name, days in zip(schools["school_id"], schools["days_behind"], strict=True)
    }


def _check(frame: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        msg = f"the table {name} of a weekly summary must have the column {examples(missing)}; pass it as published."
        raise DataError(msg)


def _names(schools: pd.DataFrame | None, *frames: pd.DataFrame) -> dict[str, str]:
    """Every school that is known or occurs, with what it is called."""
    if schools is not None:
        _check(schools, ("school_id", "school_name"), "schools")
        named = dict(zip(schools["school_id"].astype(str), schools["school_name"].astype(str), strict=True))
    else:
        named = {}
    found = {str(school): str(school) for frame in frames for school in frame["school_id"]}
    return dict(sorted({**found, **named}.items()))


def _schools(
    lists: pd.DataFrame, not_scored: pd.DataFrame, resolved: pd.DataFrame, names: dict[str, str]
) -> list[dict[str, Any]]:
    pages = []
    for place, (school, name) in enumerate(names.items(), start=1):
        own = lists.loc[lists["school_id"] == school]
        own = own.assign(old=own["status"] != "new").sort_values(["old", "rank"], kind="stable")
        pages.append(
            {
                "place": place,
                "id": school,
                "name": name,
                "students": [_student(row) for row in own.to_dict("records")],
                "new": int((own["status"] == "new").sum()),
                "returned": int((own["status"] == "returned").sum()),
                "resolved": int((resolved["school_id"] == school).sum()),
                "not_scored": int((not_scored["school_id"] == school).sum()),
            }
        )
    return pages


def _student(row: dict[Any, Any]) -> dict[str, Any]:
    adult = row["continuity_adult"]
    role = row["suggested_role"]
    reasons = [row[name] for name in ("reason_1", "reason_2", "reason_3")]
    return {
        **row,
        "weeks_listed": int(row["weeks_listed"]),
        "tier_words": TIERS.get(row["tier"], row["tier"]),
        "reasons": [reason for reason in reasons if pd.notna(reason) and reason],
        "continuity_adult": adult if pd.notna(adult) else "",
        "suggested_role": role if pd.notna(role) else "",
    }


def _reasons(frame: pd.DataFrame, names: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    for reason, rows in frame.groupby("reason", sort=True):
        schools = sorted({names[str(school)] for school in rows["school_id"]})
        found.append({"reason": reason, "students": len(rows), "schools": ", ".join(schools)})
    return found

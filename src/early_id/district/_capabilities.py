"""What a district's data can support, in words, and how fresh each school's attendance is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from early_id.district._district import District


def freshness(district: District) -> pd.DataFrame:
    """Say for every school when it last submitted attendance.

    Returns
    -------
    pandas.DataFrame
        school_id, last_submitted (day; missing = never), school_days_since (school days after it up to the
        newest day any school submitted; missing = never submitted), sorted by school_id.
    """
    schools = district.frame("schools")[["school_id"]].sort_values("school_id", ignore_index=True)
    feed = district.frame("attendance_feed")
    calendar = district.frame("calendar")
    last = feed.groupby("school_id")["day"].max().rename("last_submitted")
    frame = schools.merge(last.reset_index(), on="school_id", how="left")
    due = calendar[calendar["day"] <= feed["day"].max()].merge(frame, on="school_id")
    since = due[due["day"] > due["last_submitted"]].groupby("school_id").size()
    behind = since.reindex(frame["school_id"], fill_value=0).reset_index(drop=True)
    return frame.assign(school_days_since=behind.where(frame["last_submitted"].notna()).astype("Int64"))


def capabilities(district: District) -> dict[str, Any]:
    """Say which labels and features the data supports, how often, and how much of its timing is assumed.

    Returns
    -------
    dict
        labels, features (name to "yes: ..." or "no: ..."), cadence, groups (attributes for the audit),
        known_at_imputed (table to share of rows).
    """
    (counts,) = district.signals.connection.con.sql(_COUNTS).to_arrow_table().to_pylist()
    return {
        "labels": _labels(district, counts),
        "features": _features(district, counts["enrolled_years"]),
        "cadence": _cadence(district),
        "groups": sorted(district.groups["attribute"].dropna().unique().tolist()),
        "known_at_imputed": {name: round(share, 6) for name, share in district.signals.imputed.items()},
    }


# A final mark counts in points or as a letter; the label suspension is read from incidents, an absence does not say
# what led to it.
_COUNTS = """
    SELECT (SELECT count(DISTINCT school_year) FROM calendar) AS years,
        (SELECT count(DISTINCT school_year) FROM enrollments) AS enrolled_years,
        (SELECT count(*) FROM grades WHERE kind = 'final' AND core
            AND (hundredths IS NOT NULL OR regexp_matches(mark, '^[A-Fa-f][+-]?$'))) AS final,
        (SELECT count(*) FROM incidents WHERE suspension_days > 0) AS suspended,
        (SELECT count(*) FROM absences WHERE kind = 'suspension_out') AS in_absences
"""


def _labels(district: District, counts: Mapping[str, int]) -> dict[str, str]:
    signals = district.signals
    missing = [name for name in ("calendar", "attendance_feed", "absences") if not signals.has(name)]
    years, final, suspended, in_absences = (
        counts[name] for name in ("years", "final", "suspended", "in_absences")
    )
    why_not = "no incidents with suspension days"
    if in_absences:
        why_not += f"; {in_absences} absences of kind suspension_out do not tell of the incident"
    labels = {
        "chronic_absence": _answer(not missing, f"{years} school years", f"no rows in {', '.join(missing)}"),
        "course_failure": _answer(final > 0, f"{final} final marks", "no final marks in core courses"),
        "suspension": _answer(suspended > 0, f"{suspended} incidents", why_not),
    }
    outcomes = signals.connection.con.sql(
        "FROM outcomes SELECT outcome, count(*) GROUP BY outcome ORDER BY outcome"
    )
    return labels | {f"outcome:{name}": f"yes: {rows} rows" for name, rows in outcomes.fetchall()}


def _features(district: District, years: int) -> dict[str, str]:
    rows = district.signals.rows
    moves = f"{rows['enrollments']} enrollments"
    feed = rows["attendance_feed"]
    return {
        "attendance": _answer(feed > 0, f"{feed} submitted school days", "no rows in attendance_feed"),
        "grades": _answer(rows["grades"] > 0, f"{rows['grades']} marks", "no rows in grades"),
        "discipline": _answer(
            rows["incidents"] > 0, f"{rows['incidents']} incidents", "no rows in incidents"
        ),
        "mobility": _answer(rows["enrollments"] > 0, moves, "no rows in enrollments"),
        "prior_year": _answer(years > 1, f"{years} school years", f"only {years} school year"),
    }


def _cadence(district: District) -> str:
    dated: Mapping[str, str] = {"attendance_feed": "attendance", "grades": "marks", "incidents": "incidents"}
    arriving = [word for name, word in dated.items() if district.signals.has(name)]
    if not district.signals.has("calendar"):
        missing = "no calendar" if "attendance" in arriving else "no calendar and no daily attendance"
        return f"only yearly, no weekly list: there is {missing}; merge with a daily source"
    if not arriving:
        return "nothing arrives during the year: lists can only rest on enrollments"
    return f"weekly, from {', '.join(arriving)}"


def _answer(supported: bool, evidence: str, reason: str) -> str:
    return f"yes: {evidence}" if supported else f"no: {reason}"

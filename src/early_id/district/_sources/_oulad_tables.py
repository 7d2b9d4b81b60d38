"""What the files of the Open University Learning Analytics Dataset mean as canonical tables."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

#: Protected attributes of studentInfo.
ATTRIBUTES = ("gender", "age_band", "imd_band", "disability", "region", "highest_education")
#: Results that count as the outcome `unsuccessful`.
UNSUCCESSFUL = ("Fail", "Withdrawn")
_FIRST_MONTH = {"B": "02", "J": "10"}
_COURSE = ["code_module", "code_presentation"]


@dataclass(frozen=True)
class Oulad:
    """The kept rows of every file, typed, each with `line`; days are whole numbers from the start."""

    courses: pd.DataFrame
    assessments: pd.DataFrame
    registrations: pd.DataFrame
    info: pd.DataFrame
    submissions: pd.DataFrame
    clicks: pd.DataFrame | None = None


def courses_by_day(courses: pd.DataFrame) -> pd.DataFrame:
    """Give every module presentation its school_id, its school year (YYYYMM of the start) and its days.

    Day 0 is the first of the month, a convention: the true day is not published. Presentations overlap in
    time, so each is a school year of its own.
    """
    start = courses["code_presentation"].str[:4] + courses["code_presentation"].str[-1].map(_FIRST_MONTH)
    day0 = pd.to_datetime(start, format="%Y%m").astype("datetime64[us]")
    return courses.assign(
        school_id=courses["code_module"] + "-" + courses["code_presentation"],
        school_year=start.astype("int64"),
        day0=day0,
        end=_on(day0, courses["module_presentation_length"]),
    )


def spells(data: Oulad, courses: pd.DataFrame) -> pd.DataFrame:
    """Registrations with real days: `registered`, and `unregistered` (missing = stayed)."""
    joined = data.registrations.merge(courses.drop(columns="line"), on=_COURSE)
    return joined.assign(
        registered=_on(joined["day0"], joined["date_registration"]),
        unregistered=_on(joined["day0"], joined["date_unregistration"]),
    )


def schools(courses: pd.DataFrame) -> pd.DataFrame:
    """Every module presentation as a school, its module as the district."""
    return pd.DataFrame(
        {
            "school_id": courses["school_id"],
            "school_name": courses["school_id"],
            "district_id": courses["code_module"],
            "district_name": courses["code_module"],
            "line": courses["line"],
        }
    )


def calendar(courses: pd.DataFrame) -> pd.DataFrame:
    """Every day of the week from day 0 to day 0 plus the length of the presentation, a convention.

    A distance course has no weekend: with every day in the calendar, whoever is enrolled at the end of day d is exactly
    whoever registered on or before day d and did not unregister on or before it, and day d is school day d + 1.
    """
    days = [
        pd.DataFrame({"day": pd.date_range(day0, end, unit="us"), "school_id": school})
        for school, day0, end in zip(courses["school_id"], courses["day0"], courses["end"], strict=True)
    ]
    about = courses[["school_id", "school_year", "code_presentation", "line"]]
    return pd.concat(days).merge(about, on="school_id").rename(columns={"code_presentation": "term"})


def enrollments(spell: pd.DataFrame) -> pd.DataFrame:
    """Registrations as enrollments; unregistration is a correction that becomes known on its day.

    Whoever unregisters on the day of registration, or before, was never there: that row is never visible. No
    enrollment is primary: who takes two modules at once belongs to both.
    """
    opened = pd.DataFrame(
        {
            "student_id": spell["id_student"],
            "school_id": spell["school_id"],
            "entered_on": spell["registered"],
            "school_year": spell["school_year"],
            "primary": False,
            "known_at": spell["registered"],
            "retracted_at": spell["unregistered"].where(
                ~(spell["unregistered"] < spell["registered"]), spell["registered"]
            ),
            "line": spell["line"],
        }
    )
    left = spell["unregistered"] > spell["registered"]
    # Of those who left only: to a frame without rows a longer column would add some.
    on = spell.loc[left, "unregistered"]
    closed = (
        opened[left]
        .drop(columns="retracted_at")
        .assign(left_on=on - pd.Timedelta(days=1), exit_reason="unregistered", known_at=on)
    )
    return pd.concat([opened, closed], ignore_index=True)


def submitted(data: Oulad, spell: pd.DataFrame, mark_lag_days: int) -> pd.DataFrame:
    """Work handed in, as grades known on the day of submission.

    With a lag for marking, the work is first known without its score, and the score follows as a correction.
    """
    work = data.submissions.merge(data.assessments.drop(columns="line"), on="id_assessment").merge(
        spell[["id_student", *_COURSE, "school_id", "day0"]], on=["id_student", *_COURSE]
    )
    # Work handed in before the first day counts on the first day: before it there is no school year to count it in.
    day = _on(work["day0"], work["date_submitted"].clip(lower=0))
    points = (work["score"] * 100).round().astype("Int64")
    # Work that is in and has no score is not the same as work nobody knows of.
    rows = _grade_columns(work).assign(
        hundredths=points,
        mark=pd.Series("submitted", work.index).where(points.isna()),
        assessed_on=day,
        known_at=day,
    )
    if mark_lag_days == 0:
        return rows
    marked_on = day + pd.Timedelta(days=mark_lag_days)
    unmarked = rows[rows["hundredths"].notna()].drop(columns="hundredths")
    unmarked = unmarked.assign(mark="submitted", retracted_at=marked_on)
    known = rows["known_at"].where(rows["hundredths"].isna(), marked_on)
    return pd.concat([unmarked, rows.assign(known_at=known)], ignore_index=True)


def missing(data: Oulad, spell: pd.DataFrame, banked: pd.DataFrame) -> pd.DataFrame:
    """Work not handed in on its due day by a student registered on that day, taken back when it is handed in.

    A result carried over from an earlier presentation is not missing work.
    """
    due = data.assessments.drop(columns="line").dropna(subset="date")
    expected = spell.merge(due, on=_COURSE)
    due_on = _on(expected["day0"], expected["date"])
    there = (expected["registered"] <= due_on) & ~(expected["unregistered"] <= due_on)
    key = ["id_assessment", "id_student"]
    expected = expected[there].merge(data.submissions[[*key, "date_submitted"]], on=key, how="left")
    carried = expected[key].merge(banked[key].assign(_carried=True), on=key, how="left")["_carried"].notna()
    late = ~(expected["date_submitted"] <= expected["date"]) & ~carried
    absent = expected[late]
    due_on = _on(absent["day0"], absent["date"])
    return _grade_columns(absent).assign(
        mark="missing",
        assessed_on=due_on,
        known_at=due_on,
        retracted_at=_on(absent["day0"], absent["date_submitted"]),
    )


def outcomes(data: Oulad, spell: pd.DataFrame) -> pd.DataFrame:
    """Whether a registration ended unsuccessfully, known on the day of withdrawal or at the end."""
    ended = data.info.drop(columns=["code_module", "code_presentation"]).assign(
        school_id=data.info["code_module"] + "-" + data.info["code_presentation"]
    )
    ended = ended.merge(
        spell[["id_student", "school_id", "unregistered", "end"]], on=["id_student", "school_id"]
    )
    withdrew = (ended["final_result"] == "Withdrawn") & ended["unregistered"].notna()
    # Who withdraws after the last day is known not to have finished on the last day already.
    day = ended["unregistered"].where(withdrew & (ended["unregistered"] <= ended["end"]), ended["end"])
    return pd.DataFrame(
        {
            "student_id": ended["id_student"],
            "school_id": ended["school_id"],
            "outcome": "unsuccessful",
            "occurred_on": day,
            "value": ended["final_result"].isin(UNSUCCESSFUL).map({True: "yes", False: "no"}),
            "known_at": day,
            "line": ended["line"],
        }
    )


def groups(data: Oulad, spell: pd.DataFrame) -> pd.DataFrame:
    """Protected attributes over time.

    A value holds from registration, or from day 0 if that is earlier, until it changes.
    """
    about = data.info.merge(
        spell[["id_student", *_COURSE, "registered", "day0"]], on=["id_student", *_COURSE]
    )
    about = about.assign(
        imd_band=about["imd_band"].str.replace(r"^(\d+-\d+)$", r"\1%", regex=True),
        valid_from=about[["registered", "day0"]].min(axis=1),
    )
    long = (
        about.rename(columns={"id_student": "student_id"})
        .melt(
            id_vars=["student_id", "valid_from", "day0", "line"],
            value_vars=list(ATTRIBUTES),
            var_name="attribute",
        )
        .dropna(subset="value")
    )
    who = ["student_id", "attribute"]
    order = [*who, "valid_from", "day0", "line"]
    long = long.sort_values(order).drop_duplicates([*who, "valid_from"], keep="last")
    changed = long["value"] != long.groupby(who)["value"].shift()
    runs: pd.DataFrame = long[changed]
    valid_to = runs.groupby(who)["valid_from"].shift(-1) - pd.Timedelta(days=1)
    return runs.assign(valid_to=valid_to).drop(columns=["day0"])


def attendance_feed(clicks: pd.DataFrame, courses: pd.DataFrame) -> pd.DataFrame:
    """Days up to the last click of anybody in the presentation: so long the click-stream was running."""
    last = clicks.groupby(_COURSE, as_index=False).agg(last=("date", "max"))
    days = (
        calendar(courses)
        .merge(courses.drop(columns=["line", "school_year"]), on="school_id")
        .merge(last, on=_COURSE)
    )
    ran = days[days["day"] <= _on(days["day0"], days["last"])]
    return ran[["school_id", "day", "line"]].assign(known_at=ran["day"])


def absences(clicks: pd.DataFrame, spell: pd.DataFrame, feed: pd.DataFrame) -> pd.DataFrame:
    """Days without a click of a registered student, each one whole unexcused day known that evening."""
    days = spell[["id_student", "school_id", "registered", "unregistered", "line"]].merge(
        feed[["school_id", "day"]], on="school_id"
    )
    days = days[(days["day"] >= days["registered"]) & ~(days["day"] >= days["unregistered"])]
    seen = clicks.merge(spell[["id_student", *_COURSE, "school_id", "day0"]], on=["id_student", *_COURSE])
    seen = seen.assign(day=_on(seen["day0"], seen["date"]), seen=True)
    key = ["id_student", "school_id", "day"]
    away = days.merge(seen[[*key, "seen"]].drop_duplicates(key), on=key, how="left")
    away = away[away["seen"].isna()]
    return pd.DataFrame(
        {
            "student_id": away["id_student"],
            "school_id": away["school_id"],
            "occurred_on": away["day"],
            "kind": "unexcused",
            "thousandths": 1000,
            "known_at": away["day"],
            "line": away["line"],
        }
    )


def counted_clicks(clicks: pd.DataFrame, spell: pd.DataFrame, courses: pd.DataFrame) -> pd.DataFrame:
    """Say of every click whether it is on a day of the presentation, and by somebody registered then."""
    dated = (
        clicks[[*_COURSE, "id_student", "date"]]
        .merge(
            spell[["id_student", *_COURSE, "registered", "unregistered"]],
            on=["id_student", *_COURSE],
            how="left",
        )
        .merge(courses[[*_COURSE, "day0", "end"]], on=_COURSE, how="left")
    )
    day = _on(dated["day0"], dated["date"])
    during = (day >= dated["day0"]) & (day <= dated["end"])
    there = (day >= dated["registered"]) & ~(day >= dated["unregistered"])
    return pd.DataFrame({"during": during.to_numpy(), "there": there.to_numpy()}, index=clicks.index)


def _grade_columns(work: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "student_id": work["id_student"],
            "course_id": work["school_id"],
            "assessment_id": work["id_assessment"],
            "school_id": work["school_id"],
            "term": work["code_presentation"],
            "kind": "assignment",
            "weight": (work["weight"] * 100).round().astype("Int64"),
            "due_on": _on(work["day0"], work["date"]),
            "subject": work["code_module"],
            "core": True,
            "line": work["line"],
        }
    )


def _on(day0: pd.Series, days: pd.Series) -> pd.Series:
    """Day 0 plus a number of days; missing stays missing."""
    return (day0 + pd.to_timedelta(days, unit="D")).astype("datetime64[us]")

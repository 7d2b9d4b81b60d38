"""Small random districts: everything that can go wrong with time, in a few hundred rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

DAY = pd.Timedelta(days=1)
KINDS = ["excused", "unexcused", "suspension_out", "suspension_in", "tardy", "partial"]
BLOCKED = ["2023-12-25", "2024-02-12"]


def _calendar(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for school, shift in (("01", 0), ("02", 2)):
        for year in (2024, 2025):
            first = pd.Timestamp(f"{year - 1}-09-02") + shift * DAY
            days = pd.bdate_range(first, periods=45)
            days = days[rng.random(len(days)) > 0.08]
            half = len(days) // 2
            rows += [
                {
                    "school_id": school,
                    "day": day,
                    "school_year": year,
                    "term": f"{year}-T{1 if i < half else 2}",
                }
                for i, day in enumerate(days)
            ]
    return pd.DataFrame(rows)


def _enrollments(rng: np.random.Generator, calendar: pd.DataFrame, students: int) -> pd.DataFrame:
    rows = []
    for number in range(students):
        student = f"s{number:02d}"
        for year in (2024, 2025):
            if rng.random() < 0.1:
                continue
            school = rng.choice(["01", "02"])
            days = calendar[(calendar.school_id == school) & (calendar.school_year == year)].day.to_list()
            start = days[0] if rng.random() < 0.7 else days[int(rng.integers(1, 20))]
            base = {
                "student_id": student,
                "school_year": year,
                "grade_level": int(rng.integers(0, 12)),
                "primary": True,
            }
            row = {**base, "school_id": school, "entered_on": start, "left_on": pd.NaT,
                   "known_at": start + int(rng.integers(0, 4)) * DAY, "retracted_at": pd.NaT}  # fmt: skip
            if rng.random() < 0.35:
                left = days[int(rng.integers(21, len(days) - 2))]
                learned = left + int(rng.integers(0, 9)) * DAY
                rows.append({**row, "retracted_at": max(learned, row["known_at"] + DAY)})
                rows.append({**row, "left_on": left, "known_at": max(learned, row["known_at"] + DAY)})
                if rng.random() < 0.7:
                    other = "02" if school == "01" else "01"
                    entered = left + int(rng.integers(1, 4)) * DAY
                    rows.append({**row, "school_id": other, "entered_on": entered,
                                 "known_at": entered + int(rng.integers(0, 4)) * DAY})  # fmt: skip
            else:
                rows.append(row)
            if rng.random() < 0.2:
                other = "02" if school == "01" else "01"
                rows.append({**row, "school_id": other, "primary": False, "entered_on": start + 5 * DAY})
    return pd.DataFrame(rows).drop_duplicates(["student_id", "school_id", "entered_on", "known_at"])


def _versions(rng: np.random.Generator, row: dict, occurred: pd.Timestamp, changed: dict) -> list[dict]:
    """A record, sometimes late, sometimes corrected or withdrawn."""
    known = occurred + int(rng.choice([0, 1, 3, 12], p=[0.5, 0.3, 0.15, 0.05])) * DAY
    row = {**row, "known_at": known, "retracted_at": pd.NaT}
    if rng.random() < 0.15:
        later = known + int(rng.integers(1, 15)) * DAY
        first = {**row, "retracted_at": later}
        return [first] if rng.random() < 0.3 else [first, {**row, **changed, "known_at": later}]
    return [row]


def _runs(rng: np.random.Generator, spell, days: pd.Series, taken: set) -> list[dict]:
    """Days absent in a row, one stretch in the middle and one up to the end of the stay, on days without a record."""
    rows = []
    for share in (rng.random(), 1 - 0.1 * rng.random()):
        first = int(share * len(days))
        if rng.random() < 0.4:
            for day in days.iloc[first : first + int(rng.integers(2, 9))]:
                row = {"student_id": spell.student_id, "school_id": spell.school_id, "occurred_on": day,
                       "kind": str(rng.choice(["excused", "unexcused"])), "thousandths": 1000}  # fmt: skip
                if day not in taken:
                    rows += _versions(rng, row, day, {"kind": "tardy"})
                    taken.add(day)
    return rows


def _club(rng: np.random.Generator, spell, days: pd.Series) -> list[dict]:
    """Marks in courses that few or no others attend, on work of any day of the week, some of it late."""
    rows = []
    courses = ["choir", f"project {spell.student_id}"] if rng.random() < 0.5 else []
    for number, day in enumerate(days[rng.random(len(days)) < 0.1] if courses else []):
        done = day + int(rng.choice([-1, 0, 2, 5])) * DAY
        row = {"student_id": spell.student_id, "school_id": spell.school_id, "course_id": str(rng.choice(courses)),
               "kind": "assignment", "assessment_id": f"club-{spell.school_year}-{spell.school_id}-{number}", "core": False,
               "term": f"{spell.school_year}-T1", "due_on": day, "assessed_on": done, "subject": "music", "mark": None,
               "hundredths": int(rng.integers(5000, 10001))}  # fmt: skip
        rows += _versions(rng, row, done, {"hundredths": 7000})
    return rows


def _totals(rng: np.random.Generator, calendar: pd.DataFrame, enrollments: pd.DataFrame) -> list[dict]:
    """Totals of the year before every school year, of some students, at one or both schools, some known late."""
    rows = []
    for year, days in calendar.groupby("school_year"):
        for student in enrollments.student_id.unique():
            for school in ("01", "02"):
                if rng.random() < 0.5:
                    continue
                expected = int(rng.integers(0, 40))
                excused, unexcused, out, undone = rng.multinomial(
                    int(expected * rng.random()), [0.4, 0.3, 0.1, 0.2]
                )
                ended = days.day.min() - 30 * DAY
                row = {"student_id": student, "school_id": school, "school_year": year - 1, "ended_on": ended,
                       "expected_days": expected, "excused_days": int(excused), "unexcused_days": int(unexcused),
                       "suspension_out_days": int(out), "suspension_in_days": None,
                       "incomplete_study_days": int(undone) if rng.random() < 0.5 else None}  # fmt: skip
                late = ended + int(rng.integers(0, 50)) * DAY
                rows += _versions(rng, row, late, {"excused_days": 0})
    return rows


def small_district(seed: int, students: int = 12) -> dict[str, pd.DataFrame]:
    """Two schools, two short school years, every canonical table a feature or a label reads."""
    rng, more = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    calendar = _calendar(rng)
    enrollments = _enrollments(rng, calendar, students)
    feed = [
        {
            "school_id": row.school_id,
            "day": row.day,
            "known_at": row.day + int(rng.choice([0, 1, 6], p=[0.7, 0.2, 0.1])) * DAY,
        }
        for row in calendar.itertuples()
        if rng.random() > 0.03
    ]
    absences, grades, incidents = [], [], []
    final = enrollments[enrollments.retracted_at.isna()]
    for spell in final.itertuples():
        days = calendar[(calendar.school_id == spell.school_id) & (calendar.school_year == spell.school_year)]
        days = days[(days.day >= spell.entered_on) & (pd.isna(spell.left_on) | (days.day <= spell.left_on))]
        where = {"student_id": spell.student_id, "school_id": spell.school_id}
        rate = rng.beta(1, 4)
        for day in days.day[rng.random(len(days)) < rate]:
            kind = str(rng.choice(KINDS, p=[0.35, 0.35, 0.05, 0.05, 0.1, 0.1]))
            part = kind == "partial" or rng.random() < 0.1
            row = {**where, "occurred_on": day, "kind": kind, "thousandths": 500 if part else 1000}
            absences += _versions(rng, row, day, {"thousandths": 250})
            if rng.random() < 0.15:  # recorded twice, under two kinds
                other = {"excused": "unexcused", "unexcused": "suspension_out"}.get(kind, "excused")
                absences += _versions(rng, {**row, "kind": other}, day, {"thousandths": 500})
        for number, day in enumerate(days.day[rng.random(len(days)) < 0.25]):
            course = str(rng.choice(["math", "ela", "art"]))
            row = {"student_id": spell.student_id, "school_id": spell.school_id, "course_id": course, "kind": "assignment",
                   "assessment_id": f"{spell.school_year}-{spell.school_id}-{number}", "core": course != "art",
                   "term": f"{spell.school_year}-T1", "due_on": day, "assessed_on": day, "subject": course}  # fmt: skip
            mark = {"hundredths": int(rng.integers(3000, 10001)), "mark": None}
            if rng.random() < 0.1:  # neither marked nor missing yet
                grades.append(
                    {**row, "hundredths": None, "mark": None, "known_at": day, "retracted_at": pd.NaT}
                )
            elif rng.random() < 0.25:
                late = day + int(rng.integers(1, 9)) * DAY
                grades.append(
                    {**row, "hundredths": None, "mark": "missing", "known_at": day, "retracted_at": late}
                )
                grades.append({**row, **mark, "assessed_on": late, "known_at": late, "retracted_at": pd.NaT})
            else:
                grades += _versions(rng, {**row, **mark}, day, {"hundredths": 9000})
        for term, part in days.groupby("term"):
            end = part.day.max()
            for course in ("math", "ela"):
                row = {"student_id": spell.student_id, "school_id": spell.school_id, "course_id": course, "kind": "final",
                       "assessment_id": f"final-{term}-{spell.school_id}", "core": True, "term": term, "due_on": pd.NaT,
                       "assessed_on": end, "subject": course, "mark": None,
                       "hundredths": int(rng.integers(4000, 10001))}  # fmt: skip
                if rng.random() < 0.3:
                    row |= {"hundredths": None, "mark": str(rng.choice(["A", "B-", "D+", "F", "incomplete"]))}
                    grades.append({**row, "known_at": end, "retracted_at": pd.NaT})
                elif rng.random() < 0.9:
                    grades += _versions(rng, row, end, {"hundredths": 5000})
        taken = {row["occurred_on"] for row in absences if row["student_id"] == spell.student_id}
        absences += _runs(more, spell, days.day, taken)
        grades += _club(more, spell, days.day)
        # The second district sends no incidents before its second year has begun.
        sends = days.day[(spell.school_id == "01") | (days.day > "2024-09-20")]
        for number, day in enumerate(sends[rng.random(len(sends)) < 0.04]):
            row = {**where, "incident_id": f"{spell.school_year}-{number}", "occurred_on": day, "behavior": "fighting",
                   "basis": str(rng.choice(["objective", "subjective"])), "suspension_days": int(rng.integers(0, 4)),
                   "expelled": False}  # fmt: skip
            incidents += _versions(rng, row, day, {"suspension_days": 0})
    schools = pd.DataFrame(
        {
            "school_id": ["01", "02"],
            "school_name": ["One", "Two"],
            "district_id": ["d", "e"],
            "district_name": ["D", "E"],
            "low_grade": 0,
            "high_grade": 12,
        }
    )
    tables = {
        "schools": schools, "calendar": calendar, "enrollments": enrollments, "attendance_feed": pd.DataFrame(feed),
        "absence_totals": pd.DataFrame(_totals(np.random.default_rng([seed, 2]), calendar, enrollments)),
        "absences": pd.DataFrame(absences), "grades": pd.DataFrame(grades), "incidents": pd.DataFrame(incidents),
    }  # fmt: skip
    tables["grades"]["hundredths"] = tables["grades"]["hundredths"].astype("Int64")
    for name in ("suspension_in_days", "incomplete_study_days"):
        tables["absence_totals"][name] = tables["absence_totals"][name].astype("Int64")
    return {name: frame for name, frame in tables.items() if len(frame)}

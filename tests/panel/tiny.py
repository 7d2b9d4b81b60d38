"""A district of a few students whose every record is written out, so that its features can be counted by hand.

| school | district | first school days | attendance on record |
|---|---|---|---|
| A | d | Mon 2 Sep 2024 and Mon 8 Jan 2024 | all days, but never 13 Nov; 29 Nov arrives on 3 Dec |
| B | d | Wed 4 Sep 2024 and Mon 8 Jan 2024 | all days |
| C | e | Mon 2 Sep 2024 and Mon 8 Jan 2024 | none, and no incidents |

Every weekday is a school day. The school year 2023-24 has four weeks (to 2 Feb 2024), the school year 2024-25 lasts to
6 Dec 2024. Its first term has the six weeks to 11 Oct, at B too.
"""

from __future__ import annotations

import pandas as pd

NEVER = pd.Timestamp("2024-11-13")
LATE = pd.Timestamp("2024-11-29")

#: student: stays as (school, school year, first day, last day or "")
STAYS = {
    "ann": [("A", 2024, "2024-01-08", ""), ("A", 2025, "2024-09-02", "")],
    "ben": [
        ("A", 2024, "2024-01-08", "2024-01-19"),
        ("B", 2024, "2024-01-22", ""),
        ("B", 2025, "2024-09-04", "2024-09-30"),
        ("A", 2025, "2024-10-01", ""),
    ],
    "cat": [("A", 2025, "2024-11-29", "")],
    "dan": [("C", 2024, "2024-01-08", ""), ("C", 2025, "2024-09-02", "")],
    "eve": [("A", 2025, "2024-09-02", "2024-10-25")],
    "fay": [("A", 2025, "2024-09-02", "")],
}

#: student, school, day, kind, thousandths, and known and retracted where it is not the day itself and never
EXCEPTIONS = [
    ("ann", "A", "2024-01-09", "unexcused", 1000),
    ("ann", "A", "2024-01-10", "excused", 1000),
    ("ann", "A", "2024-01-11", "tardy", 1000),
    ("ann", "A", "2024-01-12", "tardy", 1000),
    ("ann", "A", "2024-09-03", "tardy", 1000),
    ("ann", "A", "2024-09-04", "excused", 250),
    ("ann", "A", "2024-09-09", "excused", 1000),  # a Monday
    ("ann", "A", "2024-09-10", "excused", 1000),
    ("ann", "A", "2024-10-04", "unexcused", 1000),  # a Friday
    ("ann", "A", "2024-11-04", "excused", 1000),  # a Monday
    ("ann", "A", "2024-11-05", "tardy", 1000),
    ("ann", "A", "2024-11-06", "partial", 500),
    ("ann", "A", "2024-11-11", "excused", 1000),  # a Monday
    ("ann", "A", "2024-11-12", "unexcused", 1000),
    ("ann", "A", "2024-11-13", "unexcused", 1000),  # attendance of that day never arrives
    ("ann", "A", "2024-11-14", "unexcused", 1000),
    ("ann", "A", "2024-11-18", "tardy", 1000, "2024-11-18", "2024-11-20"),
    ("ann", "A", "2024-11-25", "excused", 1000, "2024-12-02"),
    ("ann", "A", "2024-11-26", "unexcused", 1000),
    ("ann", "A", "2024-11-27", "unexcused", 1000),
    ("ann", "A", "2024-11-28", "excused", 1000),
    ("ann", "A", "2024-11-29", "excused", 1000),  # attendance of that day is still to come
    *(("ben", "B", f"2024-09-{day}", "excused", 1000) for day in (23, 24, 25, 26, 27)),
    *(("ben", "A", day, "excused", 1000) for day in ("2024-10-28", "2024-10-29", "2024-10-30", "2024-10-31")),
    *(("ben", "A", day, "unexcused", 1000) for day in ("2024-11-01", "2024-11-04")),
    ("dan", "C", "2024-09-09", "excused", 1000),
]  # fmt: skip

#: student, course, kind, day due, day assessed, hundredths or a word, and known and retracted as above
WORK = [
    ("ann", "math", "final", "", "2024-02-02", 4000),
    ("ann", "math", "assignment", "2024-09-12", "2024-09-16", 8000),
    ("ann", "math", "final", "", "2024-10-11", 7500),
    ("ann", "ela", "final", "", "2024-10-11", 5500),
    ("ann", "math", "assignment", "2024-11-15", "2024-11-18", 9000),
    ("ann", "art", "assignment", "2024-11-19", "2024-11-19", 7000),
    ("ann", "ela", "assignment", "2024-09-05", "2024-09-05", "missing"),
    ("ann", "ela", "assignment", "2024-09-10", "2024-09-10", "missing"),
    ("ann", "ela", "assignment", "2024-11-05", "2024-11-05", "missing", "2024-11-05", "2024-11-08"),
    ("ann", "ela", "assignment", "2024-11-20", "2024-11-20", 10000, "2024-12-02"),
    ("ben", "math", "final", "", "2024-10-11", 5800),
    ("ben", "math", "assignment", "2024-10-15", "2024-10-15", 6000),
    ("ben", "math", "assignment", "2024-11-20", "2024-11-20", 6100),
    ("eve", "math", "assignment", "2024-09-10", "2024-09-10", 1000),
    ("fay", "music", "assignment", "2024-11-20", "2024-11-19", 8800),
    ("fay", "math", "final", "", "2024-10-11", "B"),
]

#: student, day, basis, days of suspension; all at school A
INCIDENTS = [
    ("ann", "2024-01-15", "objective", 3),
    ("ann", "2024-01-16", "subjective", 4),
    ("ann", "2024-09-04", "objective", 1),
    ("ann", "2024-11-12", "objective", 2),
    ("ann", "2024-11-20", "subjective", 5),
]


def _known(day: str, versions: list[str]) -> dict[str, pd.Timestamp]:
    known, retracted = [*versions, "", ""][:2]
    return {"known_at": pd.Timestamp(known or day), "retracted_at": pd.Timestamp(retracted or pd.NaT)}


def tiny_district() -> dict[str, pd.DataFrame]:
    """The tables of the district above."""
    calendar = [
        {"school_id": school, "day": day, "school_year": year, "term": "T1" if day <= first_term else "T2"}
        for school in "ABC"
        for year, first, last, first_term in (
            (2024, "2024-01-08", "2024-02-02", pd.Timestamp("2024-02-02")),
            (2025, "2024-09-04" if school == "B" else "2024-09-02", "2024-12-06", pd.Timestamp("2024-10-11")),
        )
        for day in pd.bdate_range(first, last)
    ]
    feed = [
        {"school_id": row["school_id"], "day": day, "known_at": pd.Timestamp("2024-12-03") if late else day}
        for row in calendar
        for day in (row["day"],)
        for late in (day == LATE and row["school_id"] == "A",)
        if row["school_id"] != "C" and not (day == NEVER and row["school_id"] == "A")
    ]
    enrollments = [
        {"student_id": student, "school_id": school, "school_year": year, "grade_level": 5, "primary": True,
         "entered_on": pd.Timestamp(first), "left_on": pd.Timestamp(last or pd.NaT), **_known(first, [])}
        for student, stays in STAYS.items() for school, year, first, last in stays
    ]  # fmt: skip
    absences = [
        {"student_id": student, "school_id": school, "occurred_on": pd.Timestamp(day), "kind": kind,
         "thousandths": thousandths, **_known(day, versions)}
        for student, school, day, kind, thousandths, *versions in EXCEPTIONS
    ]  # fmt: skip
    grades = [
        {"student_id": student, "school_id": "A", "course_id": course, "assessment_id": f"{number}", "kind": kind,
         "core": course in ("math", "ela"), "term": "T", "subject": course, "due_on": pd.Timestamp(due or pd.NaT),
         "assessed_on": pd.Timestamp(day), "hundredths": None if isinstance(mark, str) else mark,
         "mark": mark if isinstance(mark, str) else None, **_known(day, versions)}
        for number, (student, course, kind, due, day, mark, *versions) in enumerate(WORK)
    ]  # fmt: skip
    incidents = [
        {"student_id": student, "school_id": "A", "incident_id": f"{number}", "occurred_on": pd.Timestamp(day),
         "behavior": "fighting", "basis": basis, "suspension_days": days, "expelled": False, **_known(day, [])}
        for number, (student, day, basis, days) in enumerate(INCIDENTS)
    ]  # fmt: skip
    schools = [
        {"school_id": school, "school_name": school, "district_id": district, "district_name": district,
         "low_grade": 0, "high_grade": 12}
        for school, district in (("A", "d"), ("B", "d"), ("C", "e"))
    ]  # fmt: skip
    rows = {"schools": schools, "calendar": calendar, "enrollments": enrollments, "attendance_feed": feed,
            "absences": absences, "grades": grades, "incidents": incidents}  # fmt: skip
    tables = {name: pd.DataFrame(part) for name, part in rows.items()}
    tables["grades"]["hundredths"] = tables["grades"]["hundredths"].astype("Int64")
    return tables

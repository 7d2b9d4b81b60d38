"""A hand-made district that breaks no rule, as the text cells a folder of CSV files would hold."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

TODAY = "2024-09-30"
_DAYS = [str(day.date()) for day in pd.bdate_range("2024-09-02", "2024-09-27")]
_SUBMITTED = [day for day in _DAYS if day <= "2024-09-20"]


def _table(columns: str, *rows: str) -> pd.DataFrame:
    return pd.DataFrame([row.split("|") for row in rows], columns=columns.split("|"), dtype="str")


def small_district() -> dict[str, pd.DataFrame]:
    """Every canonical table with a few rows: leading zeros, a separator in a name, corrections, a second school."""
    schools = _table(
        "school_id|school_name|district_id|district_name|low_grade|high_grade",
        "0101|North, Upper|01|São Bento|6|8",
        "0102|South|01|São Bento|6|8",
    )
    calendar = [f"{school}|{day}|2025|Q1" for school in ("0101", "0102") for day in _DAYS]
    feed = [f"{school}|{day}|{day}" for school in ("0101", "0102") for day in _SUBMITTED]
    return {
        "schools": schools,
        "calendar": _table("school_id|day|school_year|term", *calendar),
        "enrollments": _table(
            "student_id|school_id|entered_on|school_year|grade_level|left_on|exit_reason|primary|known_at|retracted_at",
            "001|0101|2024-09-02|2025|6|||true|2024-09-02|",
            "002|0102|2024-09-02|2025|7|||yes|2024-09-02|2024-09-16",
            "002|0102|2024-09-02|2025|7|2024-09-13|moved|1|2024-09-16|",
            "002|0101|2024-09-16|2025|7|||TRUE|2024-09-16|",
            "003|0101|2024-09-02|2025|8|||true|2024-09-03|",
            "003|0102|2024-09-04|2025|8|||no|2024-09-04|",
        ),
        "absences": _table(
            "student_id|school_id|occurred_on|kind|thousandths|known_at|retracted_at",
            "001|0101|2024-09-05|unexcused|1000|2024-09-05|2024-09-09",
            "001|0101|2024-09-05|excused|1000|2024-09-09|",
            "002|0102|2024-09-10|unexcused|1000|2024-09-10|",
            "002|0101|2024-09-17|partial|250|2024-09-18|",
            "003|0101|2024-09-06|tardy|50|2024-09-06|",
        ),
        "attendance_feed": _table("school_id|day|known_at", *feed),
        "absence_totals": _table(
            "student_id|school_id|school_year|ended_on|expected_days|excused_days|unexcused_days|suspension_out_days|"
            "suspension_in_days|incomplete_study_days|known_at|retracted_at",
            "001|0101|2024|2024-08-30|175|6|2|0|0|0|2024-09-02|2024-09-09",
            "001|0101|2024|2024-08-30|175|7|2|0|0|0|2024-09-09|",
            "002|0102|2024|2024-08-30|175|0|17|1|2||2024-09-02|",
        ),
        "grades": _table(
            "student_id|course_id|assessment_id|school_id|term|kind|hundredths|mark|weight|due_on|assessed_on|subject|core|known_at|retracted_at",
            "001|M6|Q1-1|0101|Q1|assignment|8750|B|1000|2024-09-10|2024-09-10|math|true|2024-09-12|",
            "001|M6|Q1|0101|Q1|final|9000|A-|||2024-09-20|math|true|2024-09-25|",
            "002|M7|Q1-1||Q1|assignment||missing|1000|2024-09-10|2024-09-10|math|true|2024-09-10|2024-09-14",
            "002|M7|Q1-1||Q1|assignment|7000||1000|2024-09-10|2024-09-14|math|true|2024-09-14|",
        ),
        "incidents": _table(
            "student_id|school_id|incident_id|occurred_on|behavior|basis|suspension_days|expelled|known_at|retracted_at",
            "003|0101|i1|2024-09-11|fighting|objective|1|false|2024-09-12|",
            "002|0101|i2|2024-09-18|disruption|subjective|0|false|2024-09-18|",
        ),
        "outcomes": _table(
            "student_id|school_id|outcome|occurred_on|value|known_at|retracted_at",
            "002|0102|transfer|2024-09-13|yes|2024-09-16|",
            "001|0101|transfer|2024-09-13|no|2024-09-16|",
        ),
        "groups": _table(
            "student_id|attribute|value|valid_from|valid_to",
            "001|english_learner|yes|2024-09-02|2024-09-15",
            "001|english_learner|no|2024-09-16|",
            "002|gender|F|2024-09-02|",
        ),
        "supports": _table(
            "student_id|started_on|kind|tier|role|adult_id|ended_on|known_at|retracted_at",
            "001|2024-09-09|mentor|1|counselor|a7|2024-09-20|2024-09-09|",
            "002|2024-09-16|mentor|2|teacher|a8||2024-09-16|",
        ),
        "decisions": _table(
            "list_id|student_id|decided_on|decision|role|known_at|retracted_at",
            "l1|001|2024-09-16|reached_out|counselor|2024-09-16|",
            "l1|002|2024-09-16|watch|teacher|2024-09-16|",
        ),
    }


def write_csv(folder: Path, tables: dict[str, pd.DataFrame]) -> Path:
    """Write every table as a CSV file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder

"""The panel again, slow and obvious: plain loops over plain rows, written from the definitions alone."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pandas as pd

NAN = math.nan


def plain(tables: dict[str, pd.DataFrame]) -> dict[str, list[dict]]:
    """Rows as dictionaries of plain values, None where a cell is empty."""

    def value(cell):
        if cell is None or (isinstance(cell, float) and math.isnan(cell)) or cell is pd.NaT or cell is pd.NA:
            return None
        if isinstance(cell, pd.Timestamp):
            return cell.date()
        return cell.item() if hasattr(cell, "item") else cell

    return {
        name: [{column: value(cell) for column, cell in row.items()} for row in frame.to_dict("records")]
        for name, frame in tables.items()
    }


class Oracle:
    def __init__(self, tables: dict[str, pd.DataFrame]) -> None:
        self.tables = plain(tables)
        self.days: dict[tuple[str, int], list[date]] = {}
        for row in self.tables["calendar"]:
            self.days.setdefault((row["school_id"], row["school_year"]), []).append(row["day"])
        for days in self.days.values():
            days.sort()
        self.term = {(r["school_id"], r["day"]): r["term"] for r in self.tables["calendar"]}
        self.feed = {(r["school_id"], r["day"]): r["known_at"] for r in self.tables["attendance_feed"]}

    def seen(self, table: str, at: date) -> list[dict]:
        return [
            row
            for row in self.tables.get(table, [])
            if row["known_at"] <= at and (row.get("retracted_at") is None or row["retracted_at"] > at)
        ]

    def spells(self, at: date, student: str, year: int) -> list[dict]:
        return [
            s for s in self.seen("enrollments", at)
            if s["student_id"] == student and s["school_year"] == year and s["primary"]
        ]  # fmt: skip

    def owner(self, at: date, student: str, year: int, day: date) -> dict | None:
        """The spell a day belongs to: of those begun by then the last to begin, if it has not ended."""
        begun = [s for s in self.spells(at, student, year) if s["entered_on"] <= day]
        if not begun:
            return None
        newest = max(s["entered_on"] for s in begun)
        last = min((s for s in begun if s["entered_on"] == newest), key=lambda s: s["school_id"])
        return last if last["left_on"] is None or day <= last["left_on"] else None

    def cohort(self, at: date) -> dict[str, dict]:
        """One row per student: enrolled on the last school day of the school; the later entry wins."""
        rows: dict[str, dict] = {}
        for spell in self.seen("enrollments", at):
            days = self.days[spell["school_id"], spell["school_year"]]
            past = [day for day in days if day <= at]
            if not past or at > days[-1] + timedelta(days=6) or not spell["primary"]:
                continue
            last = past[-1]
            if self.owner(at, spell["student_id"], spell["school_year"], last) is spell:
                year_first = min(d[0] for (_, y), d in self.days.items() if y == spell["school_year"])
                row = {**spell, "last": last, "past": past, "first": year_first, "own_first": days[0]}
                old = rows.get(spell["student_id"])
                if old is None or spell["entered_on"] > old["entered_on"]:
                    rows[spell["student_id"]] = row
        return rows

    def submitted(self, at: date, student: str, year: int, start: date, end: date) -> int:
        """School days from start to end on which the student was enrolled and attendance had been submitted."""
        total = 0
        for (school, of_year), days in self.days.items():
            for day in days:
                if of_year == year and start <= day <= end:
                    spell = self.owner(at, student, year, day)
                    fed = self.feed.get((school, day))
                    total += (
                        spell is not None and spell["school_id"] == school and fed is not None and fed <= at
                    )
        return total

    def exceptions(self, at: date, student: str, start: date, end: date) -> list[dict]:
        """One of each sort a day, the first recorded, on submitted days of the school the student belonged to."""
        first: dict[tuple, tuple] = {}
        for row in self.seen("absences", at):
            day, school = row["occurred_on"], row["school_id"]
            fed = self.feed.get((school, day))
            year = next((y for (s, y), days in self.days.items() if s == school and day in days), None)
            if row["student_id"] != student or not start <= day <= end or fed is None or fed > at:
                continue
            spell = self.owner(at, student, year, day)
            if spell is None or spell["school_id"] != school:
                continue
            order = (max(row["known_at"], fed), row["kind"], row["retracted_at"] or date.max)
            key = (school, day, self.sort(row))
            if key not in first or order < first[key][0]:
                first[key] = (order, row)
        return [row for _, row in first.values()]

    @staticmethod
    def sort(row: dict) -> str:
        if row["kind"] not in ("excused", "unexcused", "suspension_out"):
            return row["kind"]
        return "absent" if row["thousandths"] == 1000 else "partial"

    def sent(self, at: date, school: str, before: date = date.max) -> bool:
        """Whether the district of a school had an incident on record."""
        district = {r["school_id"]: r["district_id"] for r in self.tables["schools"]}
        return any(
            district[r["school_id"]] == district[school] and r["known_at"] < before
            for r in self.seen("incidents", at)
        )

    def features(self, at: date, row: dict) -> dict[str, float]:
        return {
            **self.attendance(at, row),
            **self.marks(at, row),
            **self.discipline(at, row),
            "schools_this_year": len({
                s["school_id"] for s in self.spells(at, row["student_id"], row["school_year"])
                if s["entered_on"] <= row["last"]
                and self.owner(at, row["student_id"], row["school_year"], s["entered_on"]) is s
            }),
            "entry_day": (row["entered_on"] - row["own_first"]).days,
            "grade_level": row["grade_level"],
        }  # fmt: skip

    def window(self, row: dict, days: int) -> date:
        return row["past"][max(len(row["past"]) - days, 0)]

    def attendance(self, at: date, row: dict) -> dict[str, float]:
        student, year, last, first = row["student_id"], row["school_year"], row["last"], row["first"]

        def absent(start, end, kinds=("excused", "unexcused", "suspension_out")):
            rows = self.exceptions(at, student, start, end)
            return [r for r in rows if r["kind"] in kinds and self.sort(r) == "absent"]

        def ratio(top, bottom):
            return top / bottom if bottom else NAN

        def rate(start, end, **kinds):
            return ratio(len(absent(start, end, **kinds)), self.submitted(at, student, year, start, end))

        out = {}
        for days in (10, 20, 60):
            out[f"absence_rate_{days}d"] = rate(self.window(row, days), last)
        known = self.submitted(at, student, year, first, last) > 0
        known_20 = self.submitted(at, student, year, self.window(row, 20), last) > 0
        days_absent = absent(first, last)
        out["absence_rate_year"] = rate(first, last)
        out["absent_days_year"] = len(days_absent) if known else NAN
        out["unexcused_rate_year"] = rate(first, last, kinds=("unexcused",))
        before = self.window(row, 20) - timedelta(days=1)
        out["absence_trend_20d"] = out["absence_rate_20d"] - rate(first, before) if before >= first else NAN
        newest = max((r["occurred_on"] for r in days_absent), default=None)
        since = newest + timedelta(days=1) if newest else first
        out["days_since_absence"] = self.submitted(at, student, year, since, last) if known else NAN
        recent = self.exceptions(at, student, self.window(row, 20), last)
        out["tardies_20d"] = sum(r["kind"] == "tardy" for r in recent) if known_20 else NAN
        partial = [r for r in self.exceptions(at, student, first, last) if self.sort(r) == "partial"]
        out["partial_days_year"] = len(partial) if known else NAN
        past_first = min((d[0] for (_, y), d in self.days.items() if y == year - 1), default=first)
        enrolled = self.submitted(at, student, year - 1, date.min, first)
        out["prior_absence_rate"] = ratio(len(absent(past_first, first - timedelta(days=1))), enrolled)
        return out

    def marks(self, at: date, row: dict) -> dict[str, float]:
        rows = [dict(r) for r in self.seen("grades", at) if r["student_id"] == row["student_id"]]
        for r in rows:
            r["missing"] = r["kind"] == "assignment" and r["mark"] == "missing" and r["hundredths"] is None
            r["day"] = r["due_on"] if r["missing"] else r["assessed_on"]
        this_year = [r for r in rows if row["first"] <= r["day"] <= row["last"]]

        def mean(selected):
            return sum(r["hundredths"] for r in selected) / len(selected) / 100 if selected else NAN

        def since(days):
            return [r for r in this_year if r["day"] >= self.window(row, days)]

        marked = [r for r in this_year if r["hundredths"] is not None]
        courses = {}
        for r in marked:
            if r["core"]:
                courses.setdefault(r["course_id"], []).append(r)
        means = [mean(part) for part in courses.values()]
        work = [
            r for r in this_year
            if r["kind"] == "assignment" and (r["hundredths"] is not None or r["mark"] is not None)
        ]  # fmt: skip
        handed = [r for r in work if not r["missing"]]
        recent = [r for r in marked if r in since(20)]
        latest = max(marked, key=lambda r: (r["day"], r["hundredths"]), default=None)
        past_first = min(
            (d[0] for (_, y), d in self.days.items() if y == row["school_year"] - 1), default=row["first"]
        )
        finals = [
            r for r in rows
            if r["kind"] == "final" and r["core"] and r["hundredths"] is not None and past_first <= r["day"] < row["first"]
        ]  # fmt: skip
        known = bool(work)
        return {
            "mean_mark_60d": mean([r for r in marked if r in since(60)]),
            "mean_mark_year": mean(marked),
            "last_mark": latest["hundredths"] / 100 if latest else NAN,
            "mark_change_20d": mean(recent) - mean([r for r in marked if r not in recent]),
            "lowest_core_mark": min(means, default=NAN),
            "low_core_courses": sum(m < 60 for m in means) if means else NAN,
            "missing_work_20d": sum(r["missing"] for r in since(20)) if known else NAN,
            "missing_work_share_year": sum(r["missing"] for r in work) / len(work) if work else NAN,
            "late_work_share_year": sum(r["assessed_on"] > r["due_on"] for r in handed) / len(handed)
            if handed
            else NAN,
            "work_handed_in_year": len(handed) if known else NAN,
            "prior_mean_final": mean(finals),
            "prior_failed_core": sum(r["hundredths"] < 6000 for r in finals) if finals else NAN,
        }

    def discipline(self, at: date, row: dict) -> dict[str, float]:
        past_first = min(
            (d[0] for (_, y), d in self.days.items() if y == row["school_year"] - 1), default=row["first"]
        )
        rows = [
            r for r in self.seen("incidents", at)
            if r["student_id"] == row["student_id"] and r["basis"] == "objective" and r["occurred_on"] <= row["last"]
        ]  # fmt: skip
        this_year = [r for r in rows if r["occurred_on"] >= row["first"]]
        prior = [r for r in rows if past_first <= r["occurred_on"] < row["first"]]
        year = row["school_year"]
        before = {
            self.owner(at, row["student_id"], year - 1, day)["school_id"]
            for (_, y), days in self.days.items() if y == year - 1
            for day in days if self.owner(at, row["student_id"], year - 1, day)
        }  # fmt: skip
        enrolled = any(self.sent(at, school, row["first"]) for school in before)
        sends = self.sent(at, row["school_id"])
        return {
            "incidents_60d": sum(r["occurred_on"] >= self.window(row, 60) for r in this_year)
            if sends
            else NAN,
            "incidents_year": len(this_year) if sends else NAN,
            "suspension_days_year": sum(r["suspension_days"] for r in this_year) if sends else NAN,
            "prior_incidents": len(prior) if enrolled else NAN,
        }

    # labels: (value or None, event day or None)

    def year_end(self, year: int) -> date:
        return max(days[-1] for (_, y), days in self.days.items() if y == year)

    def chronic_absence(self, row: dict, lag: int = 14) -> tuple[int | None, date | None]:
        year = row["school_year"]
        at = self.year_end(year) + timedelta(days=lag)
        enrolled, unknown, absent_days = 0, 0, []
        seen = [r for r in self.seen("absences", at) if r["student_id"] == row["student_id"]]
        for (school, of_year), days in self.days.items():
            for day in days if of_year == year else []:
                spell = self.owner(at, row["student_id"], year, day)
                if spell is None or spell["school_id"] != school:
                    continue
                enrolled += 1
                whole = any(
                    r["school_id"] == school and r["occurred_on"] == day and self.sort(r) == "absent"
                    for r in seen
                )
                fed = self.feed.get((school, day))
                unknown += not whole and (fed is None or fed > at)
                if whole:
                    absent_days.append(day)
        if enrolled < 31:
            return None, None
        if 10 * len(absent_days) >= enrolled:
            needed = -(-enrolled // 10)
            return 1, sorted(absent_days)[needed - 1]
        return (None if 10 * (len(absent_days) + unknown) >= enrolled else 0), None

    def course_failure(self, row: dict, lag: int = 14) -> tuple[int | None, date | None]:
        term = self.term[row["school_id"], row["last"]]
        days = [
            d
            for d in self.days[row["school_id"], row["school_year"]]
            if self.term[row["school_id"], d] == term
        ]
        at = days[-1] + timedelta(days=lag)
        finals = [
            r for r in self.seen("grades", at)
            if r["student_id"] == row["student_id"] and r["kind"] == "final" and r["core"] and r["term"] == term
            and days[0] <= r["assessed_on"] <= at and (r["hundredths"] is not None or (r["mark"] or "")[:1] in set("ABCDF"))
        ]  # fmt: skip
        if not finals:
            return None, None
        failed = any(
            r["hundredths"] < 6000 if r["hundredths"] is not None else r["mark"] == "F" for r in finals
        )
        return int(failed), days[-1] if failed else None

    def suspension(self, row: dict, at_date: date, lag: int = 14) -> tuple[int | None, date | None]:
        days = sorted(
            d for (school, _), part in self.days.items() if school == row["school_id"] for d in part
        )
        place = days.index(row["last"]) + 60
        if place >= len(days):
            return None, None
        end, at = days[place], days[place] + timedelta(days=lag)
        found = [
            r["occurred_on"] for r in self.seen("incidents", at)
            if r["student_id"] == row["student_id"] and r["suspension_days"] >= 1 and at_date < r["occurred_on"] <= end
        ]  # fmt: skip
        if not self.sent(at, row["school_id"]):
            return None, None
        if found:
            return 1, min(found)
        stayed = any(
            s["student_id"] == row["student_id"] and s["primary"] and s["entered_on"] <= end
            and (s["left_on"] or self.days[s["school_id"], s["school_year"]][-1]) >= end for s in self.seen("enrollments", at)
        )  # fmt: skip
        return (0 if stayed else None), None

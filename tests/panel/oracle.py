"""The panel again, slow and obvious: plain loops over plain rows, written from the definitions alone."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pandas as pd

from early_id.panel import CATALOG

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
        self.means: dict[date, dict[str, int]] = {}
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
            **self.mobility(at, row),
        }

    def window(self, row: dict, days: int) -> date:
        return row["past"][max(len(row["past"]) - days, 0)]

    def term_first(self, row: dict) -> date:
        """The first day of the term in which the last school day lies."""
        school = row["school_id"]
        return min(
            d for d in self.days[school, row["school_year"]]
            if self.term[school, d] == self.term[school, row["last"]]
        )  # fmt: skip

    def past_first(self, row: dict) -> date:
        """The first school day, in any school, of the year before; without one there is no year before."""
        year = row["school_year"] - 1
        return min((days[0] for (_, y), days in self.days.items() if y == year), default=row["first"])

    def mobility(self, at: date, row: dict) -> dict[str, float]:
        student, year = row["student_id"], row["school_year"]

        def schools(of_year):
            """Schools of which the student was a student on some day, with what is known on the date."""
            return {
                s["school_id"] for s in self.spells(at, student, of_year)
                if (s["school_id"], of_year) in self.days
                and s["entered_on"] <= min(row["last"], self.days[s["school_id"], of_year][-1])
                and self.owner(at, student, of_year, s["entered_on"]) is s
            }  # fmt: skip

        fed = self.fed(at, row, row["past"])
        enrolled = self.submitted(at, student, year, row["first"], row["last"])
        return {
            "schools_this_year": len(schools(year)),
            "prior_schools": len(schools(year - 1)) or NAN,
            "enrolled_share_year": min(enrolled, len(fed)) / len(fed) if fed else NAN,
            "entry_day": (row["entered_on"] - row["own_first"]).days,
            "grade_level": row["grade_level"],
        }

    def fed(self, at: date, row: dict, days: list[date]) -> list[date]:
        """Those of the days on which attendance of the row's school is on record."""
        return [d for d in days if self.feed.get((row["school_id"], d), date.max) <= at]

    def absent_runs(self, at: date, row: dict, days: int) -> list[int]:
        """For each of the last school days of the row's school: how many in a row the student had been absent.

        The days at the end whose attendance has not arrived are left out; between others such a day ends a run.
        """
        window = row["past"][-days:]
        absent = {
            r["occurred_on"] for r in self.exceptions(at, row["student_id"], window[0], row["last"])
            if self.sort(r) == "absent" and r["school_id"] == row["school_id"]
        }  # fmt: skip
        fed = self.fed(at, row, window)
        runs, run = [], 0
        for day in window:
            if fed and day <= fed[-1]:
                run = run + 1 if day in absent else 0
                runs.append(run)
        return runs

    def attendance(self, at: date, row: dict) -> dict[str, float]:
        student, year, last, first = row["student_id"], row["school_year"], row["last"], row["first"]

        def absent(start, end, kinds=("excused", "unexcused", "suspension_out")):
            rows = self.exceptions(at, student, start, end)
            return [r for r in rows if r["kind"] in kinds and self.sort(r) == "absent"]

        def ratio(top, bottom):
            return top / bottom if bottom else NAN

        def rate(start, end, **kinds):
            return ratio(len(absent(start, end, **kinds)), self.submitted(at, student, year, start, end))

        def count(start, end, select):
            """How many of the selected exceptions, unknown without a submitted day in the window."""
            rows = [r for r in self.exceptions(at, student, start, end) if select(r)]
            return len(rows) if self.submitted(at, student, year, start, end) else NAN

        def tardy(r):
            return r["kind"] == "tardy"

        def partial(r):
            return self.sort(r) == "partial"

        unexcused = ("unexcused",)
        out = {}
        for days in (5, 10, 20, 60):
            out[f"absence_rate_{days}d"] = rate(self.window(row, days), last)
        known = self.submitted(at, student, year, first, last) > 0
        days_absent = absent(first, last)
        unexcused_days = absent(first, last, kinds=unexcused)
        mondays_fridays = [r for r in days_absent if r["occurred_on"].isoweekday() in (1, 5)]
        out["absence_rate_year"] = rate(first, last)
        out["absent_days_year"] = len(days_absent) if known else NAN
        out["unexcused_rate_year"] = rate(first, last, kinds=unexcused)
        out["unexcused_share_year"] = ratio(len(unexcused_days), len(days_absent))
        out["monday_friday_share_year"] = ratio(len(mondays_fridays), len(days_absent))
        out["absence_rate_first_month"] = rate(first, row["past"][:20][-1])

        before = self.window(row, 20) - timedelta(days=1)
        out["absence_trend_20d"] = out["absence_rate_20d"] - rate(first, before) if before >= first else NAN
        ended = self.window(row, 10) - timedelta(days=1)
        earlier = rate(self.window(row, 20), ended) if len(row["past"]) > 10 else NAN
        out["absence_trend_10d"] = out["absence_rate_10d"] - earlier

        newest = max((r["occurred_on"] for r in days_absent), default=None)
        since = newest + timedelta(days=1) if newest else first
        out["days_since_absence"] = self.submitted(at, student, year, since, last) if known else NAN
        known_20 = self.submitted(at, student, year, self.window(row, 20), last) > 0
        known_60 = self.submitted(at, student, year, self.window(row, 60), last) > 0
        out["absence_streak"] = [0, *self.absent_runs(at, row, 20)][-1] if known_20 else NAN
        out["longest_absence_60d"] = max([0, *self.absent_runs(at, row, 60)]) if known_60 else NAN

        recent = self.window(row, 20)
        out["unexcused_days_20d"] = len(absent(recent, last, kinds=unexcused)) if known_20 else NAN
        out["tardies_20d"] = count(recent, last, tardy)
        out["tardies_year"] = count(first, last, tardy)
        out["partial_days_20d"] = count(recent, last, partial)
        out["partial_days_year"] = count(first, last, partial)

        past_first, past_last = self.past_first(row), first - timedelta(days=1)
        enrolled = self.submitted(at, student, year - 1, date.min, first)
        out["prior_absence_rate"] = ratio(len(absent(past_first, past_last)), enrolled)
        out["prior_unexcused_rate"] = ratio(len(absent(past_first, past_last, kinds=unexcused)), enrolled)
        if not enrolled:
            totals = [
                r
                for r in self.seen("absence_totals", at)
                if r["student_id"] == student and r["school_year"] == year - 1
            ]
            expected = sum(r["expected_days"] for r in totals)
            missed = sum(
                r["excused_days"]
                + r["unexcused_days"]
                + r["suspension_out_days"]
                + (r["incomplete_study_days"] or 0)
                for r in totals
            )
            out["prior_absence_rate"] = ratio(missed, expected)
            out["prior_unexcused_rate"] = ratio(sum(r["unexcused_days"] for r in totals), expected)
        late = [r for r in self.exceptions(at, student, past_first, past_last) if tardy(r)]
        out["prior_tardies"] = len(late) if enrolled else NAN
        return out

    def records(self, at: date, row: dict) -> list[dict]:
        """Visible marks and assignments of the student; what was not handed in has the day it was due."""
        rows = [dict(r) for r in self.seen("grades", at) if r["student_id"] == row["student_id"]]
        for r in rows:
            r["missing"] = r["kind"] == "assignment" and r["mark"] == "missing" and r["hundredths"] is None
            r["day"] = r["due_on"] if r["missing"] else r["assessed_on"]
            r["core_final"] = r["kind"] == "final" and r["core"] and r["hundredths"] is not None
        return rows

    def of_the_year(self, at: date, row: dict) -> list[dict]:
        return [r for r in self.records(at, row) if row["first"] <= r["day"] <= row["last"]]

    def course_means(self, at: date, first: date) -> dict[str, int]:
        """Mean mark of each course in thousandths of hundredths, cut off, over everybody's marks of the year so far."""
        if (at, first) not in self.means:
            marks: dict[str, list[int]] = {}
            for r in self.seen("grades", at):
                if r["hundredths"] is not None and first <= r["assessed_on"] <= at:
                    marks.setdefault(r["course_id"], []).append(r["hundredths"])
            self.means[at, first] = {course: 1000 * sum(own) // len(own) for course, own in marks.items()}
        return self.means[at, first]

    def marks(self, at: date, row: dict) -> dict[str, float]:
        this_year = self.of_the_year(at, row)

        def mean(selected):
            return sum(r["hundredths"] for r in selected) / len(selected) / 100 if selected else NAN

        def since(days):
            return [r for r in this_year if r["day"] >= self.window(row, days)]

        def late(r):
            return not r["missing"] and r["due_on"] is not None and r["assessed_on"] > r["due_on"]

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
        of_term = [r for r in marked if r["day"] >= self.term_first(row)]
        latest = max(marked, key=lambda r: (r["day"], r["hundredths"]), default=None)
        finals = [r for r in this_year if r["core_final"]]
        passed = [r for r in finals if r["hundredths"] >= 6000]
        prior = [
            r for r in self.records(at, row)
            if r["core_final"] and self.past_first(row) <= r["day"] < row["first"]
        ]  # fmt: skip
        of_courses = self.course_means(at, row["first"])
        above = sum(1000 * r["hundredths"] - of_courses[r["course_id"]] for r in marked)
        known = bool(work)
        return {
            "mean_mark_20d": mean(recent),
            "mean_mark_60d": mean([r for r in marked if r in since(60)]),
            "mean_mark_year": mean(marked),
            "last_mark": latest["hundredths"] / 100 if latest else NAN,
            "mark_change_20d": mean(recent) - mean([r for r in marked if r not in recent]),
            "mark_change_term": mean(of_term) - mean([r for r in marked if r not in of_term]),
            "course_standing_year": above / (len(marked) * 100_000) if marked else NAN,
            "lowest_core_mark": min(means, default=NAN),
            "low_core_courses": sum(m < 60 for m in means) if means else NAN,
            "failed_finals_year": len(finals) - len(passed) if finals else NAN,
            "passed_finals_share_year": len(passed) / len(finals) if finals else NAN,
            "missing_work_20d": sum(r["missing"] for r in since(20)) if known else NAN,
            "missing_work_60d": sum(r["missing"] for r in since(60)) if known else NAN,
            "missing_work_share_year": sum(r["missing"] for r in work) / len(work) if work else NAN,
            "late_work_20d": sum(r in since(20) and late(r) for r in handed) if known else NAN,
            "late_work_share_year": sum(late(r) for r in handed) / len(handed) if handed else NAN,
            "work_handed_in_year": len(handed) if known else NAN,
            "prior_mean_final": mean(prior),
            "prior_failed_core": sum(r["hundredths"] < 6000 for r in prior) if prior else NAN,
        }

    def discipline(self, at: date, row: dict) -> dict[str, float]:
        student, year, first, last = row["student_id"], row["school_year"], row["first"], row["last"]
        rows = [
            r for r in self.seen("incidents", at)
            if r["student_id"] == student and r["basis"] == "objective" and r["occurred_on"] <= last
        ]  # fmt: skip
        this_year = [r for r in rows if r["occurred_on"] >= first]
        prior = [r for r in rows if self.past_first(row) <= r["occurred_on"] < first]
        before = {
            self.owner(at, student, year - 1, day)["school_id"]
            for (_, y), days in self.days.items() if y == year - 1
            for day in days if self.owner(at, student, year - 1, day)
        }  # fmt: skip
        enrolled = any(self.sent(at, school, first) for school in before)
        sends = self.sent(at, row["school_id"])

        def since(days):
            return [r for r in this_year if r["occurred_on"] >= self.window(row, days)]

        def suspended(selected):
            return sum(r["suspension_days"] for r in selected)

        newest = max((r["occurred_on"] for r in this_year), default=None)
        free = self.submitted(at, student, year, newest + timedelta(days=1) if newest else first, last)
        # Without a submitted day nobody has counted the days since.
        counted = sends and self.submitted(at, student, year, first, last) > 0
        return {
            "incidents_20d": len(since(20)) if sends else NAN,
            "incidents_60d": len(since(60)) if sends else NAN,
            "incidents_year": len(this_year) if sends else NAN,
            "days_since_incident": free if counted else NAN,
            "suspension_days_60d": suspended(since(60)) if sends else NAN,
            "suspension_days_year": suspended(this_year) if sends else NAN,
            "prior_incidents": len(prior) if enrolled else NAN,
            "prior_suspension_days": suspended(prior) if enrolled else NAN,
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


def assert_features_equal(frame: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> None:
    """Every row of a panel is one of the oracle's cohort, and every feature has the oracle's value."""
    oracle = Oracle(tables)
    for as_of, rows in frame.groupby("as_of"):
        cohort = oracle.cohort(as_of.date())
        assert sorted(rows.student_id) == sorted(cohort)
        for _, row in rows.iterrows():
            known = cohort[row.student_id]
            assert (row.school_id, row.school_day) == (known["school_id"], len(known["past"]))
            expected = oracle.features(as_of.date(), known)
            assert set(expected) == set(CATALOG)
            got = row[list(expected)].astype("float64")
            pd.testing.assert_series_equal(
                got, pd.Series(expected, dtype="float64"), rtol=1e-12, atol=1e-12, check_names=False,
                obj=f"{row.student_id} on {as_of.date()}",
            )  # fmt: skip

"""Independent reading of a simulated county: labels, event days and quick features straight from its tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

WHOLE = ("excused", "unexcused", "suspension_out")


def visible(rows: pd.DataFrame, day: pd.Series | pd.Timestamp) -> pd.DataFrame:
    """Rows known by a day and not retracted by it; `day` may differ by row."""
    return rows[(rows["known_at"] <= day) & (rows["retracted_at"].isna() | (rows["retracted_at"] > day))]


def final(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["retracted_at"].isna()]


def school_days(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    calendar = tables["calendar"].sort_values(["school_id", "day"], ignore_index=True)
    calendar["number"] = calendar.groupby(["school_id", "school_year"]).cumcount() + 1
    return calendar


def spells(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Primary spells with their first and last day and the school days between them."""
    rows = final(tables["enrollments"]).query("primary").copy()
    calendar = tables["calendar"]
    ends = calendar.groupby(["school_id", "school_year"])["day"].max().rename("end").reset_index()
    rows = rows.merge(ends, on=["school_id", "school_year"])
    rows["last"] = rows["left_on"].fillna(rows["end"])
    rows["days"] = 0
    for school, days in calendar.groupby("school_id")["day"]:
        here = rows["school_id"] == school
        ordered = np.sort(days.to_numpy())
        first = np.searchsorted(ordered, rows.loc[here, "entered_on"].to_numpy())
        rows.loc[here, "days"] = (
            np.searchsorted(ordered, rows.loc[here, "last"].to_numpy(), side="right") - first
        )
    return rows


def student_years(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per student and school year: enrolled, absent, chronic, event_day, first school."""
    spell = spells(tables).sort_values(["student_id", "entered_on"])
    keys = ["student_id", "school_year"]
    years = spell.groupby(keys).agg(
        enrolled=("days", "sum"), school_id=("school_id", "first"), entered_on=("entered_on", "first"),
        moves=("school_id", "size"), grade=("grade_level", "first"),
    )  # fmt: skip
    rows = final(tables["absences"])
    rows = rows[rows["kind"].isin(WHOLE) & (rows["thousandths"] == 1000)]
    rows = rows.merge(tables["calendar"], left_on=["school_id", "occurred_on"], right_on=["school_id", "day"])
    rows = rows.sort_values([*keys, "day"])
    years["absent"] = rows.groupby(keys).size()
    years["absent"] = years["absent"].fillna(0).astype(int)
    years["chronic"] = (10 * years["absent"] >= years["enrolled"]) & (years["enrolled"] >= 31)
    years["rate"] = years["absent"] / years["enrolled"]
    rows["nth"] = rows.groupby(keys).cumcount() + 1
    need = -(-years["enrolled"] // 10)
    rows = rows.merge(need.rename("need").reset_index(), on=keys)
    event = rows[rows["nth"] == rows["need"]].set_index(keys)["day"]
    years["event_day"] = event.where(years["enrolled"].reindex(event.index) >= 31)
    return years.reset_index()


def onset_rows(tables: dict[str, pd.DataFrame], truth: pd.DataFrame, number: int) -> pd.DataFrame:
    """Truth on the Sunday after the n-th school day, with the label, where the event is still ahead."""
    calendar = school_days(tables)
    day = calendar.loc[calendar["number"] == number, ["school_id", "school_year", "day"]]
    day["as_of"] = day["day"] + pd.to_timedelta(6 - day["day"].dt.day_of_week, unit="D")
    rows = truth.merge(day, on=["school_id", "school_year", "as_of"])
    columns = ["student_id", "school_year", "chronic", "event_day", "moves", "grade", "entered_on"]
    rows = rows.merge(student_years(tables)[columns], on=["student_id", "school_year"])
    return rows[rows["event_day"].isna() | (rows["event_day"] > rows["as_of"])].reset_index(drop=True)


def quick_features(tables: dict[str, pd.DataFrame], rows: pd.DataFrame) -> np.ndarray:
    """What staff could know on each row's date: absence, marks, missing work, incidents, tardies, moves."""
    keys = ["student_id", "school_year"]
    years = student_years(tables)[[*keys, "rate", "school_id"]]
    prior = years.assign(school_year=years["school_year"] + 1).set_index(keys)
    at = pd.MultiIndex.from_frame(rows[keys])
    before = prior.reindex(at)
    out = [before["rate"].to_numpy(), (before["school_id"].to_numpy() != rows["school_id"].to_numpy()) * 1.0]
    start = rows[[*keys, "as_of"]].merge(
        tables["calendar"].groupby("school_year")["day"].min().rename("start").reset_index(), on="school_year"
    )

    def mine(name: str, day: str) -> pd.DataFrame:
        table = tables[name].merge(start, on="student_id")
        table = table[(table[day] >= table["start"]) & (table[day] <= table["as_of"])]
        return visible(table, table["as_of"])

    def count(table: pd.DataFrame) -> np.ndarray:
        return table.groupby(keys).size().reindex(at).fillna(0).to_numpy(float)

    absences = mine("absences", "occurred_on")
    whole = absences["kind"].isin(WHOLE)
    recent = absences["occurred_on"] > absences["as_of"] - pd.Timedelta(days=28)
    out += [
        count(absences[whole]),
        count(absences[whole & recent]),
        count(absences[absences["kind"] == "tardy"]),
    ]
    out.append(count(absences[absences["kind"] == "unexcused"]))
    incidents = mine("incidents", "occurred_on")
    out += [count(incidents[incidents["basis"] == basis]) for basis in ("objective", "subjective")]
    grades = tables["grades"].query("kind == 'assignment'")
    tables = {**tables, "grades": grades}
    grades = mine("grades", "assessed_on")
    out.append(count(grades[grades["mark"] == "missing"]))
    out.append(grades.groupby(keys)["hundredths"].mean().astype(float).reindex(at).to_numpy())
    out.append(rows["grade"].to_numpy(float))
    return np.column_stack(out)

"""County: make the plan, let every block live, and hand out tables and truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from early_id.district._simulate._assembly import county_rows, incident_words, lookups, student_words
from early_id.district._simulate._bias import Bias
from early_id.district._simulate._frames import arranged, arranged_truth, to_frame, truth_frame
from early_id.district._simulate._life import Coded, live
from early_id.district._simulate._plan import draw_plan
from early_id.district._simulate._settings import Settings
from early_id.district._tables import TABLES


@dataclass(frozen=True, eq=False)
class Simulated:
    """A simulated county.

    Attributes
    ----------
    tables : dict of pandas.DataFrame
        Every canonical table by name, as its systems know it today; `absence_totals` and `decisions` are empty.
    truth : pandas.DataFrame
        One row per student, school and Sunday of a week with school: `student_id`, `school_id`, `school_year`,
        `as_of`, `risk` (true chance to end the year chronically absent, given the latent state and all absences so
        far), `propensity` (log-odds of absence on a calm, ordinary day at the seat's first school of the year) and
        `regime` (calm, brewing, strained, supported). Students enrolled fewer than 31 days in the year have no row.
    today : datetime.date
        The last Sunday of the running year's current week; nothing in any table became known later.
    """

    tables: dict[str, pd.DataFrame]
    truth: pd.DataFrame = field(repr=False)
    today: date


def simulate_tables(
    *,
    students: int = 5000,
    schools: int = 12,
    districts: int = 3,
    years: int = 4,
    last_year: int = 2025,
    seed: int = 0,
    bias: Bias | None = None,
) -> Simulated:
    """Simulate a county's tables, with the true risk of every student over time.

    Parameters
    ----------
    students : int
        Students enrolled at a time.
    schools, districts : int
        Size of the county; every district serves kindergarten to grade 12.
    years : int
        School years; the last one is running and cut at the Sunday after its hundredth school day.
    last_year : int
        The running school year, named by the calendar year in which it ends.
    seed : int
        Equal arguments give equal tables, to the bit.
    bias : Bias, optional
        Plants: ways in which the records mislead. They change the tables, not the truth.

    Raises
    ------
    ConfigError
        If an argument is not a whole number in its range.

    Notes
    -----
    In a large county chronic absence and suspension are as frequent as California reports them (all, Black and White
    students, students with disabilities, foster youth). Schools explain 10-20 % of the variance of the log-odds of
    absence on a calm day (`propensity`); of the variance of observed yearly absence rates that is 2-5 %.

    Examples
    --------
    >>> county = simulate_tables(students=300, schools=3, districts=1, years=2)
    >>> county.today.isoformat(), county.tables["schools"]["school_id"].tolist()
    ('2025-02-09', ['0102003', '0102460', '0102917'])
    """
    settings = Settings(students, schools, districts, years, last_year, seed)
    return simulate(settings, bias or Bias())


def simulate(settings: Settings, bias: Bias) -> Simulated:
    """Let every block live and gather the county in memory, sorted by key."""
    plan = draw_plan(settings, bias)
    numbers = np.sort(np.concatenate(plan.number))
    coded: Coded = county_rows(plan)
    for block, own in enumerate(plan.number):
        code = np.searchsorted(numbers, np.sort(own)).astype(np.int32)
        for name, parts in live(plan, block).items():
            for part in parts:
                part["student_id"] = code[part["student_id"]]
            coded.setdefault(name, []).extend(parts)
    given = {"student_id": student_words(numbers), "incident_id": incident_words(plan, coded["incidents"])}
    words = {name: {**columns, **given} for name, columns in lookups(plan).items()}
    truth = truth_frame(arranged_truth(coded.pop("truth")), words["truth"])
    tables = {
        name: to_frame(name, arranged(name, coded.pop(name, []), plan.today), words[name]) for name in TABLES
    }
    return Simulated(tables, truth, date(1970, 1, 1) + timedelta(days=plan.today))

"""What a plan is run with: the days between which it looks, the small tables of dates, the parts of the students."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import pandas as pd
import pyarrow as pa

from early_id.district import Signals, to_pandas
from early_id.panel._plan import COUNTED, STEP, Moments, Step, of_people
from early_id.panel._time import WEEK_REST_DAYS

#: Rows of a panel that are computed at a time: they bound the memory, whatever the size of the county.
ROWS_AT_A_TIME = 200_000


def moments(signals: Signals, as_of: pd.DatetimeIndex, known_by: date) -> Moments:
    """Find the days between which the dates look."""
    calendar = signals.table("calendar")
    rows = calendar.group_by("school_id", "school_year").agg(
        first=calendar.day.min(), last=calendar.day.max()
    )
    years: pd.DataFrame = to_pandas(rows.to_pyarrow())
    rest = pd.Timedelta(days=WEEK_REST_DAYS)
    running = years[(years["first"] <= as_of[-1]) & (years["last"] + rest >= as_of[0])]
    year = running["school_year"].min() if len(running) else years["school_year"].max()
    since = years[years["school_year"] == year]["first"].min()
    before = years[years["school_year"] == year - 1]["first"].min()
    before = since if pd.isna(before) else before
    last = running["school_year"].max() if len(running) else year
    return Moments(as_of[0].date(), as_of[-1].date(), since.date(), before.date(), known_by, int(last))


def given(signals: Signals, as_of: pd.DatetimeIndex) -> dict[str, pa.Table]:
    """Make the small tables a plan reads beside the district's: the dates, numbered, and every day around them."""
    calendar = signals.table("calendar")
    days = calendar.agg(first=calendar.day.min(), last=calendar.day.max()).to_pyarrow().to_pylist()[0]
    every = pd.date_range(min(days["first"], as_of[0].date()), max(days["last"], as_of[-1].date())).as_unit(
        "us"
    )
    seen = as_of.append(pd.DatetimeIndex([pd.NaT])).take(as_of.searchsorted(every))
    return {
        "as_of_dates": pa.table(
            {
                "as_of": pa.array(as_of.date, pa.date32()),
                "date_number": pa.array(range(len(as_of)), pa.int64()),
            }
        ),
        "every_date": pa.table(
            {
                "date": pa.array(every.date, pa.date32()),
                "seen_on": pa.array([None if pd.isna(day) else day.date() for day in seen], pa.date32()),
            }
        ),
    }


def queries(
    signals: Signals,
    steps: Sequence[Step],
    as_of: pd.DatetimeIndex,
    known_by: date,
    rows_text: Callable[[pa.Table], str],
) -> dict[str, str]:
    """Write, for all students at once, what each table holds that a later one reads; the last one is the panel."""
    fill = moments(signals, as_of, known_by).fill
    found = {name: rows_text(rows) for name, rows in given(signals, as_of).items()}
    return found | {f"{STEP}{name}": of_people(fill(sql), 0, 2**31 - 1) for name, sql, _ in steps}


def values_text(rows: pa.Table) -> str:
    """Write the rows of a small table of days and whole numbers behind the word VALUES.

    >>> print(values_text(pa.table({"day": pa.array([date(2025, 1, 12), None]), "number": [0, 1]})))
    VALUES
      (DATE '2025-01-12', 0),
      (NULL, 1)
    """

    def cell(value: object) -> str:
        return "NULL" if value is None else str(value) if isinstance(value, int) else f"DATE '{value}'"

    lines = ",\n  ".join(f"({', '.join(cell(value) for value in row.values())})" for row in rows.to_pylist())
    return f"VALUES\n  {lines}"


def how_many(quote: str) -> tuple[str, str]:
    """Ask for the number of students and for that of the panel's rows, with the engine's sign around a name."""
    members, slots = (f"{quote}{STEP}{step}{quote}" for step in COUNTED)
    return (
        f"SELECT coalesce(max(person) + 1, 0) FROM {members}",  # noqa: S608 - names of our own
        f"SELECT count(*) FROM {members} AS m JOIN {slots} AS s ON m.{quote}like{quote} = s.person",  # noqa: S608
    )


def cut(people: int, rows: int) -> list[tuple[int, int]]:
    """Cut the students where each part has a bounded number of rows; first and last number of each part.

    >>> cut(250, 3 * ROWS_AT_A_TIME)
    [(0, 82), (83, 165), (166, 248), (249, 331)]
    """
    size = max(1, people * ROWS_AT_A_TIME // max(rows, 1))
    return [(first, first + size - 1) for first in range(0, max(people, 1), size)]

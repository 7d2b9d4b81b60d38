"""What a feature is: a declaration, not code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from early_id.exceptions import ConfigError

Window = int | Literal["year", "term", "first_month", "prior_year"]
Aggregate = Literal["count", "total", "mean", "latest", "since", "least_course", "low_courses", "above_course", "streak", "longest", "value"]
Table = Literal["absences", "grades", "incidents", "enrollments"]


@dataclass(frozen=True)
class Feature:
    """One signal, declared: what is counted, over which school days, and how people say it.

    Attributes
    ----------
    name : str
        Column name in `Panel.X`.
    concept : str
        Features of one concept (overlapping windows of the same thing) give one reason.
    domain : {"attendance", "grades", "discipline", "mobility"}
    table : str
        The canonical table that is aggregated.
    window : int, "year" or "prior_year"
        School days of the student's own school ending on the last school day up to the as-of date; the school year so
        far; or the whole school year before.
    where : str
        Named filter on the rows of the table, see `early_id.panel._events`.
    aggregate : str
        `count` of rows, `total` or `mean` or `latest` of `column`, `since` = school days since the last such row,
        `least_course` = lowest course mean, `low_courses` = core courses with a mean below 60, `value` = taken as is.
    column : str
        The integer column that is summed.
    over : str
        Denominator: `enrolled_days` (submitted school days while enrolled) or the name of a filter of the same table.
    against_before : bool
        Subtract the same figure for the rest of the year before the window.
    direction : {1, -1, 0}
        +1: more of it never lowers the score; -1: never raises it; 0: free.
    unit : {"share", "days", "count", "points"}
        A share is a fraction of one; points are 0 to 100.
    phrase, strength : str
        Sentences with {count}, {of}, {value}, {from_}, {to}: as a reason, and as a strength ("" where there is none).
    changeable : bool
        Whether a student or family, with help, can change it from here on.
    """

    name: str
    concept: str
    domain: Literal["attendance", "grades", "discipline", "mobility"]
    table: Table
    window: Window
    where: str
    aggregate: Aggregate
    direction: Literal[1, -1, 0]
    unit: Literal["share", "days", "count", "points"]
    phrase: str
    strength: str = ""
    column: str = ""
    over: str = ""
    against: Literal["", "before", "previous"] = ""
    changeable: bool = True

    def __post_init__(self) -> None:
        if self.against and not isinstance(self.window, int):
            msg = (
                f"Expected a window in school days for {self.name!r}, which is compared with the days before it, got "
                f"{self.window!r}."
            )
            raise ConfigError(msg)
        if self.aggregate in {"total", "mean", "latest"} and not self.column:
            msg = f"Expected a column to take the {self.aggregate} of in {self.name!r}, got none."
            raise ConfigError(msg)

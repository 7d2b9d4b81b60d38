"""What a feature is: a declaration, not code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from early_id.exceptions import ConfigError

NamedWindow = Literal["year", "term", "first_month", "prior_year"]
Window = int | NamedWindow
Against = Literal["", "before", "previous"]
Aggregate = Literal[
    "count",
    "total",
    "mean",
    "latest",
    "since",
    "streak",
    "longest",
    "least_course",
    "low_courses",
    "above_course",
    "value",
]
Table = Literal["absences", "grades", "incidents", "enrollments"]

#: The longest window in which school days in a row are counted.
LONGEST_RUN = 60
_OF_A_COLUMN = ("total", "mean", "latest", "least_course", "low_courses", "above_course", "value")
_RUNS = ("streak", "longest")


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
    window : int, "year", "term", "first_month" or "prior_year"
        School days of the student's own school ending on the last school day up to the as-of date; the school year so
        far; the school's term in progress so far; the first 20 school days of the school's year, as far as they have
        come; or the whole school year before.
    where : str
        Named filter on the rows of the table, see `_absences`, `_marks` and `_incidents`.
    aggregate : str
        `count` of rows, `total` or `mean` or `latest` of `column`, `since` = school days since the last such row,
        `least_course` = lowest course mean, `low_courses` = core courses with a mean below 60, `above_course` = points
        above the mean of all marks of the same courses this school year known on the same date, `value` = taken as is.
        `streak` = school days in a row up to the last one on which attendance is on record, `longest` = the longest
        such run; both look at the days of the row's school, and a day without attendance on record ends a run.
    column : str
        The integer column that is summed.
    over : str
        Denominator: `enrolled_days` (submitted school days while enrolled; for enrollments those days are counted
        over the submitted days of the row's school) or the name of a filter of the same table.
    against : {"", "before", "previous"}
        Subtract the same figure for the rest of the year before the window, or for as many school days just before it.
    direction : {1, -1, 0}
        +1: more of it never lowers the score; -1: never raises it; 0: free.
    unit : {"share", "days", "count", "points"}
        A share is a fraction of one; points are 0 to 100.
    phrase, strength : str
        English sentences with {count}, {of}, {value}, {before}, {before_of}, {from_}, {to}: as a reason, and as a
        strength ("" where there is none). Those of the catalogue are in `phrases.yaml`, beside other languages.
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
    phrase: str = ""
    strength: str = ""
    column: str = ""
    over: str = ""
    against: Against = ""
    changeable: bool = True

    def __post_init__(self) -> None:
        for found in (self._window(), self._comparison(), self._aggregation()):
            if found:
                raise ConfigError(found)

    def _window(self) -> str:
        """Say what is wrong with the window; empty if nothing is."""
        names = get_args(NamedWindow)
        number = isinstance(self.window, int) and self.window >= 1
        if number or self.window in names:
            return ""
        return (
            f"Expected a number of school days or one of {', '.join(names)} as the window of {self.name!r}, got "
            f"{self.window!r}."
        )

    def _comparison(self) -> str:
        """Say what is wrong with what the window is compared with."""
        if self.against not in get_args(Against):
            return f"Expected {self.name!r} to be compared with 'before' or 'previous', got {self.against!r}."
        if not self.against:
            return ""
        if not isinstance(self.window, int) and (self.against, self.window) != ("before", "term"):
            wanted, other = {
                "before": ("school days or a term", "the days before it"),
                "previous": ("school days", "as many days just before it"),
            }[self.against]
            return (
                f"Expected a window in {wanted} for {self.name!r}, which is compared with {other}, got "
                f"{self.window!r}."
            )
        if self.aggregate != "mean" and not (self.aggregate == "count" and self.over):
            return f"Expected a mean or a share to compare in {self.name!r}, got the {self.aggregate}."
        return ""

    def _aggregation(self) -> str:
        """Say what the aggregate needs and does not have."""
        if self.aggregate in _OF_A_COLUMN and not self.column:
            return f"Expected a column to take the {self.aggregate} of in {self.name!r}, got none."
        if self.aggregate == "above_course" and (self.table, self.window) != ("grades", "year"):
            return (
                f"Expected grades of the year to compare with the mean of courses in {self.name!r}, got "
                f"{self.table!r} and the window {self.window!r}."
            )
        if self.aggregate not in _RUNS:
            return ""
        if (self.table, self.where) != ("absences", "absent"):
            return (
                f"Expected days in a row of the filter 'absent' of absences in {self.name!r}, got {self.where!r} of "
                f"{self.table!r}."
            )
        if not isinstance(self.window, int) or self.window > LONGEST_RUN:
            return (
                f"Expected a window of at most {LONGEST_RUN} school days for the days in a row of {self.name!r}, got "
                f"{self.window!r}."
            )
        return ""

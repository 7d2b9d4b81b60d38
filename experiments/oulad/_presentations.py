"""The presentations in a folder, and which of them train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from early_id.district import District
from early_id.exceptions import ConfigError, DataError, examples

#: Weeks after day 0 at which the students are scored.
WEEKS = (2, 4, 6, 8, 12)


@dataclass(frozen=True)
class Presentation:
    """One presentation of all its modules: name as in the files, the library's school year, first and last days."""

    name: str
    school_year: int
    day0: pd.Timestamp
    first_end: pd.Timestamp
    last_end: pd.Timestamp

    def as_of(self, week: int) -> pd.Timestamp:
        """Return the day on which a week's students are scored: day 7 · week."""
        return self.day0 + pd.Timedelta(days=7 * week)


def presentations(district: District) -> tuple[Presentation, ...]:
    """List the presentations in order of time."""
    calendar = district.frame("calendar")
    ends = calendar.groupby(["school_year", "term", "school_id"], as_index=False).agg(
        day0=("day", "min"), end=("day", "max")
    )
    spans = ends.groupby(["school_year", "term"]).agg(
        day0=("day0", "min"), first_end=("end", "min"), last_end=("end", "max")
    )
    return tuple(
        Presentation(str(name), int(year), row["day0"], row["first_end"], row["last_end"])
        for (year, name), row in spans.iterrows()  # type: ignore[misc, unused-ignore]
    )


def split(
    known: Sequence[Presentation], test: str, *, strict: bool
) -> tuple[Presentation, tuple[Presentation, ...]]:
    """Find the presentation to test on and those before it.

    Raises
    ------
    ConfigError
        If there is no such presentation, or none before it.
    DataError
        If `strict` and none before it had ended before the first day of scoring.
    """
    names = [one.name for one in known]
    if test not in names:
        msg = (
            f"Expected a presentation of the data to test on, got {test!r}; there are {examples(names, 30)}."
        )
        raise ConfigError(msg)
    chosen = known[names.index(test)]
    before = tuple(one for one in known if one.day0 < chosen.day0)
    if not before:
        later = [one.name for one in known if one.day0 > chosen.day0]
        advice = (
            f"test on {examples(later, 30)} instead" if later else "add the files of an earlier presentation"
        )
        msg = (
            f"Expected presentations before {test!r} to train on, found none: it is the first one; {advice}."
        )
        raise ConfigError(msg)
    first = chosen.as_of(WEEKS[0])
    if strict and min(one.first_end for one in before) >= first:
        msg = (
            f"Expected a presentation that had ended before day {7 * WEEKS[0]} of {test} ({first.date()}) to train "
            f"on, but {examples(one.name for one in before)} had not; use --embargo none, or test on a later "
            "presentation."
        )
        raise DataError(msg)
    return chosen, before


def still_running(test: Presentation, before: Sequence[Presentation]) -> tuple[str, ...]:
    """Name the training presentations whose results were not all known when the test students were first scored."""
    return tuple(one.name for one in before if one.last_end >= test.as_of(WEEKS[0]))

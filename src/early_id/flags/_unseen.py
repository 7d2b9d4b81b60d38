"""Enrolled students the panel has no row for: they are named with a reason, never skipped."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from early_id.district import District
from early_id.flags._year import school_year
from early_id.panel import Panel


def unseen(
    district: District, panel: Panel, as_of: pd.Timestamp, withheld: Mapping[str, str], *, by_school: bool
) -> pd.DataFrame:
    """Name the students with a current enrollment who are not in the panel of a date, and why.

    Parameters
    ----------
    withheld : mapping of school_id to reason
        Schools whose data did not arrive.
    by_school : bool
        A student in the panel of one school is looked for at every other school of an enrollment too.

    Returns
    -------
    pandas.DataFrame
        school_id, student_id, as_of, reason.
    """
    spells = district.frame("enrollments")
    year = school_year(district.frame("calendar"), as_of)["school_year"].max()
    current = (
        (spells["school_year"] == year)
        & (spells["known_at"] <= as_of)
        & ~(spells["retracted_at"] <= as_of)
        & (spells["entered_on"] <= as_of)
        & ~(spells["left_on"] < as_of)
    )
    keys = ["student_id", "school_id"] if by_school else ["student_id"]
    rows = panel.frame
    spells = spells[current].sort_values(
        ["primary", "entered_on", "school_id"], ascending=[False, False, True]
    )
    spells = spells.drop_duplicates(keys)
    known = pd.MultiIndex.from_frame(rows[keys])
    found = spells[~pd.MultiIndex.from_frame(spells[keys]).isin(known)]
    in_session = set(rows["school_id"])

    def reason(school: str, primary: bool) -> str:
        if school in withheld:
            return withheld[school]
        if school not in in_session:
            return "the school is not in session"
        return (
            "not enrolled on the school's last school day" if primary else "no primary enrollment on record"
        )

    return pd.DataFrame(
        {
            "school_id": found["school_id"].astype("str"),
            "student_id": found["student_id"].astype("str"),
            "as_of": pd.Series(as_of, found.index).astype("datetime64[us]"),
            "reason": pd.Series(
                [reason(*pair) for pair in zip(found["school_id"], found["primary"], strict=True)],
                found.index,
                dtype="str",
            ),
        }
    )

"""What earlier lists say about this one: who is new, who stays, who came back, who is no longer on it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from early_id.exceptions import DataError

#: No list has been sent before.
NO_HISTORY = pd.DataFrame(
    {
        "student_id": pd.Series(dtype="str"),
        "school_id": pd.Series(dtype="str"),
        "as_of": pd.Series(dtype="datetime64[us]"),
    }
)
#: Lists older than this belong to another school year and do not make a student "returned".
MEMORY_DAYS = 200


def earlier_lists(folder: Path, as_of: pd.Timestamp) -> pd.DataFrame:
    """Read who was listed on earlier dates from the folders `as_of=YYYY-MM-DD` of published lists.

    Parameters
    ----------
    folder : Path
        Where lists are published; it may not exist yet.
    as_of : pandas.Timestamp
        Only lists of earlier dates are read, so that publishing a date again gives the same bytes.

    Returns
    -------
    pandas.DataFrame
        student_id, school_id, as_of.
    """
    parts = [NO_HISTORY]
    for week in sorted(folder.glob("as_of=????-??-??")):
        day = pd.Timestamp(week.name.removeprefix("as_of="))
        if day < as_of and (as_of - day).days <= MEMORY_DAYS:
            if not (week / "manifest.json").is_file():
                msg = (
                    f"Expected a manifest.json in the published lists {week.name}, found none; the folder is not "
                    "complete: restore it or remove it before publishing a later week."
                )
                raise DataError(msg)
            parts += [
                pd.read_parquet(file, columns=["student_id", "school_id", "as_of"])
                for file in sorted(week.glob("school=*.parquet"))
            ]
    history = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return history.assign(as_of=pd.to_datetime(history["as_of"]).astype("datetime64[us]"))


def with_status(lists: pd.DataFrame, earlier: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Add `status` and `weeks_listed`, this week included.

    new: never listed before; continuing: on the list of the date before; returned: listed before, but not then.
    """
    before = earlier[earlier["as_of"] < as_of]
    last = before["as_of"].max()
    weeks = before.groupby("student_id")["as_of"].nunique()
    recent = set(before.loc[before["as_of"] == last, "student_id"])
    counts = lists["student_id"].map(weeks).fillna(0).astype("int64")
    status = (
        pd.Series("returned", lists.index)
        .mask(counts == 0, "new")
        .mask(lists["student_id"].isin(recent), "continuing")
    )
    return lists.assign(status=status, weeks_listed=counts + 1)


def resolved_since(
    lists: pd.DataFrame, rows: pd.DataFrame, earlier: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """List those of the date before who are not on a list now, and why."""
    before = earlier[earlier["as_of"] < as_of]
    last = before[before["as_of"] == before["as_of"].max()]
    gone = last[~last["student_id"].isin(lists["student_id"])].sort_values(["school_id", "student_id"])
    scored = set(rows.loc[rows["score"].notna(), "student_id"])
    present = set(rows["student_id"])
    reason = [
        "others rank before the student this week"
        if student in scored
        else "no score this week, see not_scored"
        if student in present
        else "no longer enrolled"
        for student in gone["student_id"]
    ]
    return pd.DataFrame(
        {
            "school_id": gone["school_id"].astype("str"),
            "student_id": gone["student_id"].astype("str"),
            "as_of": pd.Series(as_of, gone.index).astype("datetime64[us]"),
            "last_listed": gone["as_of"],
            "reason": pd.Series(reason, gone.index, dtype="str"),
        }
    ).reset_index(drop=True)

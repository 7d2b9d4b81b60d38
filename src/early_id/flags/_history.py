"""What earlier lists say about this one: who is new, who stays, who came back, who is no longer on it."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

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
_WEEK = re.compile(r"as_of=(\d{4}-\d{2}-\d{2})")


def published_weeks(folder: Path) -> dict[pd.Timestamp, Path]:
    """Find the folders `as_of=YYYY-MM-DD` of published lists, oldest first; other names are somebody else's."""
    weeks = {}
    for path in sorted(folder.glob("as_of=*")):
        name = _WEEK.fullmatch(path.name)
        day = pd.to_datetime(name[1], errors="coerce") if name else pd.NaT
        if not pd.isna(day):
            weeks[pd.Timestamp(day)] = path
    return weeks


def read_manifest(week: Path) -> dict[str, Any]:
    """Read what a published week says of itself.

    Raises
    ------
    DataError
        If there is no manifest, or it is not one.
    """
    file = week / "manifest.json"
    what = "found none"
    try:
        manifest: dict[str, Any] = json.loads(file.read_bytes())
        if isinstance(manifest["files"], dict):
            return manifest
        what = "found other content"
    except OSError:
        pass
    except (ValueError, KeyError, TypeError, RecursionError):
        what = "found other content"
    msg = (
        f"Expected a manifest.json in the published lists {week.name}, {what}; the folder is not complete: restore it "
        "or remove it before publishing."
    )
    raise DataError(msg)


def read_published(week: Path, name: str, digest: object) -> bytes:
    """Read a file of a published week, which must be as it was published.

    Raises
    ------
    DataError
        If it is gone or was changed.
    """
    file = week / name
    content = file.read_bytes() if file.is_file() else None
    if content is None or hashlib.sha256(content).hexdigest() != digest:
        got = "found none" if content is None else "got other bytes"
        msg = (
            f"Expected {name} in {week.name} as it was published, {got}; restore it from a backup: published lists are "
            "never changed."
        )
        raise DataError(msg)
    return content


def earlier_lists(folder: Path, as_of: pd.Timestamp, *, since: pd.Timestamp | None = None) -> pd.DataFrame:
    """Read who was listed on earlier dates from the folders `as_of=YYYY-MM-DD` of published lists.

    Parameters
    ----------
    folder : Path
        Where lists are published; it may not exist yet.
    as_of : pandas.Timestamp
        Only lists of earlier dates are read, so that publishing a date again gives the same bytes.
    since : pandas.Timestamp, optional
        Lists before this day are left out: those of another school year do not make a student "returned".

    Returns
    -------
    pandas.DataFrame
        student_id, school_id, as_of.

    Raises
    ------
    DataError
        If an earlier week is incomplete or was changed after it was published.
    """
    parts = [NO_HISTORY]
    for day, week in published_weeks(folder).items():
        if day < as_of and (since is None or day >= since):
            files = read_manifest(week)["files"]
            parts += [
                pd.read_parquet(
                    io.BytesIO(read_published(week, name, files[name])),
                    columns=["student_id", "school_id", "as_of"],
                )
                for name in sorted(files)
                if name.startswith("school=") and name.endswith(".parquet")
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
    """List those of the date before who are not on their school's list now, and why.

    School by school: the team of the school a student leaves is told that, and not whether another school lists them.
    """
    before = earlier[earlier["as_of"] < as_of]
    last = before[before["as_of"] == before["as_of"].max()]
    pair = ["school_id", "student_id"]
    listed = pd.MultiIndex.from_frame(lists[pair])
    gone = last[~pd.MultiIndex.from_frame(last[pair]).isin(listed)].sort_values(pair)
    scored = set(rows.loc[rows["score"].notna(), pair].itertuples(index=False, name=None))
    present = set(rows[pair].itertuples(index=False, name=None))
    anywhere = set(rows["student_id"])
    reason = [
        "others rank before the student this week"
        if (school, student) in scored
        else "no score this week, see not_scored"
        if (school, student) in present
        else "enrolled at another school now"
        if student in anywhere
        else "no longer enrolled"
        for school, student in zip(gone["school_id"], gone["student_id"], strict=True)
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

"""The account of every file: each row went on, was held back, or was left out with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from early_id.district._intake import FILE, LINE
from early_id.district._rows import Rows
from early_id.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from early_id.district._judge import Judgement

_COLUMNS = ["file", "rows_in", "rows_out", "quarantined", "ignored", "ignored_because"]
_FILE_BITS = np.int64(40)  # a file of a trillion rows is none we shall see

Keys = npt.NDArray[np.int64]


def files_frame(found: Judgement) -> pd.DataFrame:
    """Count, file by file, what became of its rows.

    A row counts as quarantined if anything that came of it was, and as out if all that came of it went on. Each of the
    numbers is counted on its own, so that rows_in = rows_out + quarantined + ignored is a finding and no definition.

    Returns
    -------
    pandas.DataFrame
        One row per file: file, rows_in, rows_out, quarantined, ignored, ignored_because.

    Raises
    ------
    DataError
        If the numbers of a file do not add up.
    """
    kept = _keys(*found.good.values())
    held = _distinct(*(_at(index, part) for index, lines in found.bad_lines.items() for part in lines))
    left = (found.intake.rows[name] for name in found.unjudged if name in found.intake.rows)
    waiting = _keys(*left)
    kept, held, waiting = _with_fed(found.intake.fed, kept, held, waiting)
    kept = np.setdiff1d(kept, held, assume_unique=True) if len(held) else kept
    if len(waiting):  # ten million rows are not looked through for none
        waiting = np.setdiff1d(waiting, np.concatenate([kept, held]), assume_unique=True)
    counts = [_per_file(keys, len(found.intake.files)) for keys in (kept, held, waiting)]
    rows = []
    for index, file in enumerate(found.intake.files):
        out, quarantined, unjudged = (int(count[index]) for count in counts)
        left_out = dict(file.ignored)
        if unjudged:
            left_out[f"not judged: {found.stopped_at} has no good row"] = unjudged
        rows.append((file.name, file.rows_in, out, quarantined, sum(left_out.values()), _because(left_out)))
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    _refuse_imbalance(frame)
    return frame


def _because(left_out: Mapping[str, int]) -> str:
    return "; ".join(f"{reason} ({count})" for reason, count in left_out.items())


def _refuse_imbalance(frame: pd.DataFrame) -> None:
    off = frame[frame["rows_in"] != frame["rows_out"] + frame["quarantined"] + frame["ignored"]]
    for row in off.head(1).itertuples():
        msg = (
            f"Expected every row of {row.file} to be accounted for, but of {row.rows_in} rows {row.rows_out} went on, "
            f"{row.quarantined} were held back and {row.ignored} left out; the source that reads it has to be mended."
        )
        raise DataError(msg)


def _keys(*tables: Rows) -> Keys:
    """One number per distinct row of a file."""
    blocks = (block for rows in tables if rows.num_rows for block in rows.blocks([FILE, LINE]))
    return _distinct(*(_at(block[FILE].to_numpy(), block[LINE].to_numpy()) for block in blocks))


def _distinct(*parts: Keys) -> Keys:
    keys: Keys = np.concatenate([np.empty(0, np.int64), *parts])
    if (keys[1:] > keys[:-1]).all():  # rows mostly come in order, and ten million are not sorted for nothing
        return keys
    # Sorted: NumPy's own way to the distinct ones of such numbers, by hash, takes many times as long.
    keys.sort()
    first: Keys = keys[np.append(True, keys[1:] != keys[:-1])]
    return first


def _at(files: npt.ArrayLike, lines: npt.ArrayLike) -> Keys:
    return (np.asarray(files, np.int64) << _FILE_BITS) + np.asarray(lines, np.int64)


def _with_fed(fed: pa.Table | None, kept: Keys, held: Keys, waiting: Keys) -> tuple[Keys, Keys, Keys]:
    """Add the rows others were completed with to where those others are."""
    if fed is None or not fed.num_rows:
        return kept, held, waiting
    own = _at(fed[FILE].to_numpy(), fed[LINE].to_numpy())
    free = fed["to_line"].is_null().to_numpy()
    into = _at(fed["to_file"].fill_null(0).to_numpy(), fed["to_line"].fill_null(0).to_numpy())
    more = [own[~free & np.isin(into, keys)] for keys in (kept, held, waiting)]
    more[0] = np.concatenate([more[0], own[free]])
    kept, held, waiting = (
        _distinct(keys, add) for keys, add in zip((kept, held, waiting), more, strict=True)
    )
    return kept, held, waiting


def _per_file(keys: Keys, files: int) -> Keys:
    return np.bincount(keys >> _FILE_BITS, minlength=files)

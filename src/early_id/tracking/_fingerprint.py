"""Which data a model saw, in one hash per table."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def fingerprint(frames: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Tell two extracts of a district apart without keeping a row of either.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Tables by name.

    Returns
    -------
    dict
        Per table: ``rows``, ``columns`` (sorted names) and ``sha256``, a hash of all rows that does not
        depend on the order of rows or columns.

    Notes
    -----
    Every row is hashed to 64 bits with its columns in name order; the sorted row hashes are hashed with
    SHA-256.

    Examples
    --------
    >>> import pandas as pd
    >>> a = pd.DataFrame({"x": [1, 2], "y": ["b", "c"]})
    >>> fingerprint({"t": a}) == fingerprint({"t": a[["y", "x"]].iloc[::-1]})
    True
    >>> fingerprint({"t": a}) == fingerprint({"t": a.replace({"x": {2: 3}})})
    False
    """
    return {name: _one(frame) for name, frame in frames.items()}


def _one(frame: pd.DataFrame) -> dict[str, Any]:
    import pandas as pd

    columns = sorted(str(name) for name in frame.columns)
    digest = hashlib.sha256("\n".join(columns).encode())
    if len(frame) and columns:
        rows = pd.util.hash_pandas_object(frame[columns], index=False).to_numpy(dtype="<u8")
        digest.update(np.sort(rows).tobytes())
    return {"rows": len(frame), "columns": columns, "sha256": digest.hexdigest()}

"""One run at a time writes to a folder, and knows what those before it wrote."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from early_id.exceptions import DataError

_LOCK = ".one_at_a_time"


@contextmanager
def in_turn(folder: Path, *, wait_seconds: float = 600) -> Iterator[None]:
    """Wait until no other process writes to a folder, and keep others waiting meanwhile.

    The lock is SQLite's own on an empty file: it holds on every system, and ends with the process that holds it,
    however that ends.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    wait_seconds : float
        How long to wait for another process.

    Raises
    ------
    DataError
        If another process does not finish in time.

    Examples
    --------
    >>> import tempfile
    >>> with in_turn(Path(tempfile.mkdtemp())):
    ...     pass  # write and register
    """
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + wait_seconds
    # Asked again every second: while SQLite itself waits, nothing can interrupt it.
    with closing(
        sqlite3.connect(folder / _LOCK, timeout=min(1.0, wait_seconds), isolation_level=None)
    ) as lock:
        while True:
            try:
                lock.execute("BEGIN EXCLUSIVE")
                break
            except sqlite3.OperationalError as error:
                if time.monotonic() >= until:
                    msg = (
                        f"Expected to write to {str(folder)!r}, got: another run has been writing "
                        f"there for {wait_seconds:.0f} seconds ({error}); run this again when it has ended."
                    )
                    raise DataError(msg) from error
        yield

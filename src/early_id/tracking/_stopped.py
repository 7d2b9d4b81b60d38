"""A request to end (SIGTERM) as an exception, so that what is open is closed in order."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

#: What a shell reports of a process that a signal ended: 128 and the signal's number.
_EXIT_CODE = 128 + signal.SIGTERM


@contextmanager
def ends_in_order() -> Iterator[None]:
    """Let SIGTERM unwind the `with` blocks inside, as Ctrl-C does, and end the process with exit code 143.

    Without it Python ends at once, and a run that was open reads "running" for ever. A handler that somebody else has
    set is left alone, as is everything in a thread, which gets no signals. An engine that reports a stop as an error of
    its own ("Query interrupted", raised from KeyboardInterrupt) is understood: the stop goes on as what it was.

    Examples
    --------
    >>> before = signal.getsignal(signal.SIGTERM)
    >>> with ends_in_order():
    ...     pass  # the work
    >>> signal.getsignal(signal.SIGTERM) is before
    True
    """
    main = threading.current_thread() is threading.main_thread()
    ours = main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, _end)
    try:
        yield
    except Exception as error:
        stop = _stop_behind(error)
        if stop is None:
            raise
        raise stop from None
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _stop_behind(error: BaseException | None) -> BaseException | None:
    """Find the wish to stop that an error was raised from; None where there is none."""
    while isinstance(error, Exception):
        error = error.__cause__
    return error


def _end(_: int, __: FrameType | None) -> NoReturn:
    # Asked twice it still closes what is open only once.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(_EXIT_CODE)

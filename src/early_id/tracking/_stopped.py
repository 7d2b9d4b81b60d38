"""A request to end (Ctrl-C, SIGTERM) as an exception that is not lost, so that what is open is closed in order."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

#: What a shell reports of a process that a signal ended: 128 and the signal's number.
_EXIT_CODE = 128 + signal.SIGTERM
#: Seconds until a stop that was lost is asked for again: a finalizer has ended by then.
_AGAIN = 0.05


@contextmanager
def ends_in_order() -> Iterator[None]:
    """Let SIGTERM unwind the `with` blocks inside, as Ctrl-C does, and end the process with exit code 143.

    Without it Python ends at once, and a run that was open reads "running" for ever. A handler that somebody else has
    set is left alone, as is everything in a thread, which gets no signals. An engine that reports a stop as an error of
    its own ("Query interrupted", raised from KeyboardInterrupt) is understood: the stop goes on as what it was. So is
    a stop that arrives inside a finalizer, where Python prints and forgets what is raised: it is asked for again.

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
        with _no_stop_lost() if main else nullcontext():
            yield
    except Exception as error:
        stop = _stop_behind(error)
        if stop is None:
            raise
        raise stop from None
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def _no_stop_lost() -> Iterator[None]:
    """Ask again for a stop that was raised where Python ignores what is raised; at the latest when the work is done."""
    lost: list[BaseException] = []
    timers: list[threading.Timer] = []
    main = threading.get_ident()
    before = sys.unraisablehook

    def again(ignored: sys.UnraisableHookArgs) -> None:
        number = _number(ignored.exc_value)
        if number is None:
            before(ignored)
            return
        lost[:] = [ignored.exc_value or KeyboardInterrupt()]
        if number == signal.SIGTERM:
            signal.signal(number, _end)
        # A signal of its own, so that what waits for something is woken too.
        timers.append(threading.Timer(_AGAIN, signal.pthread_kill, [main, number]))
        timers[-1].daemon = True
        timers[-1].start()

    sys.unraisablehook = again
    try:
        yield
        if lost:
            raise lost[0].with_traceback(None)
    finally:
        sys.unraisablehook = before
        for timer in timers:
            timer.cancel()


def _number(raised: BaseException | None) -> signal.Signals | None:
    """Tell which signal raised this in the main thread; None where it is no stop."""
    if threading.current_thread() is not threading.main_thread():
        return None
    if isinstance(raised, KeyboardInterrupt):
        return signal.SIGINT
    return signal.SIGTERM if isinstance(raised, SystemExit) and raised.code == _EXIT_CODE else None


def _stop_behind(error: BaseException | None) -> BaseException | None:
    """Find the wish to stop that an error was raised from; None where there is none."""
    while isinstance(error, Exception):
        error = error.__cause__
    return error


def _end(_: int, __: FrameType | None) -> NoReturn:
    # Asked twice it still closes what is open only once.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(_EXIT_CODE)

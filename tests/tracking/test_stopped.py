from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from early_id.tracking import Tracker, ends_in_order

ENDS = """
import os, signal, sys
from early_id.tracking import ends_in_order
try:
    with ends_in_order():
        os.kill(os.getpid(), signal.SIGTERM)
finally:
    print("closed")
"""


def test_a_request_to_end_unwinds_what_is_open() -> None:
    done = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGTERM, "closed\n", "")


def _reported(stop: BaseException) -> None:
    """Raise what an engine makes of a stop in the middle of a query."""
    try:
        raise RuntimeError("Query interrupted") from stop
    except RuntimeError as error:
        raise ValueError("no panel") from error


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(143)])
def test_a_stop_that_an_engine_reports_as_an_error_is_a_stop(tracker: Tracker, stop: BaseException) -> None:
    with pytest.raises(type(stop)), tracker.run("asked the engine") as run, ends_in_order():
        _reported(stop)
    assert tracker.client.get_run(run.run_id).info.status == "KILLED"


def test_any_other_error_stays_what_it_is(tracker: Tracker) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match="no panel"), tracker.run("broken") as run, ends_in_order():
        raise ValueError("no panel") from RuntimeError("no rows")
    assert tracker.client.get_run(run.run_id).info.status == "FAILED"
    assert signal.getsignal(signal.SIGTERM) is before


LOSES = """
import os, signal, sys, time
from early_id.tracking import ends_in_order
signal.signal(signal.SIGINT, signal.default_int_handler)

class Closing:
    def __del__(self):
        os.kill(os.getpid(), int(sys.argv[1]))
        [None for _ in range(1000)]  # the handler runs here, and what it raises is ignored

try:
    with ends_in_order():
        Closing()
        print("went on")
        time.sleep(float(sys.argv[2]))
        print("worked to the end")
    print("was not stopped")
finally:
    print("closed")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("work", "said"), [(20, ""), (0, "worked to the end\n")])
def test_a_stop_inside_a_finalizer_is_not_lost(number: signal.Signals, work: float, said: str) -> None:
    command = [sys.executable, "-c", LOSES, str(int(number)), str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == f"went on\n{said}closed\n"
    assert "ignored" not in done.stderr
    # Python ends itself by SIGINT when KeyboardInterrupt is not caught.
    assert done.returncode == (128 + number if number == signal.SIGTERM else -number)

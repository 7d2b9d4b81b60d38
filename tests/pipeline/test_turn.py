"""Of two trainings at once one waits, and nobody waits for ever."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from early_id.exceptions import DataError
from early_id.pipeline._turn import in_turn

HOLDS = """
import sys, time
from pathlib import Path
from early_id.pipeline._turn import in_turn
with in_turn(Path(sys.argv[1])):
    print("in", flush=True)
    time.sleep(600)
"""


def test_two_are_never_inside_together(tmp_path):
    inside, most = 0, []

    def work():
        nonlocal inside
        for _ in range(20):
            with in_turn(tmp_path / "models"):
                inside += 1
                most.append(inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 60
    assert set(most) == {1}


def test_an_error_inside_lets_the_next_one_in(tmp_path):
    with pytest.raises(ZeroDivisionError), in_turn(tmp_path):
        _ = 1 / 0
    with in_turn(tmp_path, wait_seconds=0):
        pass


def test_a_process_that_is_gone_holds_nobody_up(tmp_path):
    """Killed outright it cannot tidy up; the lock ends with it."""
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout.readline() == b"in\n"
            with (
                pytest.raises(DataError, match=r"another run has been writing there .* run this again"),
                in_turn(tmp_path, wait_seconds=0.1),
            ):
                pass
        finally:
            other.kill()
    with in_turn(tmp_path, wait_seconds=5):
        pass

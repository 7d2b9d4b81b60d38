from __future__ import annotations

import subprocess
import sys

import pytest

_ASK = "SELECT current_setting('enable_progress_bar'), current_setting('enable_progress_bar_print')"


@pytest.mark.parametrize(
    "engine",
    [
        "from early_id.district import District; db = District.from_frames({}).signals.connection.con",
        "from early_id.district._judge import judge; from early_id.district._intake import Intake; "
        "import datetime; db = judge(Intake((), {}), datetime.date(2024, 9, 30)).connection",
    ],
    ids=["district", "check"],
)
def test_no_progress_bar_is_printed_where_python_was_not_started_with_a_file(engine):
    """DuckDB takes `python -c` and a notebook for a person at a prompt, and prints its bar even into a pipe."""
    code = f'{engine}; print(db.execute("{_ASK}").fetchall())'
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[(False, False)]\n"

"""What all tests share: one small simulated county."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import settings

# A busy machine is no failure of a property.
settings.register_profile("early_id", deadline=None)
settings.load_profile("early_id")
sys.path.insert(0, str(Path(__file__).parent / "panel"))


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """Give each engine one thread: the workers of a test run share the processors already."""
    connect = duckdb.connect

    def narrow(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.execute("SET threads = 1")
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", narrow)
        yield


@pytest.fixture(scope="session")
def simulated():
    """Four school years of about 600 students in 3 districts, with the truth."""
    from early_id.district import simulate_tables

    return simulate_tables(students=600, schools=6, districts=3, seed=11)


@pytest.fixture(scope="session")
def county(simulated):
    """The simulated county as a district."""
    from early_id.district import District

    return District.from_frames(simulated.tables)

"""One tracking store for all tests of this room, because creating it takes seconds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from tracking_parts import make_document

from early_id.models import AdditiveModel
from early_id.tracking import Document, Tracker, register_candidate, write

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    tracker = Tracker(tmp_path_factory.mktemp("a store"))
    assert tracker.client is tracker.client
    return tracker.uri


@pytest.fixture
def tracker(store: str) -> Tracker:
    """The shared store with an experiment and a registered model of its own."""
    number = next(_NUMBERS)
    return Tracker(store, f"experiment {number}", model=f"model_{number}")


@pytest.fixture
def registered(tracker: Tracker) -> Callable[..., AdditiveModel]:
    """Log a run with a document and register it as the candidate."""

    def register(shift: float = 0.0) -> AdditiveModel:
        document = make_document(shift)
        with tracker.run("additive") as run:
            write([Document(document)], run)
        register_candidate(document, tracker=tracker, run_id=run.run_id)
        return document

    return register

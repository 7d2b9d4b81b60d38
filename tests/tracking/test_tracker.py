from __future__ import annotations

import math
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from early_id.exceptions import ConfigError
from early_id.tracking import Metrics, Params, Tag, Tracker, write


def test_a_folder_a_file_and_an_address_name_the_same_store(tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    same = {Tracker(tmp_path).uri, Tracker(str(database)).uri, Tracker(f"sqlite:///{database}").uri}
    assert same == {f"sqlite:///{database}"}
    assert Tracker("https://mlflow.county.example").database is None


def test_nothing_is_created_before_first_use(tmp_path: Path) -> None:
    Tracker(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_run_keeps_what_was_written(tracker: Tracker) -> None:
    with tracker.run("weekly", tags={"week": "12"}) as run:
        write(
            [
                Params({"a": {"b": 1}}),
                Metrics({"auroc at 5%": 0.1 + 0.2, "slope": math.nan}),
                Tag("role", "x"),
            ],
            run,
        )
        run.file("deep/er/notes.txt", "ä".encode())
    assert tracker.params(run.run_id) == {"a.b": "1"}
    metrics = tracker.metrics(run.run_id)
    assert metrics["auroc at 5_"] == 0.1 + 0.2
    assert math.isnan(metrics["slope"])
    assert tracker.read(run.run_id, "deep/er/notes.txt") == "ä".encode()
    stored = tracker.client.get_run(run.run_id)
    assert stored.info.status == "FINISHED"
    assert {"week": "12", "role": "x"}.items() <= stored.data.tags.items()


def test_a_run_that_breaks_is_marked_failed(tracker: Tracker) -> None:
    with pytest.raises(ZeroDivisionError), tracker.run("broken") as run:
        _ = 1 / 0
    assert tracker.client.get_run(run.run_id).info.status == "FAILED"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_run_that_somebody_stops_is_marked_killed(tracker: Tracker, stop: type[BaseException]) -> None:
    with pytest.raises(stop), tracker.run("parent") as parent, tracker.run("child", parent=parent) as child:
        raise stop
    assert {tracker.client.get_run(run.run_id).info.status for run in (parent, child)} == {"KILLED"}


def test_a_run_has_a_page_and_a_command_that_shows_it(tracker: Tracker) -> None:
    with tracker.run("one") as run:
        pass
    stored = tracker.client.get_run(run.run_id)
    assert run.page == f"http://127.0.0.1:5000/#/experiments/{stored.info.experiment_id}/runs/{run.run_id}"
    # A path with a space in it reaches the server as one word.
    assert shlex.split(tracker.server_command) == ["mlflow", "server", "--backend-store-uri", tracker.uri]


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    tracker = Tracker("http://county:secret@127.0.0.1:9")
    with pytest.raises(ConfigError, match=r"Expected a tracking server .* start it, or correct") as caught:
        _ = tracker.client
    assert "secret" not in str(caught.value)
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ
    assert tracker.server_command == ""


def test_limits_of_mlflow_are_kept(tracker: Tracker) -> None:
    with tracker.run("large") as run:
        write([Params({f"p{i}": i for i in range(250)} | {"long": "x" * 7000, "k" * 300: 1})], run)
        write([Metrics({f"m{i}": i for i in range(2500)}), Tag("t", "y" * 9000)], run)
    params = tracker.params(run.run_id)
    assert len(params) == 252
    assert params["long"].endswith("... (7000 characters, cut)")
    assert len(tracker.metrics(run.run_id)) == 2500


def test_a_deleted_experiment_is_restored(tracker: Tracker, store: str) -> None:
    tracker.client.delete_experiment(tracker.experiment_id)
    again = Tracker(store, tracker.experiment)
    assert again.experiment_id == tracker.experiment_id
    with again.run("after"):
        pass


def test_what_is_not_there_is_named(tracker: Tracker) -> None:
    with tracker.run("empty") as run:
        pass
    with pytest.raises(ConfigError, match=r"the file 'none\.txt' in run"):
        tracker.read(run.run_id, "none.txt")
    with pytest.raises(ConfigError, match=r"there is no run 'nowhere'"):
        tracker.reopen("nowhere")


def test_a_database_that_is_none(tmp_path: Path) -> None:
    text = tmp_path / "notes.db"
    text.write_text("not a database at all")
    with pytest.raises(ConfigError, match=r"Expected a SQLite database at .* another kind of file"):
        _ = Tracker(text).client
    folder = tmp_path / "folder.db"
    folder.mkdir()
    with pytest.raises(ConfigError, match=r"got a folder"):
        _ = Tracker(folder).client
    with pytest.raises(ConfigError, match=r"Expected a folder that can be written"):
        _ = Tracker(text / "below" / "mlflow.db").client


_QUIET = """
import sys, warnings
warnings.simplefilter("error")
from early_id.tracking import Tracker, Metrics, register_candidate, write
tracker = Tracker(sys.argv[1])
with tracker.run("one") as run:
    write([Metrics({"a": 1.0})], run)
from tracking_parts import make_document
register_candidate(make_document(), tracker=tracker, run_id=run.run_id)
"""


@pytest.mark.slow
def test_a_first_use_says_nothing_and_leaves_nothing_elsewhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _QUIET, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={
            "PYTHONPATH": f"{Path(__file__).parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
            "PATH": "",
            "HOME": str(tmp_path),
        },
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["mlartifacts", "mlflow.db"]
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["store"]


@pytest.mark.slow
def test_two_processes_may_create_the_store_together(tmp_path: Path) -> None:
    code = (
        "import sys; from early_id.tracking import Tracker\nwith Tracker(sys.argv[1]).run(sys.argv[2]): pass"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in ("a", "b")]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    tracker = Tracker(tmp_path)
    assert {run.info.run_name for run in tracker.client.search_runs([tracker.experiment_id])} == {"a", "b"}


_SILENT = """
import sys
from early_id.tracking import Tracker, load_document, version_of
assert version_of("@champion", Tracker(sys.argv[1])) is None
from mlflow.telemetry import get_telemetry_client
assert get_telemetry_client() is None, "usage reports are on"
"""


@pytest.mark.slow
def test_mlflow_reports_nothing_to_its_makers(store: str, tmp_path: Path) -> None:
    """With a bare environment, since MLflow is silent under a test runner anyway; the first call imports MLflow."""
    clean = {"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    done = subprocess.run(
        [sys.executable, "-c", _SILENT, store], env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_room_loads_mlflow_only_on_use() -> None:
    code = (
        "import sys, early_id.tracking as room\n"
        "for name in room.__all__: getattr(room, name)\n"
        "room.Tracker('somewhere')\n"
        "sys.exit(any(heavy in sys.modules for heavy in ('mlflow', 'sqlalchemy', 'shap', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

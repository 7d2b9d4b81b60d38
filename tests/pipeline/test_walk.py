"""Every command of the README and of docs/retraining.md, in their order, as a data scientist types them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pandas as pd
import pytest
import yaml

from early_id.cli import main
from early_id.cli._app import SHORT
from early_id.config import load_config
from early_id.district import read_district
from early_id.pipeline import train
from early_id.pipeline._tracker import tracker_of
from early_id.tracking import gate_cells, load_document, version_of

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SMALL = ["--students", "300", "--schools", "3", "--districts", "1"]
CONFIG = "configs/chronic_absence.yaml"
A_YEAR_AGO = pd.Timestamp("2024-02-04")


def commands(page: str, start: str) -> list[list[str]]:
    """The commands of the code blocks of a page in which a line begins with `start`."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = [own for kind, own in re.findall(r"^```(\w*)\n(.*?)^```", text, re.S | re.M) if not kind]
    blocks = [block for block in blocks if f"\n{start}" in f"\n{block}"]
    found = []
    for line in "".join(blocks).replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words:
            found.append(words)
    return found


@pytest.fixture
def typed(monkeypatch, capsys):
    """Run a command as it is typed; what it printed. Sign-offs name every group the audit asks for."""

    def run(words: list[str]) -> str:
        assert words[0] == "early-id"
        if words[1] == "promote":
            words = [*words, *named(words)]
        monkeypatch.setattr(sys, "argv", words)
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        assert code == 0, (words, err)
        return out

    def named(words: list[str]) -> list[str]:
        cells = gate_cells(Path(words[words.index("--audit") + 1]).read_text())
        options = []
        for option, needed in cells.items():
            for group in dict.fromkeys(cell.group_name for cell in needed):
                options += [f"--{option}", f"{group}: simulated, seen by hand"]
        return options

    return run


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """As much of a fresh clone as the commands need."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_walk_of_the_readme(clone, typed):
    walk = commands("README.md", "early-id simulate")
    assert walk.pop(0) == [".", ".venv/bin/activate"]
    assert [words[1] for words in walk] == [
        "simulate",
        "check",
        "train",
        "audit",
        "promote",
        "flag",
        "explain",
    ]
    assert walk[2] == ["early-id", "train", CONFIG]
    for words in walk:
        said = typed([*words, *SMALL] if words[1] == "simulate" else words)
        if words[1] == "train":
            assert re.search(
                r"^Run page: http://127\.0\.0\.1:5000/#/experiments/\d+/runs/\w{32}$", said, re.M
            )
            assert (
                f"To see it, first: mlflow server --backend-store-uri sqlite:///{clone}/county/mlflow.db"
                in said
            )
            assert "There is no champion yet to compare with." in said
    assert {path.name for path in clone.iterdir()} == {"configs", "county"}
    made = {path.name for path in (clone / "county").iterdir()}
    assert made == {"exports", "clean", "models", "mlflow.db", "mlartifacts", "audit", "flags", "explained"}
    assert (clone / "county" / "flags" / "chronic_absence" / "as_of=2025-02-09").is_dir()


def as_of_then(tables: Path, out: Path) -> None:
    """What the exports held a year ago: records known by then, retractions not yet known taken back."""
    out.mkdir(parents=True)
    for file in tables.glob("*.parquet"):
        rows = pd.read_parquet(file)
        if file.stem == "truth":
            continue
        for column in ("known_at", "day"):
            if column in rows and file.stem != "calendar":
                rows = rows[pd.to_datetime(rows[column]) <= A_YEAR_AGO]
        if file.stem == "calendar":
            rows = rows[rows["school_year"] <= A_YEAR_AGO.year]
        if "retracted_at" in rows:
            rows["retracted_at"] = rows["retracted_at"].where(
                pd.to_datetime(rows["retracted_at"]) <= A_YEAR_AGO
            )
        rows.to_parquet(out / file.name, index=False)


def answers(words: list[str], page: str) -> None:
    """Start a server as the page says, on a free port, and see that it shows the page of a run."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", *words, "--port", str(port), "--workers", "1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
    )  # fmt: skip
    address = page.replace(":5000", f":{port}")
    run = f"http://127.0.0.1:{port}/api/2.0/mlflow/runs/get?run_id={page.rsplit('/', 1)[1]}"
    try:
        for _ in range(600):
            try:
                for asked in (address, run):
                    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
                        assert answer.status == 200
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        pytest.fail("the server never answered")
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # the server and its workers: a group of their own
        process.wait(timeout=60)


def test_a_new_school_year_from_the_exports_to_the_promotion(clone, typed):
    loop = commands("docs/retraining.md", "early-id check")
    assert [words[1] for words in loop] == ["check", "train", "audit", "promote"]
    looks = commands("docs/retraining.md", "early-id explain")
    typed(["early-id", "simulate", "all_years", *SMALL, "--years", "5"])
    as_of_then(clone / "all_years", clone / "county" / "exports")
    for words in loop:
        typed(words)
    tracker = tracker_of(load_config(CONFIG))
    old = load_document("@champion", tracker)
    assert old.provenance["train_years"] == (2022,)

    shutil.rmtree("county/exports")
    shutil.copytree("all_years", "county/exports")
    said = {words[1]: typed(words) for words in loop[:3]}
    new = load_document("@candidate", tracker)
    assert new.provenance["train_years"] == (2022, 2023)
    lines = said["train"].splitlines()
    first = next(
        n for n, line in enumerate(lines) if line.startswith("Candidate against champion, where the outcome")
    )
    chosen = next(n for n, line in enumerate(lines) if line.startswith("Chosen: "))
    assert 2 < chosen - first <= SHORT
    assert re.search(r"champion +│", said["train"])
    changes = old.diff(new)
    folder = clone / "county" / "models" / new.sha256[:12]
    whole = (folder / "diff.txt").read_text().splitlines()
    assert len(whole) == 2 + len(changes)
    assert lines[first + 2] in whole
    assert f"version 1: {len(changes)} changes" in whole[1]

    typed(looks[0])
    typed(loop[3])
    assert [version_of(alias, tracker)[0] for alias in ("@champion", "@previous")] == ["2", "1"]
    assert "Version 1 makes the lists again." in typed(looks[1])
    assert load_document("@champion", tracker) == old
    [server] = commands("docs/retraining.md", "mlflow server")
    page = re.search(r"^Run page: (\S+)$", said["train"], re.M)[1]
    answers(server, page)


@pytest.mark.parametrize("name", ["course_failure", "suspension", "dropout"])
def test_every_other_configuration_trains(clone, typed, name):
    """With an outcome on record for the one that needs it: the simulator writes only who left."""
    typed(["early-id", "simulate", "county/exports", *SMALL])
    typed(["early-id", "check", "county/exports", "--out", "county/clean"])
    file = clone / "configs" / f"{name}.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["training"] = {"every_weeks": 4, "learners": ["monotone"], "ceiling": False, "bags": 0}
    file.write_text(yaml.safe_dump(settings))
    config = load_config(file)
    if name == "dropout":
        enrolled = read_district(config.district.path).frame("enrollments").query("primary")
        rows = enrolled.drop_duplicates(["student_id", "school_year"])[
            ["student_id", "school_id", "school_year"]
        ]
        day = pd.to_datetime(rows["school_year"].astype(str) + "-05-20")
        left = rows["student_id"].str[-1].isin(list("012"))
        outcomes = rows[["student_id", "school_id"]].assign(
            outcome="dropout", occurred_on=day, value=left.map({True: "yes", False: "no"}), known_at=day,
            retracted_at=pd.NaT, known_at_assumed=False,
        )  # fmt: skip
        outcomes[outcomes["known_at"] <= "2025-02-01"].to_parquet(
            config.district.path / "outcomes.parquet", index=False
        )
    result = train(config)
    assert result.document.label == config.label.name
    tracker = tracker_of(config)
    assert tracker.model == f"early-id-{'outcome-' * (name == 'dropout')}{name.replace('_', '-')}"
    assert load_document("@candidate", tracker) == result.document

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from tracking_parts import make_document

from early_id.exceptions import ConfigError, DataError
from early_id.models import AdditiveModel
from early_id.tracking import Artifact, Document, ListSink, Metrics, Params, Table, Tag, write


def test_every_kind_of_item_reaches_the_sink(tmp_path: Path) -> None:
    document = make_document()
    file = tmp_path / "plot.svg"
    file.write_bytes(b"<svg/>")
    sink = ListSink()
    write(
        [
            Params({"learner": {"bins": 32, "directions": ["up", "down"]}, "label": None, "empty": {}}),
            Metrics({"auroc": 0.75, "brier": None, "slope": math.nan}, step=30),
            Tag("role", "learner"),
            Artifact("notes.txt", "text"),
            Artifact("plots/plot.svg", file),
            Document(document),
            Table("metrics.csv", pd.DataFrame({"school_id": ["S1"], "auroc": [0.1 + 0.2]})),
        ],
        sink,
    )
    assert sink.logged_params == {
        "learner.bins": "32",
        "learner.directions": "['up', 'down']",
        "label": "None",
        "empty": "{}",
    }
    assert sink.logged_metrics["auroc", 30] == 0.75
    assert math.isnan(sink.logged_metrics["slope", 30])
    assert ("brier", 30) not in sink.logged_metrics
    assert sink.tags == {"role": "learner", "document_sha256": document.sha256}
    assert sink.files["notes.txt"] == b"text"
    assert sink.files["plots/plot.svg"] == b"<svg/>"
    assert AdditiveModel.from_json(sink.files["model.json"]) == document
    assert sink.files["metrics.csv"] == b"school_id,auroc\nS1,0.30000000000000004\n"


def test_a_named_index_is_part_of_a_table() -> None:
    sink = ListSink()
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["S1", "S2"], name="school_id"))
    write([Table("t.csv", frame), Table("u.csv", frame.reset_index(drop=True))], sink)
    assert sink.files == {"t.csv": b"school_id,n\nS1,1\nS2,2\n", "u.csv": b"n\n1\n2\n"}


KEYED = pd.DataFrame({"student_id": ["a"], "score": [0.5]})


@pytest.mark.parametrize(
    "item",
    [
        Table("scores.csv", KEYED),
        Table("scores.csv", KEYED.set_index("student_id")),
        Table("scores.csv", KEYED.rename(columns={"student_id": "Student_ID"})),
        Table("scores.csv", KEYED.rename(columns={"student_id": "stu.student_id"})),
        Table("scores.csv", KEYED.rename(columns={"student_id": "adult_id"})),
        Artifact("scores.csv", KEYED.to_csv(index=False)),
        Artifact("scores.tsv", KEYED.to_csv(index=False, sep="\t")),
        Artifact("scores.json", KEYED.to_json(orient="records")),
        Artifact("scores.json", KEYED.to_json(orient="split")),
        Artifact("scores.json", json.dumps({"lists": [{"S1": [{"student_id": "a"}]}]})),
        Artifact("scores.parquet", KEYED.to_parquet()),
    ],
    ids=lambda item: f"{type(item).__name__} {item.path}",
)
def test_rows_of_students_are_refused(item: Table | Artifact) -> None:
    sink = ListSink()
    with pytest.raises(
        DataError, match=r"Expected no student rows in the tracking store, got '.*' in 'scores\."
    ):
        write([item], sink)
    assert sink.files == {}


def test_figures_about_students_are_no_rows_of_students() -> None:
    sink = ListSink()
    write(
        [
            Table("by_school.csv", pd.DataFrame({"school_id": ["S1"], "n_students": [30]})),
            Artifact("data.json", json.dumps({"enrollments": {"columns": ["student_id"], "rows": 3}})),
            Artifact("config.yaml", "columns:\n  student_id: LocalStudentID\n"),
        ],
        sink,
    )
    assert len(sink.files) == 3


@pytest.mark.parametrize("path", ["/etc/x.txt", "../x.txt", "a//b.txt", "", "a/./b", "a\\b"])
def test_a_path_outside_the_run_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match=r"relative artifact path"):
        Artifact(path, "x")


def test_wrong_items_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ends in '\.csv', got 'metrics'"):
        Table("metrics", KEYED)
    with pytest.raises(ConfigError, match=r"Expected a log item .* got dict"):
        write([{"auroc": 1.0}], ListSink())  # type: ignore[list-item]
    with pytest.raises(ConfigError, match=r"Expected a file to log as 'a.txt', found none"):
        write([Artifact("a.txt", tmp_path / "none")], ListSink())
    with pytest.raises(DataError, match=r"Expected JSON in 'a.json'"):
        write([Artifact("a.json", "{")], ListSink())

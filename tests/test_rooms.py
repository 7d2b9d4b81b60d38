"""The order of the rooms, what importing costs, and the promise that a group is never a feature."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import early_id
from early_id.district import District
from early_id.panel import CATALOG, build_panel

SOURCE = Path(early_id.__file__).parent
HEAVY = {
    "altair", "duckdb", "fairlearn", "ibis", "interpret", "jinja2", "matplotlib", "mlflow", "numba", "pandas", "pandera", "pyarrow",
    "pyspark", "scipy", "shap", "sklearn", "sqlalchemy", "typer", "vl_convert",
}  # fmt: skip


def loaded_after(code: str) -> set[str]:
    script = (
        f"{code}\nimport sys\nprint(' '.join(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_importing_the_library_loads_nothing_heavy():
    assert not loaded_after("import early_id") & HEAVY


def test_the_command_line_loads_only_what_it_prints_with():
    assert loaded_after("import early_id.cli") & HEAVY <= {"typer"}


def test_scoring_with_a_document_loads_neither_tracking_nor_shap_nor_a_learner():
    loaded = loaded_after("from early_id import AdditiveModel; AdditiveModel.from_json")
    assert not loaded & {"mlflow", "shap", "sklearn", "ibis", "fairlearn", "matplotlib"}


@pytest.mark.parametrize("room", sorted(path.parent.name for path in SOURCE.glob("*/__init__.py")))
def test_every_public_name_of_a_room_exists(room):
    module = __import__(f"early_id.{room}", fromlist=["__all__"])
    assert module.__all__ == sorted(module.__all__)
    assert len(module.__all__) > 0
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_the_top_level_names_exist():
    assert early_id.__all__ == sorted(early_id.__all__)
    for name in early_id.__all__:
        assert getattr(early_id, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        early_id.nothing  # noqa: B018


def test_only_the_tracking_room_imports_mlflow():
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] == "mlflow" for name in names):
                assert path.parent.name == "tracking", path


def test_the_panel_room_never_names_the_groups():
    """Neither as an attribute nor as the name of a table: the word does not occur in its code."""
    for path in (SOURCE / "panel").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Attribute) and node.attr == "groups"), path
            assert not (isinstance(node, ast.Constant) and node.value == "groups"), path


def test_the_connection_a_panel_is_built_from_holds_no_groups(county):
    assert "groups" not in county.signals.connection.list_tables()
    assert not hasattr(county.signals, "groups")


def test_changing_every_group_changes_no_feature(county):
    frames = {
        name: county.frame(name)
        for name in ("schools", "enrollments", "calendar", "absences", "attendance_feed")
    }
    groups = county.groups.assign(value="other")
    first = build_panel(District.from_frames(frames), as_of=["2025-01-12"]).frame
    second = build_panel(District.from_frames({**frames, "groups": groups}), as_of=["2025-01-12"]).frame
    assert first.equals(second)
    assert not set(CATALOG) & set(county.groups["attribute"])

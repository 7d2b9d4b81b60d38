from __future__ import annotations

import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

import early_id
from early_id.tracking import code_version, environment_lock


def test_the_code_s_version_changes_with_any_byte_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "early_id"
    shutil.copytree(Path(early_id.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    here = code_version()
    monkeypatch.setattr(early_id, "__file__", str(copy / "__init__.py"))
    assert code_version() == here
    seen = {here}
    for change in ("append", "rename"):
        file = copy / "config.py"
        file.write_text(file.read_text() + "\n") if change == "append" else file.rename(copy / "other.py")
        seen.add(code_version())
    assert len(seen) == 3


def test_the_environment_can_be_read_by_pip_and_holds_what_is_installed() -> None:
    comment, *pins = environment_lock().splitlines()
    assert comment.startswith("# Python 3.")
    names = [pin.partition("==")[0] for pin in pins]
    assert names == sorted(set(names))
    assert all(pin.count("==") == 1 and " " not in pin for pin in pins)
    assert {f"mlflow=={version('mlflow')}", f"early-id=={version('early-id')}"} <= set(pins)

"""The generated pages are those of the code, and the README names the two commands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from experiments import docs  # noqa: E402


@pytest.mark.parametrize("page", ["config", "features", "rules", "data", "learners"])
def test_a_generated_page_is_up_to_date(page):
    written = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert written == getattr(docs, f"{page}_page")(), "run `make docs`"


def test_the_readme_names_the_two_commands_and_every_room():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text
    for room in (ROOT / "src" / "early_id").glob("*/__init__.py"):
        assert f"`{room.parent.name}`" in text, room


@pytest.mark.slow
def test_the_readme_s_ten_lines_run():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    names: dict[str, object] = {}
    exec(compile(code.replace("students=1200", "students=600"), "README.md", "exec"), names)  # noqa: S102
    assert len(names["audit"].verdicts) > 0

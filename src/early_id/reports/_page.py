"""One self-contained page from a template, written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from early_id.exceptions import ConfigError
from early_id.reports._words import FILTERS

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment(*, markdown: bool) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("early_id.reports", "templates"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=as_markdown if markdown else None,
    )
    environment.filters.update(FILTERS)
    return environment


def render(template: str, content: dict[str, Any], *, script: str = "") -> str:
    """Fill a template of this room; a page runs the one script it comes with, and no other."""
    if script:
        text = _kept_together((files("early_id.reports") / "templates" / script).read_text(encoding="utf-8"))
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        content = {**content, "script": text, "script_hash": digest}
    environment = _environment(markdown=template.endswith(".md.j2"))
    return _kept_together(environment.get_template(template).render(content))


def _kept_together(text: str) -> str:
    """Keep a number and its percent sign on one line."""
    return re.sub(r"(?<=\d) (?=%)", "\u00a0", text)


def as_markdown(value: object) -> object:
    r"""Keep text as text in Markdown: no sign in it makes a table, a link, HTML or emphasis.

    >>> print(as_markdown("a|b <i> *c*"))
    a\|b &lt;i> \*c\*
    """
    if not isinstance(value, str):
        return value
    text = re.sub(r"([\\`*_\[\]|~#])", r"\\\1", " ".join(value.split()))
    return text.replace("&", "&amp;").replace("<", "&lt;")


def as_data(content: object) -> str:
    """Write JSON that may stand inside a page: no text in it can end the element it stands in.

    >>> "<" in as_data(["</script>"])
    False
    """
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def write_page(html: str, path: str | Path) -> Path:
    """Write a page so that a reader never meets half of one."""
    path = Path(path)
    if not path.parent.is_dir():
        msg = f"the folder {str(path.parent)!r} for the report {path.name!r} does not exist; make it first."
        raise ConfigError(msg)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(html)
        # mkstemp makes a private file; a report gets the rights any new file would get.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    return path

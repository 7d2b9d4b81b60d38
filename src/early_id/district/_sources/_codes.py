"""Code sets of the standards: data files of this room, which a district's mapping adds to."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb


@cache
def code_sets(source: str) -> Mapping[str, Mapping[str, Any]]:
    """Read the code sets a source comes with: set to code to meaning.

    >>> code_sets("edfi")["AttendanceEventCategory"]["Tardy"]
    'tardy'
    """
    text = resources.files(__package__).joinpath("codes", f"{source}.yaml").read_text(encoding="utf-8")
    # As text: the codes 010 and NO are no number and no truth value.
    sets: Mapping[str, Mapping[str, Any]] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - text only
    return sets


def use_codes(
    connection: duckdb.DuckDBPyConnection, source: str, own: Mapping[str, Mapping[str, str]] | None = None
) -> None:
    """Let queries ask what a code means: the macro `meaning(set, code)`, null where nobody says.

    Codes are looked up whatever their case; those of the district's mapping come before those of the standard.
    """
    sets = {
        name: {str(code).lower(): word for code, word in codes.items()}
        for name, codes in code_sets(source).items()
    }
    for name, codes in (own or {}).items():
        sets.setdefault(name, {}).update({str(code).lower(): word for code, word in codes.items()})
    connection.execute("SET VARIABLE code_sets = ?::MAP(VARCHAR, MAP(VARCHAR, VARCHAR))", [sets])
    # A variable and no table: a query may ask inside a function over a list, where no table can be looked at.
    connection.execute(
        "CREATE MACRO meaning(name, code) AS getvariable('code_sets')[name][lower(trim(code))]"
    )

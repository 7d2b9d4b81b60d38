"""The panel as named steps: each is one expression over the canonical tables and the steps before it."""

from __future__ import annotations

from typing import Any

import ibis

from early_id.district import TABLES

_KINDS = {"string": "string", "int": "int64", "date": "date", "bool": "boolean"}
#: Prefix of a step's table in the engine.
STEP = "panel_"


class Plan:
    """Collects the steps while the expressions are written down; nothing is computed here.

    The expressions are not bound to an engine, so the same plan is compiled once and run on any district, in DuckDB
    or in Spark.

    Attributes
    ----------
    steps : dict of name to Ibis table
        In the order in which they are to be computed; a later step reads an earlier one as the table `panel_<name>`.
    """

    def __init__(self) -> None:
        self.steps: dict[str, Any] = {}

    def table(self, name: str) -> Any:
        """Return one canonical table."""
        columns = {part: _KINDS[column.kind] for part, column in TABLES[name].all_columns.items()}
        return ibis.table(columns, name=name)

    @property
    def as_of_dates(self) -> Any:
        """The dates to look back from: one column, as_of."""
        return ibis.table({"as_of": "date"}, name="as_of_dates")

    @property
    def every_date(self) -> Any:
        """Every day from the first to the last school day of the calendar: one column, date."""
        return ibis.table({"date": "date"}, name="every_date")

    def keep(self, name: str, rows: Any) -> Any:
        """Make an expression a step and return the table it becomes."""
        self.steps[name] = rows
        return ibis.table(rows.schema(), name=f"{STEP}{name}")

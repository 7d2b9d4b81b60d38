"""What a panel is computed by: the same plan as SQL text, as Arrow, as a stream of Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from early_id.district import District, Signals
from early_id.exceptions import ConfigError, DataError, did_you_mean, examples
from early_id.panel._catalog import CATALOG
from early_id.panel._dates import as_of_dates
from early_id.panel._engines import Engine, compiled, engine_of
from early_id.panel._feature import Feature
from early_id.panel._labels import Label
from early_id.panel._plan import Step
from early_id.panel._time import Scope


@dataclass(frozen=True, eq=False)
class PanelQuery:
    """A panel that is not computed yet.

    Attributes
    ----------
    signals : Signals
        Where the tables are.
    dates : pandas.DatetimeIndex
        The as-of dates.
    catalog : tuple of Feature
    label : Label or None
    scope : {"county", "school"}
    known_by : datetime.date
        Labels that mature after this day are missing.
    """

    signals: Signals
    dates: pd.DatetimeIndex
    catalog: tuple[Feature, ...]
    label: Label | None
    scope: Scope
    known_by: date

    def sql(self) -> str:
        """Write the statements that make the panel, in the SQL of the engine that the tables are in.

        One statement per step, then the panel itself. The two small tables of dates come first, so that the text runs
        as it is wherever the canonical tables are. Dates of several school years need a query for each. In DuckDB the
        steps are temporary tables; Spark has none, so there they are tables of the database in use.

        Examples
        --------
        >>> from early_id.district import simulate_district
        >>> county = simulate_district(students=120, schools=3, districts=1, years=2, seed=1)
        >>> "panel_slots" in panel_query(county, as_of="2025-01-12").sql()
        True
        """
        return self._engine.script(self.signals, self._steps(), self._one_year("SQL text"), self.known_by)

    def to_ibis(self) -> Any:
        """Make the panel one Ibis table of the district's connection, computed when it is asked for.

        What is done with it stays in the engine: filtered, joined, grouped. All students are computed at once, and
        anew each time; for a large county, `to_parquet` and reading the file need less memory.

        Returns
        -------
        ibis.Table
            Columns as `to_arrow`.

        Raises
        ------
        ConfigError
            If the dates are of several school years, or the district is in Spark.

        Examples
        --------
        >>> from early_id.district import simulate_district
        >>> county = simulate_district(students=120, schools=3, districts=1, years=2, seed=1)
        >>> panel = panel_query(county, as_of="2025-01-12").to_ibis()
        >>> panel.filter(panel.absence_rate_20d > 0.1).count().to_pyarrow().as_py()
        19
        """
        dates = self._one_year("one expression")
        return self._engine.expression(self.signals, self._steps(), dates, self.known_by)

    def batches(self) -> Iterator[pa.Table]:
        """Compute the rows, a bounded number at a time, in the order of school years, students, dates and schools."""
        for dates in self._by_year():
            yield from self._engine.run(self.signals, self._steps(), dates, self.known_by)

    def facts(self) -> Iterator[pa.Table]:
        """Compute what sentences about the features name, in the same order as the rows."""
        # No sentence speaks of a label.
        steps = compiled(self._engine, self.catalog, self.scope, None, facts=True)
        for dates in self._by_year():
            yield from self._engine.run(self.signals, steps, dates, self.known_by)

    def to_arrow(self) -> pa.Table:
        """Compute all rows.

        Raises
        ------
        DataError
            If nobody was enrolled on a date.
        """
        rows = pa.concat_tables(self.batches())
        self._check(rows.column("as_of").unique().to_pylist())
        return rows

    def to_parquet(self, path: str | Path) -> int:
        """Write all rows to one Parquet file, as a stream; the file is there whole or not at all.

        Returns
        -------
        int
            Number of rows.

        Raises
        ------
        DataError
            If nobody was enrolled on a date.
        """
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = path.with_name(f".{path.name}.writing")
        number, writer, seen = 0, None, set()
        try:
            for rows in self.batches():
                writer = writer or pq.ParquetWriter(staging, rows.schema)
                writer.write_table(rows)
                seen |= set(rows.column("as_of").unique().to_pylist())
                number += rows.num_rows
            self._check(seen)
            if writer is not None:
                writer.close()
                staging.replace(path)
        finally:
            if writer is not None:
                writer.close()
            staging.unlink(missing_ok=True)
        return number

    def _check(self, found: Iterable[date]) -> None:
        """Refuse dates on which nobody was enrolled."""
        missing = self.dates.difference(pd.DatetimeIndex(pd.to_datetime(list(found))).as_unit("us"))
        if len(missing):
            shown = examples(day.date().isoformat() for day in missing)
            msg = (
                f"Expected as-of dates within a school year with enrolled students, got {shown}, on which no school "
                "of the calendar is in session or no enrollment was known; choose a Sunday after the first school day."
            )
            raise DataError(msg)

    def _one_year(self, form: str) -> pd.DatetimeIndex:
        found = self._by_year()
        if len(found) > 1:
            msg = f"Expected as-of dates of one school year for {form}, got dates of {len(found)}; ask for each year."
            raise ConfigError(msg)
        return found[0]

    @property
    def _engine(self) -> Engine:
        return engine_of(self.signals)

    def _steps(self) -> tuple[Step, ...]:
        return compiled(self._engine, self.catalog, self.scope, self.label, facts=False)

    def _by_year(self) -> list[pd.DatetimeIndex]:
        """Cut the dates where a school year ends, so that no step joins a student's whole history to every date."""
        calendar = self.signals.table("calendar")
        years = calendar.group_by("school_year").agg(first=calendar.day.min()).order_by("first").to_pyarrow()
        firsts = pd.DatetimeIndex(years.column("first").to_pandas())
        number = pd.Series(firsts.searchsorted(self.dates, side="right"), index=self.dates)
        return [pd.DatetimeIndex(part.index) for _, part in number.groupby(number)]


def panel_query(
    district: District | Signals,
    *,
    label: str | Label | None = None,
    as_of: Literal["weekly"] | str | Iterable[str | date | pd.Timestamp] = "weekly",
    catalog: Mapping[str, Feature] = CATALOG,
    scope: Scope = "county",
    known_by: date | None = None,
) -> PanelQuery:
    """Prepare a panel without computing it: for a panel larger than memory, or its statements.

    Parameters and errors are those of `build_panel`.

    Returns
    -------
    PanelQuery

    Examples
    --------
    >>> from early_id.district import simulate_district
    >>> county = simulate_district(students=120, schools=3, districts=1, years=2, seed=1)
    >>> rows = panel_query(county, as_of=["2025-01-12"]).to_arrow()
    >>> rows.num_rows, rows.column_names[:3]
    (120, ['student_id', 'school_id', 'as_of'])
    """
    signals = district.signals if isinstance(district, District) else district
    wanted = Label(label, scope=scope) if isinstance(label, str) else label
    if wanted is not None and wanted.scope != scope:
        msg = (
            f"Expected a label counted in the scope of the panel, {scope!r}, got {wanted.scope!r}; give both the same "
            "scope."
        )
        raise ConfigError(msg)
    _check_outcome(signals, wanted)
    dates = as_of_dates(signals, as_of)
    return PanelQuery(signals, dates, tuple(catalog.values()), wanted, scope, known_by or signals.data_until)


def _check_outcome(signals: Signals, label: Label | None) -> None:
    """Refuse the name of an outcome nobody recorded: its label would be unknown for everyone, without a word."""
    if label is not None and label.name.startswith("outcome:"):
        name = label.name.removeprefix("outcome:")
        rows = signals.table("outcomes").select("outcome").distinct()
        names = sorted(rows.to_pyarrow().column("outcome").to_pylist())
        if name not in names:
            msg = f"Expected an outcome of the table outcomes, got {name!r}: {did_you_mean(name, names)}"
            raise ConfigError(msg)

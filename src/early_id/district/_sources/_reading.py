"""A source being read: its files as tables of an engine, and every row of them accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from early_id.district._cells import laid_out, shared_layout, text_of
from early_id.district._engine import bounded_engine
from early_id.district._intake import FILE, LINE, Finding, Intake, OddLines, SourceFile, with_origin
from early_id.district._rows import BLOCK, Rows
from early_id.district._tables import TABLES
from early_id.district._text import Cells, read_blocks
from early_id.exceptions import ConfigError, DataError, did_you_mean, examples

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

_SHOWN = 5
_FORGOTTEN = "EID-SRC-006"
#: Condition for rows of a sheet of which nothing was made yet and with which no other was completed.
UNTAKEN = (
    f"({FILE}, {LINE}) NOT IN (SELECT {FILE}, {LINE} FROM fed UNION ALL SELECT {FILE}, {LINE} FROM made)"
)


#: The school year of a day is named by the calendar year in which it ends, June 30 being its last day.
SCHOOL_YEAR_OF = """
    CREATE MACRO school_year_of(day) AS CAST(year(day) + CASE WHEN month(day) >= 7 THEN 1 ELSE 0 END AS BIGINT)
"""


class Reading:
    r"""Rows of a source on their way to canonical tables.

    A source reads its files as sheets, holds back rows that cannot be believed, leaves out rows that are not asked
    for, and writes each canonical table as one query over the sheets. The rest is done here: every row of every file
    is in a table, held back with a rule, or left out with a reason; what is forgotten is held back too.

    Attributes
    ----------
    connection : duckdb.DuckDBPyConnection
        Every sheet is a view of its name, with its columns as text and the origin of each row in `_file` and `_line`;
        rows that were held back or left out are no longer in it. `school_year_of(day)` is the school year of a day.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "sites.csv").write_text("Site,Name,Open\n07,Hill,Y\n08,Lake,N\n")
    >>> reading = Reading()
    >>> reading.sheet("sites", [folder / "sites.csv"], ["Site", "Name", "Open"])
    >>> reading.leave_out("sites", "Open = 'N'", "closed school")
    >>> reading.rows("schools", "SELECT Site AS school_id, Name AS school_name, _file, _line FROM sites")
    >>> intake = reading.intake()
    >>> intake.rows["schools"].table()["school_id"].to_pylist(), intake.files[0].ignored
    (['07'], {'closed school': 1})
    """

    def __init__(self) -> None:
        self.connection = bounded_engine()
        self.connection.execute(
            f"CREATE TABLE gone ({FILE} INTEGER, {LINE} BIGINT, why VARCHAR, held BOOLEAN);"
            f"CREATE TABLE fed ({FILE} INTEGER, {LINE} BIGINT, to_file INTEGER, to_line BIGINT);"
            f"CREATE TABLE made ({FILE} INTEGER, {LINE} BIGINT);{SCHOOL_YEAR_OF}"
        )
        self._files: list[str] = []
        self._counts: list[int] = []
        self._unread: dict[int, str] = {}
        self._odd: dict[int, OddLines] = {}
        self._columns: dict[str, tuple[str, ...]] = {}
        self._parts: dict[str, list[str]] = {}
        self._findings: list[Finding] = []
        self._quarantine: dict[str, list[pd.DataFrame]] = {}

    def sheet(
        self, name: str, files: Iterable[Path], columns: Sequence[str], required: Sequence[str] | None = None
    ) -> None:
        """Read CSV or Parquet files with a header as one sheet; other columns are not read.

        Parameters
        ----------
        name : str
            Name of the sheet in queries.
        files : iterable of pathlib.Path
            All files of this kind; none is an empty sheet.
        columns : sequence of str
            Columns of the sheet; one that a file does not have is empty.
        required : sequence of str, optional
            Columns every file must have, all unless given; a file without them is held back whole.
        """
        self.open_sheet(name, columns)
        for file in files:
            self.add(name, file.name, read_blocks(file), required=columns if required is None else required)

    def open_sheet(self, name: str, columns: Sequence[str]) -> None:
        """Make an empty sheet with text columns."""
        self._columns[name] = tuple(columns)
        # Names come from the source's own code, not from its files.
        layout = ", ".join(f'"{column}" VARCHAR' for column in columns)
        self.connection.execute(f"CREATE TABLE raw_{name} ({layout}, {FILE} INTEGER, {LINE} BIGINT)")
        self.connection.execute(
            f"CREATE VIEW {name} AS FROM raw_{name} ANTI JOIN gone USING ({FILE}, {LINE})"
        )

    def has_rows(self, name: str) -> bool:
        """Say whether anything is left in a sheet."""
        return bool(self.connection.sql(f"FROM {name} LIMIT 1").fetchall())

    def unreadable(self, file: str, why: str) -> None:
        """Account for a file that cannot be read at all."""
        self.not_read(Finding("EID-FILE-006", file, 0, (why,)))

    def not_read(self, finding: Finding) -> None:
        """Account for a file that is passed over, and say so."""
        self._file(finding.file, 0)
        self._findings.append(finding)

    def unread(self, file: str, count: int, reason: str) -> None:
        """Account for a file whose rows are left out without being looked at."""
        self._unread[self._file(file, count)] = reason

    def file(self, file: str) -> int:
        """Open the account of one file whose rows go to several sheets; `add` takes its index as `part_of`."""
        return self._file(file, 0)

    def give_up(self, index: int, why: str) -> None:
        """Undo what was added of a file that cannot be read to its end."""
        for name in self._columns:
            self.connection.execute(f"DELETE FROM raw_{name} WHERE {FILE} = ?", [index])
        self.connection.execute(f"DELETE FROM gone WHERE {FILE} = ?", [index])
        file, self._counts[index] = self._files[index], 0
        self._odd.pop(index, None)
        self._findings = [finding for finding in self._findings if finding.file != file]
        for name, parts in self._quarantine.items():
            self._quarantine[name] = [part for part in parts if part["file"].iloc[0] != file]
        self._findings.append(Finding("EID-FILE-006", file, 0, (why,)))

    def add(
        self,
        name: str,
        file: str,
        cells: Cells | Iterable[Cells],
        *,
        required: Sequence[str] = (),
        empty: bool = False,
        part_of: int | None = None,
    ) -> None:
        """Add the rows of one file to a sheet; broken and unreadable lines are held back.

        Of a file that cannot be read to its end (`cells` raises DataError) nothing is added.

        Parameters
        ----------
        name : str
            The sheet.
        file : str
            Name of the file.
        cells : Cells or iterable of Cells
            Its content, whole or in parts.
        required : sequence of str
            Columns without which no row can be used: a file that lacks one is held back.
        empty : bool
            Whether a file without rows says that there is nothing to tell; otherwise it is a finding.
        part_of : int, optional
            Index of a file that was opened with `file`: these are some of its rows.
        """
        index = self._file(file, 0) if part_of is None else part_of
        found: tuple[str, ...] = ()
        try:
            for part in [cells] if isinstance(cells, Cells) else cells:
                found = part.columns
                self._counts[index] += part.count
                self._append(name, index, part)
        except DataError as error:
            self.give_up(index, str(error))
            return
        if part_of is None and not self._counts[index] and not empty:
            self._findings.append(Finding("EID-FILE-005", file, 0, (f"{file} has no rows",)))
        missing = [column for column in required if column not in found]
        if missing:
            said = f"{file} has no column {examples(missing)}; it has {examples(found)}"
            self.hold_back(name, f"{FILE} = {index}", "EID-FILE-002", said, once=True)

    def _append(self, name: str, index: int, cells: Cells) -> None:
        file = self._files[index]
        self._odd.setdefault(index, OddLines()).add(cells)
        if cells.broken:
            frame = pd.DataFrame({"line": list(cells.broken), "text": list(cells.broken.values())})
            self._hold(name, frame.assign(file=file, rule="EID-FILE-007"))
            self._gone(index, cells.broken, "EID-FILE-007")
        self._gone(index, cells.unreadable, "EID-FILE-008")
        rows = with_origin(_chosen(cells.rows, self._columns[name]), file=index, lines=cells.lines)
        self._insert(f"raw_{name}", rows)
        if cells.unreadable:
            lost = rows.filter(pa.compute.is_in(rows[LINE], pa.array(list(cells.unreadable), pa.int64())))
            frame = lost.drop_columns([FILE]).rename_columns({LINE: "line"}).to_pandas()
            self._hold(name, frame.assign(file=file, rule="EID-FILE-008"))

    def hold_back(self, name: str, where: str, code: str, say: str, *, once: bool = False) -> None:
        """Hold back rows of a sheet for a broken rule.

        Parameters
        ----------
        name : str
            The sheet.
        where : str
            SQL condition over its columns; it may look at other sheets.
        code : str
            The rule, such as `EID-SRC-001`.
        say : str
            What to say about one row, a format string over the columns of the sheet.
        once : bool
            Whether the sentence is about the file and not about a row of it.
        """
        bad = self._found(name, where)
        if not bad.num_rows:
            return
        self._leave(bad, code, held=True)
        self._report(bad, code, say, once=once, held=True)
        files = bad[FILE].to_numpy()
        frame = bad.drop_columns([FILE]).rename_columns({LINE: "line"}).to_pandas()
        self._hold(name, frame.assign(file=[self._files[index] for index in files], rule=code))

    def report(self, name: str, where: str, code: str, say: str) -> None:
        """Report rows of a sheet for a rule of severity warning; they stay. Parameters are those of `hold_back`."""
        self._report(self._found(name, where), code, say)

    def _found(self, name: str, where: str) -> pa.Table:
        return self.connection.sql(f"FROM {name} WHERE {where} ORDER BY {FILE}, {LINE}").to_arrow_table()

    def _report(self, bad: pa.Table, code: str, say: str, *, once: bool = False, held: bool = False) -> None:
        files, lines = bad[FILE].to_numpy(), bad[LINE].to_numpy()
        for index in dict.fromkeys(files.tolist()):
            own = bad.filter(pa.array(files == index))
            first = own.slice(0, 1 if once else _SHOWN).to_pylist()
            shown = tuple(
                said if once else f"{self._files[index]} line {row[LINE]}: {said}"
                for row in first
                for said in [say.format(**row)]
            )
            gone = frozenset(lines[files == index].tolist()) if held else frozenset()
            self._findings.append(Finding(code, self._files[index], own.num_rows, shown, gone))

    def remark(self, code: str, query: str, say: str) -> None:
        """Report something about the whole, once for each row of a query, such as a school without a calendar."""
        found = self.connection.sql(query).to_arrow_table()
        if found.num_rows:
            said = tuple(say.format(**row) for row in found.slice(0, _SHOWN).to_pylist())
            self._findings.append(Finding(code, "", found.num_rows, said))

    def note(self, code: str, file: str, said: str) -> None:
        """Say that a file, or the lack of it, breaks a rule; no row is held back for it."""
        self._findings.append(Finding(code, file, 0, (said,)))

    def leave_out(self, name: str, where: str, reason: str) -> None:
        """Leave rows of a sheet out on purpose, for a reason in words."""
        query = f"INSERT INTO gone SELECT {FILE}, {LINE}, ?, false FROM {name} WHERE {where}"
        self.connection.execute(query, [reason])

    def without_copies(self, name: str, key: Sequence[str] = ()) -> None:
        """Leave out copies of an earlier row; hold back rows that share a key and differ.

        Parameters
        ----------
        name : str
            The sheet.
        key : sequence of str
            Columns that name a row; none where the rules of the canonical table look after it.
        """
        cells = ", ".join(f'"{column}"' for column in self._columns[name])
        copies = f"""
            FROM {name} SELECT {FILE}, {LINE} QUALIFY row_number() OVER (PARTITION BY {cells} ORDER BY {FILE},
                {LINE}) > 1
        """
        self.leave_out(name, f"({FILE}, {LINE}) IN ({copies})", "copy of an earlier row")
        if key:
            same = (
                f"FROM {name} SELECT {FILE}, {LINE} QUALIFY count(*) OVER (PARTITION BY {', '.join(key)}) > 1"
            )
            say = ", ".join(f"{part} {{{part}}}" for part in key)
            self.hold_back(name, f"({FILE}, {LINE}) IN ({same})", "EID-SRC-003", say)

    def rows(self, table: str, query: str) -> None:
        """Write rows of a canonical table: canonical columns, as text or typed, with `_file` and `_line`.

        Cells that are not what the column holds need no care here: the rules of the table find and report them.
        """
        if table not in TABLES:
            msg = f"Expected the name of a canonical table, got {table!r}: {did_you_mean(table, TABLES)}"
            raise ConfigError(msg)
        parts = self._parts.setdefault(table, [])
        parts.append(f"made_{table}_{len(parts)}")
        self.connection.execute(f"CREATE TABLE {parts[-1]} AS FROM ({query})")
        self.connection.execute(f"INSERT INTO made SELECT {FILE}, {LINE} FROM {parts[-1]}")

    def has(self, table: str) -> bool:
        """Say whether a canonical table has got any row so far."""
        return any(self.has_rows(part) for part in self._parts.get(table, []))

    def looked_up(self, name: str, where: str = "true", otherwise: str = "") -> None:
        """Account for rows of a sheet that others were completed with, such as the name of a course.

        Parameters
        ----------
        name : str
            The sheet.
        where : str
            SQL condition for the rows that were used.
        otherwise : str
            Why the others are left out, in words; without words they stay.
        """
        used = f"coalesce({where}, false)"
        self.connection.execute(f"INSERT INTO fed SELECT {FILE}, {LINE}, NULL, NULL FROM {name} WHERE {used}")
        if otherwise:
            self.leave_out(name, UNTAKEN, otherwise)

    def merged(self, query: str) -> None:
        """Account for rows that became part of another row: `_file`, `_line`, and that row's `to_file`, `to_line`.

        Should that row be held back, they are held back with it.
        """
        self.connection.execute(f"INSERT INTO fed SELECT {FILE}, {LINE}, to_file, to_line FROM ({query})")

    def intake(self, lacks: Iterable[str] = ()) -> Intake:
        """Hand everything over, after holding back the rows that were forgotten.

        Parameters
        ----------
        lacks : iterable of str
            Required tables that this source cannot have: the check goes on without them, and says so.
        """
        rows = {table: self._gathered(table, parts) for table, parts in self._parts.items()}
        for name in self._columns:
            self.hold_back(name, UNTAKEN, _FORGOTTEN, "it became no row of any table")
        return Intake(
            files=tuple(
                SourceFile(file, count, self._ignored(index))
                for index, (file, count) in enumerate(zip(self._files, self._counts, strict=True))
            ),
            rows=rows,
            findings=(
                *(one for index, odd in self._odd.items() for one in odd.findings(self._files[index])),
                *self._findings,
            ),
            quarantine={
                name: pd.concat(parts, ignore_index=True) for name, parts in self._quarantine.items() if parts
            },
            fed=self.connection.sql("FROM fed").to_arrow_table(),
            lacks=frozenset(lacks),
        )

    def _gathered(self, table: str, parts: Sequence[str]) -> Rows:
        made = [self.connection.sql(f"FROM {part}") for part in parts]
        layout = shared_layout([part.limit(0).to_arrow_table().schema for part in made])
        rows = Rows()
        for part in made:
            # Always in the same order, however many threads the engine has.
            order = dict.fromkeys((FILE, LINE, *TABLES[table].key, *part.columns))
            rows.add(layout.empty_table())
            for batch in part.order(", ".join(f'"{name}"' for name in order)).fetch_arrow_reader(BLOCK):
                rows.add(laid_out(pa.Table.from_batches([batch]), layout))
        return rows

    def _file(self, file: str, count: int) -> int:
        self._files.append(file)
        self._counts.append(count)
        return len(self._files) - 1

    def _hold(self, name: str, frame: pd.DataFrame) -> None:
        self._quarantine.setdefault(name, []).append(frame)

    def _gone(self, index: int, lines: Collection[int], code: str) -> None:
        if not lines:
            return
        found = pa.array(list(lines), pa.int64())
        files = pa.repeat(pa.scalar(index, pa.int32()), len(found))
        self._leave(pa.table({FILE: files, LINE: found}), code, held=True)

    def _leave(self, rows: pa.Table, why: str, *, held: bool) -> None:
        told = rows.select([FILE, LINE])
        told = told.append_column("why", pa.repeat(pa.scalar(why), rows.num_rows))
        self._insert("gone", told.append_column("held", pa.repeat(pa.scalar(held), rows.num_rows)))

    def _insert(self, into: str, rows: pa.Table) -> None:
        self.connection.register("arriving", rows)
        self.connection.execute(f"INSERT INTO {into} BY NAME FROM arriving")
        self.connection.unregister("arriving")

    def _ignored(self, index: int) -> dict[str, int]:
        if index in self._unread:
            return {self._unread[index]: self._counts[index]} if self._counts[index] else {}
        query = f"SELECT why, count(*) FROM gone WHERE {FILE} = ? AND NOT held GROUP BY why ORDER BY why"
        return dict(self.connection.execute(query, [index]).fetchall())


def _chosen(rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Choose the wanted columns, as text without surrounding blanks; one that is not there is empty."""
    return pa.table(
        {
            name: text_of(rows[name]) if name in rows.column_names else pa.nulls(rows.num_rows, pa.string())
            for name in columns
        }
    )

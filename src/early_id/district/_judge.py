"""Judge the rows of an intake: the good ones go on, the bad ones are held back with the rules they break."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from early_id.district._answers import EXAMPLES, ROW, Broken, Positions, ask, origin_of
from early_id.district._cells import EXPECTED, typed_columns
from early_id.district._engine import bounded_engine
from early_id.district._intake import FILE, LINE, Finding, Intake
from early_id.district._rows import Rows
from early_id.district._rules import MACROS, PLANNED, RULES, Rule, Stage
from early_id.district._schemas import failing_cells, spoken
from early_id.district._table import ASSUMED
from early_id.district._tables import JUDGED, TABLES, Table

if TYPE_CHECKING:
    import pandas as pd

_LAST_DAY = pa.scalar(date.max.toordinal() - date(1970, 1, 1).toordinal(), pa.int32())


@dataclass
class Judgement:
    """What has been found so far, table by table.

    `stopped_at` names a required table without a good row; `unjudged` names the tables behind it.
    """

    intake: Intake
    today: date
    connection: duckdb.DuckDBPyConnection = field(default_factory=bounded_engine)
    good: dict[str, Rows] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)
    held_back: dict[str, pd.DataFrame] = field(default_factory=dict)
    bad_lines: dict[int, list[Positions]] = field(default_factory=dict)
    stopped_at: str = ""
    unjudged: tuple[str, ...] = ()


def judge(intake: Intake, today: date) -> Judgement:
    """Ask every rule about every table, parents before children.

    A row is judged only among rows that are good themselves, so what remains is consistent: judging it again
    finds no error. Where a required table has no good row the judge stops: every later row would only be told
    that it is missing. It goes on past a table that the standard of the source does not carry.
    """
    found = Judgement(intake, today)
    for macro in MACROS:
        found.connection.execute(macro)
    found.connection.execute("SET VARIABLE today = ?::DATE", [today])
    for finding in intake.findings:
        found.broken.append(_from_reader(finding, intake))
        _mark_lines(found, finding)
    lacking = [name for name in TABLES if name in intake.lacks]
    if lacking:
        said = f"the source carries no {', '.join(lacking)}"
        found.broken.append(Broken(RULES["EID-FILE-014"], 0, 0, (said,)))
    district = [rule for rule in RULES.values() if rule.stage == "district"]
    for place, name in enumerate(JUDGED):
        _judge_table(found, TABLES[name])
        if TABLES[name].required and not found.good[name].num_rows and name not in intake.lacks:
            _stop(found, place, district)
            return found
    ask(found, district, _came(intake, TABLES["schools"]))
    return found


def _stop(found: Judgement, place: int, district: list[Rule]) -> None:
    """Count the rows that are not judged, and say which rules are not asked."""
    found.stopped_at, found.unjudged = JUDGED[place], JUDGED[place + 1 :]
    codes = [*(f"EID-{TABLES[name].code}-*" for name in found.unjudged), *(rule.code for rule in district)]
    said = f"{found.stopped_at} has no good row, so these were not asked: {', '.join(codes)}"
    rows = sum(_came(found.intake, TABLES[name]).num_rows for name in found.unjudged)
    found.broken.append(Broken(RULES["EID-FILE-012"], rows, rows, (said,)))


def _came(intake: Intake, table: Table) -> Rows:
    empty = {FILE: pa.array([], pa.int32()), LINE: pa.array([], pa.int64())}
    return intake.rows[table.name] if table.name in intake.rows else Rows.of(pa.table(empty))


def _from_reader(finding: Finding, intake: Intake) -> Broken:
    of = next((file.rows_in for file in intake.files if file.name == finding.file), 0)
    return Broken(RULES[finding.code], finding.rows, of, finding.examples)


def _mark_lines(found: Judgement, finding: Finding) -> None:
    for index, file in enumerate(found.intake.files):
        if file.name == finding.file:
            lines = finding.lines
            told = np.fromiter(lines, np.int64, len(lines)) if isinstance(lines, frozenset) else lines
            found.bad_lines.setdefault(index, []).append(told)


def _judge_table(found: Judgement, table: Table) -> None:
    came = _came(found.intake, table)
    codes: dict[str, Positions] = {}
    alive = _judge_cells(found, table, came, codes)
    for stage in ("rows", "among"):
        bad = _judge_stage(found, table, came, alive, stage)
        codes |= bad
        alive = alive.without(ROW, _bad_rows(bad))
    _hold_back(found, table, came, codes)
    found.good[table.name] = alive
    alive.register(found.connection, table.name)


def _typed(found: Judgement, table: Table, block: pa.Table) -> tuple[pa.Table, dict[str, Positions]]:
    """Give a block canonical types, with the origin of its rows; and the positions of cells that are wrong."""
    typed, wrong = typed_columns(block, table)
    typed = _with_known_at(typed, table, found.today)
    return typed.append_column(FILE, block.column(FILE)).append_column(LINE, block.column(LINE)), wrong


def _with_known_at(typed: pa.Table, table: Table, today: date) -> pa.Table:
    """Fill missing days of knowing from the table's assumed lag, never later than the row was taken back.

    What is planned is here before its day comes, so it is known today at the latest.
    """
    if not table.known:
        return typed
    missing = pc.is_null(typed.column("known_at"))
    if pc.any(missing).as_py():
        day = typed.column(table.occurred).cast(pa.int32())
        last = pa.scalar(today, pa.date32()).cast(pa.int32()) if table.name in PLANNED else _LAST_DAY
        lagged = pc.min_element_wise(pc.add(day, pa.scalar(table.assumed_lag_days, pa.int32())), last)
        lagged = pc.if_else(pc.is_null(day), None, lagged).cast(pa.date32())
        back = typed.column("retracted_at")
        lagged = pc.if_else(pc.fill_null(pc.less(back, lagged), False), back, lagged)
        filled = pc.coalesce(typed.column("known_at"), lagged)
        typed = typed.set_column(typed.column_names.index("known_at"), "known_at", filled)
    assumed = pc.or_(missing, pc.fill_null(typed.column(ASSUMED), False))
    return typed.set_column(typed.column_names.index(ASSUMED), ASSUMED, assumed)


def _judge_cells(found: Judgement, table: Table, came: Rows, codes: dict[str, Positions]) -> Rows:
    """Ask of every cell whether it can be read and is allowed; return the rows with good cells."""
    alive, before = Rows(parquet=True), 0
    failing: dict[tuple[str, str], list[Positions]] = {}
    for block in came.blocks():
        typed, wrong = _typed(found, table, block)
        typed = typed.append_column(ROW, pa.array(np.arange(before, before + block.num_rows, dtype=np.int64)))
        bad = failing_cells(table, typed)
        for column, rows in wrong.items():
            # A cell that could not be understood is empty after typing: it is not empty as well.
            empty = bad.pop(("104", column), np.empty(0, np.int64))
            bad["104", column] = np.setdiff1d(empty, rows)
            bad["103", column] = rows
        for cell, rows in bad.items():
            failing.setdefault(cell, []).append(rows + before)
        before += block.num_rows
        lost = np.unique(np.concatenate([np.empty(0, np.int64), *bad.values()]))
        alive.add(_but(typed, lost))
    _report_cells(found, table, came, {cell: np.concatenate(parts) for cell, parts in failing.items()}, codes)
    return alive


def _report_cells(
    found: Judgement,
    table: Table,
    came: Rows,
    failing: dict[tuple[str, str], Positions],
    codes: dict[str, Positions],
) -> None:
    for number in ("103", "104", "105", "106"):
        columns = {column: rows for (code, column), rows in failing.items() if code == number and len(rows)}
        if not columns:
            continue
        rule = RULES[f"EID-{table.code}-{number}"]
        rows = np.unique(np.concatenate(list(columns.values())))
        codes[rule.code] = rows
        shown = tuple(
            _cell_in_words(found, table, came, (number, column, int(row)))
            for column, bad in columns.items()
            for row in bad[: max(1, EXAMPLES // len(columns))]
        )
        found.broken.append(Broken(rule, len(rows), came.num_rows, shown[:EXAMPLES]))


def _but(rows: pa.Table, positions: Positions) -> pa.Table:
    if not len(positions):
        return rows
    keep = np.ones(rows.num_rows, bool)
    keep[positions] = False
    return rows.filter(pa.array(keep))


def _cell_in_words(found: Judgement, table: Table, came: Rows, cell: tuple[str, str, int]) -> str:
    number, column, row = cell
    raw = came.take(np.array([row]))
    theirs = found.intake.called.get(table.name, {}).get(column, "")
    where = f"{origin_of(found, raw)}: {column}" + (f" (column {theirs!r})" if theirs else "")
    if number == "104":
        return f"{where} is empty"
    if number == "103":
        arrived = raw.column(column)[0].as_py()
        return f"{where} is {arrived!r}, expected {EXPECTED[table.all_columns[column].kind]}"
    return f"{where} is {spoken(table, column, _typed(found, table, raw)[0].column(column)[0].as_py())}"


def _bad_rows(codes: dict[str, Positions]) -> Positions:
    rows = [rows for code, rows in codes.items() if RULES[code].severity == "error"]
    return np.unique(np.concatenate(rows)) if rows else np.empty(0, np.int64)


def _judge_stage(
    found: Judgement, table: Table, came: Rows, alive: Rows, stage: Stage
) -> dict[str, Positions]:
    if not alive.num_rows:
        return {}
    rules = [rule for rule in RULES.values() if rule.stage == stage and rule.table == table.name]
    return ask(found, rules, came, alive)


def _hold_back(found: Judgement, table: Table, came: pa.Table, codes: dict[str, Positions]) -> None:
    """Keep the bad rows as they came, with the codes of the rules they break and where they came from."""
    bad = _bad_rows(codes)
    if not len(bad):
        return
    rows = came.take(bad)
    files, lines = rows.column(FILE).to_numpy(), rows.column(LINE).to_numpy()
    for index in np.unique(files):
        found.bad_lines.setdefault(int(index), []).append(lines[files == index])
    names = np.array([file.name for file in found.intake.files])
    frame = rows.drop_columns([FILE, LINE]).to_pandas().assign(file=names[files], line=lines)
    found.held_back[table.name] = frame.assign(rule=_joined_codes(bad, codes))


def _joined_codes(bad: Positions, codes: dict[str, Positions]) -> list[str]:
    """Codes of every error each row breaks, joined by semicolons."""
    by_row: dict[int, list[str]] = {int(row): [] for row in bad}
    for code, rows in codes.items():
        if RULES[code].severity == "error":
            for row in rows.tolist():
                by_row[row].append(code)
    return [";".join(by_row[int(row)]) for row in bad]

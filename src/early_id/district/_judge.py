"""Judge the rows of an intake: the good ones go on, the bad ones are held back with the rules they break."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from early_id.district._cells import EXPECTED, typed_columns
from early_id.district._engine import engine
from early_id.district._intake import FILE, LINE, Finding, Intake
from early_id.district._rules import MACROS, RULES, Rule, Stage
from early_id.district._schemas import failing_cells, spoken
from early_id.district._tables import JUDGED, TABLES, Table

if TYPE_CHECKING:
    import pandas as pd

_EXAMPLES = 5
_LAST_DAY = pa.scalar(date.max.toordinal() - date(1970, 1, 1).toordinal(), pa.int32())
_ROW, _IMPUTED = "_row", "_imputed"

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Broken:
    """One rule, the rows of one table that break it, and up to five of them in words."""

    rule: Rule
    rows: int
    of: int
    examples: tuple[str, ...]


@dataclass
class Judgement:
    """What has been found so far, table by table.

    `stopped_at` names a required table without a good row; `unjudged` names the tables behind it.
    """

    intake: Intake
    today: date
    connection: duckdb.DuckDBPyConnection = field(default_factory=engine)
    good: dict[str, pa.Table] = field(default_factory=dict)
    assumed: dict[str, float] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)
    held_back: dict[str, pd.DataFrame] = field(default_factory=dict)
    bad_lines: dict[int, set[int]] = field(default_factory=dict)
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
        said = f"the standard carries no {', '.join(lacking)}"
        found.broken.append(Broken(RULES["EID-FILE-014"], 0, 0, (said,)))
    district = [rule for rule in RULES.values() if rule.stage == "district"]
    for place, name in enumerate(JUDGED):
        _judge_table(found, TABLES[name])
        if TABLES[name].required and not found.good[name].num_rows and name not in intake.lacks:
            _stop(found, place, district)
            return found
    _ask(found, district, _came(intake, TABLES["schools"]))
    return found


def _stop(found: Judgement, place: int, district: list[Rule]) -> None:
    """Count the rows that are not judged, and say which rules are not asked."""
    found.stopped_at, found.unjudged = JUDGED[place], JUDGED[place + 1 :]
    codes = [*(f"EID-{TABLES[name].code}-*" for name in found.unjudged), *(rule.code for rule in district)]
    said = f"{found.stopped_at} has no good row, so these were not asked: {', '.join(codes)}"
    rows = sum(_came(found.intake, TABLES[name]).num_rows for name in found.unjudged)
    found.broken.append(Broken(RULES["EID-FILE-012"], rows, rows, (said,)))


def _came(intake: Intake, table: Table) -> pa.Table:
    empty = {FILE: pa.array([], pa.int32()), LINE: pa.array([], pa.int64())}
    return intake.rows[table.name] if table.name in intake.rows else pa.table(empty)


def _from_reader(finding: Finding, intake: Intake) -> Broken:
    of = next((file.rows_in for file in intake.files if file.name == finding.file), 0)
    return Broken(RULES[finding.code], finding.rows, of, finding.examples)


def _mark_lines(found: Judgement, finding: Finding) -> None:
    for index, file in enumerate(found.intake.files):
        if file.name == finding.file:
            found.bad_lines.setdefault(index, set()).update(finding.lines)


def _judge_table(found: Judgement, table: Table) -> None:
    came = _came(found.intake, table)
    typed, wrong = typed_columns(came, table)
    typed = _with_known_at(typed, table)
    typed = typed.append_column(_ROW, pa.array(np.arange(came.num_rows, dtype=np.int64)))
    codes: dict[str, Positions] = {}
    _judge_cells(found, table, came, typed, wrong, codes)
    alive = _without(typed, codes)
    for stage in ("rows", "among"):
        _judge_stage(found, table, came, alive, stage, codes)
        alive = _without(typed, codes)
    _hold_back(found, table, came, codes)
    if table.known and alive.num_rows:
        found.assumed[table.name] = pc.mean(alive.column(_IMPUTED).cast(pa.float64())).as_py()
    found.good[table.name] = alive
    found.connection.register(table.name, alive)


def _with_known_at(typed: pa.Table, table: Table) -> pa.Table:
    """Fill missing days of knowing from the table's assumed lag, never later than the row was taken back."""
    if not table.known:
        return typed
    missing = pc.is_null(typed.column("known_at"))
    if pc.any(missing).as_py():
        day = typed.column(table.occurred).cast(pa.int32())
        lagged = pc.min_element_wise(pc.add(day, pa.scalar(table.assumed_lag_days, pa.int32())), _LAST_DAY)
        lagged = pc.if_else(pc.is_null(day), None, lagged).cast(pa.date32())
        back = typed.column("retracted_at")
        lagged = pc.if_else(pc.fill_null(pc.less(back, lagged), False), back, lagged)
        filled = pc.coalesce(typed.column("known_at"), lagged)
        typed = typed.set_column(typed.column_names.index("known_at"), "known_at", filled)
    return typed.append_column(_IMPUTED, missing)


def _judge_cells(
    found: Judgement,
    table: Table,
    came: pa.Table,
    typed: pa.Table,
    wrong: dict[str, Positions],
    codes: dict[str, Positions],
) -> None:
    failing = failing_cells(table, typed)
    for column, rows in wrong.items():
        # A cell that could not be understood is empty after typing: it is not empty as well.
        empty = failing.pop(("104", column), np.empty(0, np.int64))
        failing["104", column] = np.setdiff1d(empty, rows)
        failing["103", column] = rows
    for number in ("103", "104", "105", "106"):
        columns = {column: rows for (code, column), rows in failing.items() if code == number and len(rows)}
        if not columns:
            continue
        rule = RULES[f"EID-{table.code}-{number}"]
        rows = np.unique(np.concatenate(list(columns.values())))
        codes[rule.code] = rows
        shown = tuple(
            _cell_in_words(found, table, came, typed, (number, column, int(row)))
            for column, bad in columns.items()
            for row in bad[: max(1, _EXAMPLES // len(columns))]
        )
        found.broken.append(Broken(rule, len(rows), came.num_rows, shown[:_EXAMPLES]))


def _cell_in_words(
    found: Judgement, table: Table, came: pa.Table, typed: pa.Table, cell: tuple[str, str, int]
) -> str:
    number, column, row = cell
    where = _place(found, came, row)
    if number == "104":
        return f"{where}: {column} is empty"
    if number == "103":
        arrived = came.column(column)[row].as_py()
        return f"{where}: {column} is {arrived!r}, expected {EXPECTED[table.all_columns[column].kind]}"
    return f"{where}: {column} is {spoken(table, column, typed.column(column)[row].as_py())}"


def _place(found: Judgement, came: pa.Table, row: int) -> str:
    file = found.intake.files[came.column(FILE)[row].as_py()]
    return f"{file.name} line {came.column(LINE)[row].as_py()}"


def _without(typed: pa.Table, codes: dict[str, Positions]) -> pa.Table:
    bad = _bad_rows(codes)
    if not len(bad):
        return typed
    mask = np.ones(typed.num_rows, bool)
    mask[bad] = False
    return typed.filter(pa.array(mask))


def _bad_rows(codes: dict[str, Positions]) -> Positions:
    rows = [rows for code, rows in codes.items() if RULES[code].severity == "error"]
    return np.unique(np.concatenate(rows)) if rows else np.empty(0, np.int64)


def _judge_stage(
    found: Judgement, table: Table, came: pa.Table, alive: pa.Table, stage: Stage, codes: dict[str, Positions]
) -> None:
    if not alive.num_rows:
        return
    found.connection.register("judged", alive)
    rules = [rule for rule in RULES.values() if rule.stage == stage and rule.table == table.name]
    codes |= _ask(found, rules, came)


def _ask(found: Judgement, rules: list[Rule], came: pa.Table) -> dict[str, Positions]:
    """Ask rules in one query; only of those that are broken the columns of the examples are fetched."""
    if not rules:
        return {}
    asked = (
        f"FROM ({rule.breaks}) SELECT DISTINCT {place} AS rule, _row" for place, rule in enumerate(rules)
    )
    hits = found.connection.sql(" UNION ALL ".join(asked)).to_arrow_table()
    places, rows = hits.column("rule").to_numpy(), hits.column(_ROW).to_numpy()
    codes = {rules[place].code: np.sort(rows[places == place]) for place in np.unique(places)}
    for rule in rules:
        if rule.code in codes:
            bad = codes[rule.code]
            found.broken.append(Broken(rule, len(bad), came.num_rows, _in_words(found, rule, bad, came)))
    return codes


def _in_words(found: Judgement, rule: Rule, bad: Positions, came: pa.Table) -> tuple[str, ...]:
    first = ", ".join(str(row) for row in bad[:_EXAMPLES])
    query = f"FROM ({rule.breaks}) WHERE _row IN ({first}) ORDER BY _row"
    rows = found.connection.sql(query).to_arrow_table().to_pylist()
    # What is said of the whole table is said once.
    said = {rule.example.format(**row): row[_ROW] for row in reversed(rows)}
    return tuple(f"{_place(found, came, row)}: {text}" for text, row in reversed(said.items()))


def _hold_back(found: Judgement, table: Table, came: pa.Table, codes: dict[str, Positions]) -> None:
    """Keep the bad rows as they came, with the codes of the rules they break and where they came from."""
    bad = _bad_rows(codes)
    if not len(bad):
        return
    rows = came.take(pa.array(bad))
    files, lines = rows.column(FILE).to_numpy(), rows.column(LINE).to_numpy()
    for index in np.unique(files):
        found.bad_lines.setdefault(int(index), set()).update(lines[files == index].tolist())
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

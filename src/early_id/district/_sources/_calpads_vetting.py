"""Records of CALPADS before they are believed: each cell as the layout writes it, each code with a meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.district._sources._calpads_files import OTHER
from early_id.district._sources._calpads_records import FORMS, RECORDS, SENT, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from early_id.district._sources._reading import Reading

#: What a record that adds or updates fulfils: a deletion needs no more than its key.
STANDS = "coalesce(TransactionTypeCode, 'A') <> 'D'"
_A_DAY = "a day as 20240815 or 08/15/2024"
# A day is eight digits, year first, or month/day/year with slashes; eight digits with the year last are no day here,
# since no month is 19 or 20. In an extract the time may follow.
_DAY = r"""
    CREATE MACRO sent_day(cell) AS CASE
        WHEN regexp_full_match(cell, '(19|20)\d{6}( [0-9:]+( [AP]M)?)?') THEN try_strptime(cell[:8], '%Y%m%d')::DATE
        WHEN regexp_full_match(cell, '\d{1,2}/\d{1,2}/(19|20)\d{2}( [0-9:]+( [AP]M)?)?')
            THEN try_strptime(regexp_extract(cell, '^[0-9/]+'), '%m/%d/%Y')::DATE
    END;
    CREATE MACRO plain_day(cell) AS CASE WHEN NOT contains(cell, ' ') THEN sent_day(cell) END;
    CREATE MACRO ends_in(year_cell) AS TRY_CAST(right(year_cell, 4) AS BIGINT);
    CREATE MACRO exit_class(reason) AS meaning('exit', regexp_extract(reason, '^[A-Za-z]?([0-9]{3})$', 1));
    -- The first Wednesday of October: the day by which the state asks who came back.
    CREATE MACRO census_day(in_year) AS
        make_date(in_year, 10, 1) + CAST((10 - isodow(make_date(in_year, 10, 1))) % 7 AS INTEGER)
"""
_BLANK = r"""regexp_full_match(Text, '[\^,"\s]*')"""


#: A condition over the columns of a sheet, the rule a record breaks by it, and what to say of one such record.
Problem = tuple[str, str, str]


def vet(reading: Reading) -> None:
    """Leave out what is no record, and hold back every record that is not as the layout says."""
    reading.connection.execute(_DAY)
    _vet_lines(reading)
    for record in RECORDS.values():
        if reading.has_rows(record.sheet):
            hold_back_first(reading, record.sheet, [*_shape(record), *_key(record), *_cells(record)])


def hold_back_first(reading: Reading, sheet: str, problems: list[Problem]) -> None:
    """Hold back every record for the first of its problems, asking about all of them in one pass."""
    cases = " ".join(f"WHEN {where} THEN {place}" for place, (where, _, _) in enumerate(problems))
    query = (
        f"FROM {sheet} SELECT DISTINCT CASE {cases} END AS problem WHERE problem IS NOT NULL ORDER BY problem"
    )
    for (place,) in reading.connection.sql(query).fetchall():
        reading.hold_back(sheet, *problems[place])


def _vet_lines(reading: Reading) -> None:
    if not reading.has_rows(OTHER):
        return
    reading.leave_out(OTHER, _BLANK, "no content")
    reading.leave_out(OTHER, r"regexp_matches(Text, '^\W*record\W?type', 'i')", "header")
    unread = f"FROM {OTHER} SELECT DISTINCT RecordType, meaning('unread', RecordType) AS what WHERE what IS NOT NULL"
    for kind, what in sorted(reading.connection.sql(unread).fetchall()):
        reading.leave_out(OTHER, f"RecordType = '{kind}'", f"{kind} is not read: {what}")
    reading.hold_back(OTHER, "true", "EID-CPS-001", "it begins with {RecordType!r}")


def _shape(record: Record) -> Iterator[Problem]:
    few = f"{record.kind} has {{Cells}} cells, expected {record.cells} or more"
    yield f"CAST(Cells AS INTEGER) < {record.cells}", "EID-CPS-002", few
    who = " of student {SSID}" if "SSID" in record.places else ""
    yield "TransactionTypeCode = 'R'", "EID-CPS-003", f"{record.kind}{who} has transaction type R"
    said = "transaction type is {TransactionTypeCode!r}, expected blank, A or D"
    yield "TransactionTypeCode NOT IN ('A', 'D')", "EID-SRC-005", said


def _key(record: Record) -> Iterator[Problem]:
    """Without its key a record, and a deletion too, is about nobody."""
    for name in record.key:
        if name not in record.loose:
            yield _empty(record, name, "true")
    for name, (form, words) in FORMS.items():
        if name in record.places:
            yield _wrong(record, name, f"NOT regexp_full_match({name}, '{form}')", words)
    if "Year" in record.places:
        bad = "ends_in(Year) <> TRY_CAST(left(Year, 4) AS BIGINT) + 1 OR left(Year, 2) NOT IN ('19', '20')"
        yield _wrong(record, "Year", bad, "a school year as 2024-2025")
    for name in record.days:
        if name in record.key:
            yield _wrong(record, name, f"plain_day({name}) IS NULL", _A_DAY)


def _cells(record: Record) -> Iterator[Problem]:
    for name in record.required:
        yield _empty(record, name, STANDS)
    for name in record.days:
        bad = f"{STANDS} AND {name} IS NOT NULL AND plain_day({name}) IS NULL"
        yield _wrong(record, name, bad, _A_DAY)
    for name in SENT:
        yield _wrong(record, name, f"{name} IS NOT NULL AND sent_day({name}) IS NULL", _A_DAY)
    for name in record.whole:
        bad = rf"{STANDS} AND NOT regexp_full_match({name}, '\d{{1,4}}(\.0+)?')"
        yield _wrong(record, name, bad, "a whole number")
    for name in record.numbers:
        bad = rf"{STANDS} AND NOT regexp_full_match({name}, '\d{{1,4}}(\.\d{{1,4}})?')"
        yield _wrong(record, name, bad, "a number")
    for name, codes in record.codes.items():
        bad = f"{STANDS} AND {name} IS NOT NULL AND meaning('{codes}', {name}) IS NULL"
        yield bad, "EID-SRC-005", f"{name} is {{{name}!r}}, which `codes: {codes}` does not name"
    if record.span:
        first, last = record.span
        bad = f"{STANDS} AND plain_day({last}) < plain_day({first})"
        yield bad, "EID-CPS-004", f"{first} {{{first}}}, {last} {{{last}}}"


def _empty(record: Record, name: str, where: str) -> Problem:
    return f"{where} AND {name} IS NULL", "EID-SRC-002", f"{record.kind}: {name} is empty"


def _wrong(record: Record, name: str, bad: str, words: str) -> Problem:
    return bad, "EID-SRC-001", f"{record.kind}: {name} is {{{name}!r}}, expected {words}"

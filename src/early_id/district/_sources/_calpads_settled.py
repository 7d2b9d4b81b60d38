"""Which record stands where several tell of the same thing: the later one, and until when the earlier one stood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from early_id.district._intake import FILE, LINE
from early_id.district._sources._calpads_records import RECORDS, Record

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

# What a file replaces as a whole, such as all absence totals of a school and year: its files, in their order.
_EDITIONS = """
    WITH sent AS (
        FROM dated SELECT {edition}, _file, max(known) AS sent_on WHERE NOT deletes GROUP BY ALL
    ),
    turns AS (
        FROM sent
        SELECT *, row_number() OVER same AS turn, lead(sent_on) OVER same AS next_sent_on,
            lead(_file) OVER same IS NOT NULL AS followed
        WINDOW same AS (PARTITION BY {edition} ORDER BY sent_on NULLS FIRST, _file)
    )
    FROM dated LEFT JOIN turns ON {same_edition} AND dated._file = turns._file
    SELECT dated.*, coalesce(turn, 0) AS turn, next_sent_on, coalesce(followed, false) AS followed
"""
_ONE_BY_ONE = "FROM dated SELECT *, 0 AS turn, NULL::DATE AS next_sent_on, false AS followed"
# A record is known as it stands from the last day on which it was sent or changed.
_FATE = """
    CREATE TABLE fate_{sheet} AS
    WITH dated AS (
        FROM {sheet}
        SELECT _file, _line, {key}, coalesce(TransactionTypeCode, 'A') = 'D' AS deletes,
            sent_day(UploadDate) AS first_sent, greatest(first_sent, sent_day(LastDateUpdated)) AS known
    ),
    ordered AS ({ordered}),
    marked AS (
        FROM ordered
        SELECT *, coalesce(bool_or(deletes) OVER (
            PARTITION BY {key} ORDER BY turn, known NULLS FIRST, _file, _line
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ), false) AS deleted
    ),
    kept AS (
        FROM marked
        SELECT *, lead(_line) OVER later IS NOT NULL AS again, lead(known) OVER later AS next_known,
            least(next_known, next_sent_on) AS until
        WHERE NOT deletes AND NOT deleted
        WINDOW later AS (PARTITION BY {key} ORDER BY turn, known NULLS FIRST, _file, _line)
    )
    FROM kept
    SELECT _file, _line, first_sent, known AS known_at, until AS retracted_at,
        CASE WHEN NOT (again OR followed) OR coalesce({versions} AND known < until, false) THEN 'stands'
            ELSE 'replaced' END AS fate,
        followed AND next_sent_on IS NULL AS unsure
    UNION ALL
    FROM marked
    SELECT _file, _line, NULL, NULL, NULL, CASE WHEN deletes THEN 'deletes' ELSE 'deleted' END, false
    WHERE deletes OR deleted
"""
_NO_FATE = """
    CREATE TABLE no_fate (_file INTEGER, _line BIGINT, first_sent DATE, known_at DATE, retracted_at DATE, fate VARCHAR,
        unsure BOOLEAN);
    ALTER TABLE no_fate RENAME TO fate_"""
_REASONS = {
    "deletes": "deletion of another record",
    "deleted": "deleted by a later record",
    "replaced": "replaced by a later record",
}


def settle(reading: Reading) -> None:
    """Let the later of two records of one key stand.

    Records with a day order by it, those without before them, by file and line. The earlier one becomes a version
    that was taken back on the day of the later, where both have their day, and is left out otherwise. The view
    `<sheet>_now` holds what is left, with `first_sent`, `known_at` and `retracted_at`.
    """
    for record in RECORDS.values():
        key = ", ".join(record.key)
        query = _FATE.format(sheet=record.sheet, key=key, ordered=_ordered(record), versions=record.versions)
        reading.connection.execute(query if reading.has_rows(record.sheet) else _NO_FATE + record.sheet)
        _leave_out(reading, record)
        reading.connection.execute(
            f"CREATE VIEW {record.sheet}_now AS FROM {record.sheet} JOIN fate_{record.sheet} USING ({FILE}, {LINE}) "
            f"SELECT {record.sheet}.*, first_sent, known_at, retracted_at"
        )


def _leave_out(reading: Reading, record: Record) -> None:
    fate = f"fate_{record.sheet}"
    found = reading.connection.sql(
        f"FROM {fate} SELECT DISTINCT fate, unsure WHERE fate <> 'stands'"
    ).fetchall()
    here = f"({FILE}, {LINE}) IN (FROM {fate} SELECT {FILE}, {LINE}"
    if any(unsure for _, unsure in found):
        said = f"{record.kind} of school {{School}} in {{Year}} comes in a later file again"
        reading.report(record.sheet, f"{here} WHERE unsure)", "EID-CPS-012", said)
    for word in sorted({word for word, _ in found}):
        reading.leave_out(record.sheet, f"{here} WHERE fate = '{word}')", _REASONS[word])


def _ordered(record: Record) -> str:
    if not record.edition:
        return _ONE_BY_ONE
    same = " AND ".join(f"dated.{name} IS NOT DISTINCT FROM turns.{name}" for name in record.edition)
    return _EDITIONS.format(edition=", ".join(record.edition), same_edition=same)

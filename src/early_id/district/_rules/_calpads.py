"""Rules about CALPADS files, before their rows become canonical rows."""

from __future__ import annotations

from early_id.district._rules._rule import Rule, Severity


def _rule(number: str, severity: Severity, title: str, cause: str, remedy: str) -> Rule:
    return Rule(f"EID-CPS-{number}", "", severity, "file", title, cause, remedy)


RULES = (
    _rule(
        "001",
        "error",
        "line of no known record type",
        "The first cell of the line is no CALPADS record type, such as SENR or STAS-R.",
        "Look whether the file is a CALPADS file with one record per line, between ^ or commas.",
    ),
    _rule(
        "002",
        "error",
        "record with too few cells",
        "The line ends before the cells that every layout of this record has.",
        "Export the file again; do not cut off empty cells at the end.",
    ),
    _rule(
        "003",
        "error",
        "record that replaces a key",
        "Transaction type R renames a record by a key that is not in the file, so nobody can tell which one it was.",
        "Send the state's extract of the records as they stand, or a deletion and an addition.",
    ),
    _rule(
        "004",
        "error",
        "last day before first day in the record",
        "The day on which the record ends lies before the day on which it starts.",
        "Look whether the two days are swapped.",
    ),
    _rule(
        "005",
        "error",
        "school that cannot be placed",
        "The school is written as 0000001, and neither the record nor one enrollment of that year says which it is.",
        "Give the seven digits of the nonpublic school, or the enrollment of the student there.",
    ),
    _rule(
        "006",
        "error",
        "enrollment outside its school year",
        "The enrollment starts after the school year of the record, ends before it, or spans more than 15 years.",
        "Correct the day or the school year.",
    ),
    _rule(
        "007",
        "error",
        "absence totals that do not add up",
        "The days attended and absent add up to the days expected by neither rule of the state.",
        "Correct the totals at the source and submit them again.",
    ),
    _rule(
        "008",
        "warning",
        "absence totals by the older rule",
        "Days attended include in-school suspension, as the state counted up to 2020-21; the totals add up so.",
        "Nothing, if these are totals of 2020-21 or earlier; else look at the export.",
    ),
    _rule(
        "009",
        "warning",
        "enrollment of an earlier year still open",
        "There is no exit, yet there are records of later years; the enrollment counts to June 30 of its own year.",
        "Send the exit, or the enrollment of the later years.",
    ),
    _rule(
        "010",
        "warning",
        "completion status without a meaning",
        "No code set says whether this completion is a graduation; the enrollment is kept, without that outcome.",
        "Add the code under `codes: completion` of the district's mapping file (`--mapping`).",
    ),
    _rule(
        "011",
        "warning",
        "marks without the end of their term",
        "Records of marks carry no day, and the mapping file does not say when the term ended; they are left out.",
        "Add the term under `terms` of the district's mapping file (`--mapping`).",
    ),
    _rule(
        "012",
        "warning",
        "two submissions without a day",
        "Two files hold one school and year and neither says when it was sent; the one whose name comes last counts.",
        "Keep the newest file only, or use the state's extracts, which carry the day.",
    ),
    _rule(
        "013",
        "warning",
        "file that is not read",
        "Its ending is that of a spreadsheet, an XML file or an archive, not that of a text file.",
        "Save it as text between ^ or commas.",
    ),
)

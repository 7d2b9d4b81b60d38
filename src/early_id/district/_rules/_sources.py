"""Rules that any source may use for rows that cannot become rows of a canonical table."""

from __future__ import annotations

from early_id.district._rules._rule import Rule, Severity


def _rule(number: str, title: str, cause: str, remedy: str, severity: Severity = "error") -> Rule:
    return Rule(f"EID-SRC-{number}", "", severity, "file", title, cause, remedy)


RULES = (
    _rule(
        "001",
        "cell that is not as the source writes it",
        "A day, number or code is not written as the layout of the source says.",
        "Correct the cell at the source and export it again.",
    ),
    _rule(
        "002",
        "empty cell in the source",
        "A cell that every row of this file has is empty.",
        "Fill the cell at the source and export it again.",
    ),
    _rule(
        "003",
        "row comes twice in the source",
        "Two rows of the source share their key, or one is a copy of the other.",
        "Remove one of them, or look whether one file was exported twice.",
    ),
    _rule(
        "004",
        "row refers to one that is not there",
        "The row names a record of another file of the source, and that file has no such record.",
        "Export both files on the same day, or correct the id.",
    ),
    _rule(
        "005",
        "code without a meaning",
        "No code set of the source, and no mapping of the district, says what this code means.",
        "Add the code to the district's mapping file (`--mapping`).",
    ),
    _rule(
        "006",
        "row that no table takes",
        "The source neither made a canonical row of it nor said why not.",
        "Tell whoever looks after the source: it has to hold the row back or leave it out, with the reason.",
    ),
    _rule(
        "007",
        "code without a meaning, left empty",
        "No code set of the source, and no mapping of the district, says what this code means; the cell is unknown.",
        "Add the code to the district's mapping file (`--mapping`).",
        "warning",
    ),
)

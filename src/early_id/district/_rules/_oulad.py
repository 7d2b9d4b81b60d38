"""Rules about the files of the OULAD source, before they become canonical tables."""

from __future__ import annotations

from early_id.district._rules._rule import Rule


def _rule(number: str, title: str, cause: str, remedy: str) -> Rule:
    return Rule(f"EID-OUL-{number}", "", "error", "file", title, cause, remedy)


RULES = (
    _rule(
        "001",
        "cell of the wrong kind",
        "A day, score or code is not written as the dataset writes it.",
        "Compare the cell with the published file.",
    ),
    _rule(
        "002",
        "empty cell",
        "A cell that every row of this file has is empty.",
        "Compare the row with the published file.",
    ),
    _rule(
        "003",
        "row comes twice",
        "Two rows of the file share their key, or one is a copy.",
        "Keep the one of the published file.",
    ),
    _rule(
        "004",
        "unknown module presentation",
        "courses.csv has no such module and presentation.",
        "Add it to courses.csv or leave out its rows everywhere.",
    ),
    _rule(
        "005",
        "unknown assessment",
        "assessments.csv has no such id_assessment.",
        "Add it to assessments.csv or leave out the row.",
    ),
    _rule(
        "006",
        "student not registered",
        "studentRegistration.csv has no such student in that module presentation.",
        "Add the registration or leave out the row.",
    ),
    _rule(
        "007",
        "value not allowed",
        "A result or type of assessment is not one of the dataset's, or a number is out of range.",
        "Compare the cell with the published file.",
    ),
)

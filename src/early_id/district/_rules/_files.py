"""Rules about files, before any row is looked at."""

from __future__ import annotations

from early_id.district._rules._rule import Rule, Severity


def _file(number: str, severity: Severity, title: str, cause: str, remedy: str) -> Rule:
    return Rule(f"EID-FILE-{number}", "", severity, "file", title, cause, remedy)


RULES = (
    _file(
        "001",
        "error",
        "required table missing",
        "Without schools, enrollments and calendar nobody can be placed in a school on a day.",
        "Export the table and put it into the folder.",
    ),
    _file(
        "002",
        "error",
        "required column missing",
        "The rows of this file lack something that every row must say.",
        "Add the column, or rename the one that holds it.",
    ),
    _file(
        "003",
        "warning",
        "unknown column",
        "No canonical column has this name; it is not read.",
        "Rename the column if it is meant to be read.",
    ),
    _file(
        "004",
        "error",
        "two files for one table",
        "A CSV and a Parquet file of the same name lie side by side; neither is read.",
        "Keep the one that is current.",
    ),
    _file(
        "005",
        "error",
        "empty table",
        "The file has no rows. A table with nothing to tell cannot be told from an export that went wrong.",
        "Export the table again; if there is truly nothing to tell, remove the file.",
    ),
    _file(
        "006",
        "error",
        "file cannot be read",
        "The file is not what its ending says, is cut off, or is no file at all.",
        "Export the file again.",
    ),
    _file(
        "007",
        "error",
        "line without one cell per column",
        "A separator or a quote is missing or too many, or the file is cut off.",
        "Quote cells that hold the separator; export the file again if it is cut off.",
    ),
    _file(
        "008",
        "error",
        "unreadable bytes",
        "A cell is neither UTF-8 nor Windows-1252 text.",
        "Export the file as UTF-8.",
    ),
    _file(
        "009",
        "warning",
        "read as Windows-1252",
        "The file is not UTF-8; these lines were read in the encoding of older spreadsheets.",
        "Export the file as UTF-8, or look whether the names came out right.",
    ),
    _file(
        "010",
        "warning",
        "unknown file",
        "No canonical table has this name, or its ending is neither .csv nor .parquet; the file is not read.",
        "Rename or export the file if it is meant to be read.",
    ),
    _file(
        "011",
        "error",
        "column comes twice",
        "Two columns have one name, so it cannot be known which is meant.",
        "Rename or remove one of them.",
    ),
    _file(
        "012",
        "error",
        "rules not asked",
        "A required table has no good row; the rules of the tables behind it would only find that out, row by row.",
        "Mend that table first, then check again.",
    ),
    _file(
        "014",
        "warning",
        "table the standard does not carry",
        "Files of this standard never hold this table; what rests on it is missing, and rules about it are not asked.",
        "Read it from another source, such as the student information system, and merge the two districts.",
    ),
)

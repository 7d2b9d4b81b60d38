"""Rules about the files of the OneRoster source, where the general ones do not say enough."""

from __future__ import annotations

from early_id.district._rules._rule import Rule, Severity


def _rule(number: str, severity: Severity, title: str, cause: str, remedy: str) -> Rule:
    return Rule(f"EID-ONE-{number}", "", severity, "file", title, cause, remedy)


RULES = (
    _rule(
        "001",
        "warning",
        "bundle without a manifest",
        "Without manifest.csv nobody says which version the files have and whether they are all there.",
        "Export the manifest too, or look whether the files hold everything.",
    ),
    _rule(
        "002",
        "error",
        "status in a bulk file",
        "A row says that it changes or deletes another, in a file that is to hold everything.",
        "Export in bulk; where the files do hold everything, say `mode: bulk` in the mapping.",
    ),
    _rule(
        "003",
        "error",
        "score far outside its range",
        "The score is below resultValueMin, or above resultValueMax by more than half of the range.",
        "Correct the score, or the range of its line item.",
    ),
    _rule(
        "004",
        "error",
        "ends before it begins",
        "The end lies before the beginning; endDate is the first day after the last one.",
        "Correct beginDate (startDate) or endDate.",
    ),
    _rule(
        "005",
        "error",
        "role without a first day",
        "The role has no beginDate, and no class of the student in that school tells since when it holds.",
        "Fill beginDate in roles.csv, or export the student's enrollments.",
    ),
    _rule(
        "006",
        "error",
        "school without a district",
        "No organisation above the school is a district.",
        "Fill parentSourcedId in orgs.csv, or name the district in the mapping (`district_id`, `district_name`).",
    ),
    _rule(
        "007",
        "warning",
        "marked without points",
        "The line item names no range of points, and no score scale says what the text is worth.",
        "Export resultValueMin and resultValueMax or the score scales, or give the range in the mapping.",
    ),
    _rule(
        "008",
        "warning",
        "grade without a meaning",
        "The student has more than one grade, or one that no code set explains; the grade level stays empty.",
        "Add the code to `codes.Grade` of the mapping.",
    ),
    _rule(
        "009",
        "warning",
        "course that nobody says is core",
        "No code set explains the subjects of the course, so it does not count as a core course.",
        "Add its subject to `codes.Subject` of the mapping.",
    ),
    _rule(
        "010",
        "warning",
        "file of the manifest missing",
        "The manifest names a file that is not in the bundle.",
        "Export the file, or call it absent in the manifest.",
    ),
)

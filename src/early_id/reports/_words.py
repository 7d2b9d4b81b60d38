"""Plain words for what the frames call by short names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

ATTRIBUTES = {
    "race_ethnicity": "Race or ethnicity",
    "race": "Race or ethnicity",
    "gender": "Gender",
    "english_learner": "English learner",
    "disability": "Disability",
    "students_with_disabilities": "Disability",
    "low_income": "Low income",
    "foster": "Foster youth",
    "homeless": "Homeless youth",
    "grade_band": "Grade band",
    "school": "School",
    "district": "District",
    "age_band": "Age band",
    "quality": "Quality of the model",
    "imd_band": "Neighbourhood deprivation (IMD) band",
}
SYMBOLS = {"gap": "▼", "fail": "▼", "pass": "✓", "cannot tell": "?", "suppressed": "–"}
MEANINGS = {
    "gap": "this group is clearly behind",
    "pass": "any difference is within the tolerance",
    "cannot tell": "not enough evidence to say either",
    "suppressed": "hidden, so that no small group can be worked out",
}
#: What a verdict on the model itself means.
QUALITY_MEANINGS = {
    "fail": "the model missed this bar",
    "pass": "the model cleared this bar",
    "cannot tell": "too little evidence to say",
}
MEASURES = {"recall": "Weeks on the list", "not_scored": "Has a score", "quality": "Quality of the model"}
LABELS = {
    "chronic_absence": "chronic absence at the end of the school year",
    "course_failure": "a failing final mark in a core course this term",
    "suspension": "an out-of-school suspension in the next 60 school days",
}


def attribute_words(name: str) -> str:
    """Name an attribute, or two crossed ones, as people do.

    >>> attribute_words("english_learner"), attribute_words("gender × shoe_size")
    ('English learner', 'Gender × Shoe size')
    """
    return " × ".join(ATTRIBUTES.get(part, part.replace("_", " ").capitalize()) for part in name.split(" × "))


def group_words(attribute: str, group: str) -> str:
    """Name a group so that it stands by itself in a sentence.

    >>> group_words("english_learner", "yes"), group_words("grade_band", "6–8")
    ('English learner: yes', 'Grade band: 6–8')
    """
    return f"{attribute_words(attribute)}: {group}"


def name_schools(content: dict[str, Any], names: Mapping[str, str]) -> None:
    """Give every row the name its group is called by; schools of the same name keep their number beside it."""
    known = [names.get(row["group"]) for row in content["by_group"] if row["attribute"] == "school"]
    for row in (
        *content["by_group"],
        *content["verdicts"],
        *content["calibration"],
        *content.get("measurement", ()),
    ):
        name = names.get(row["group"]) if row["attribute"] == "school" else None
        row["name"] = (
            row["group"] if name is None else name if known.count(name) == 1 else f"{name} ({row['group']})"
        )


def school_days(period: str) -> str:
    """Name a stretch of school days by its first and its last day; "20-60" ends before day 60.

    >>> school_days("20-60"), school_days("120-"), school_days("all")
    ('20–59', '120–', 'all')
    """
    first, dash, end = period.partition("-")
    return f"{first}–{int(end) - 1}" if end else f"{first}–" if dash else period


def label_words(label: str) -> str:
    """Say what the model looks ahead to.

    >>> label_words("outcome:on_time_graduation")
    'on time graduation'
    """
    return LABELS.get(label, label.removeprefix("outcome:").replace("_", " "))


def capacity_words(capacity: object) -> str:
    """Say how long the lists are.

    >>> capacity_words("5%"), capacity_words(25), capacity_words({"*": 25, "s1": 40})
    ('5 % of the students of each school', '25 students per school', '25 students per school, 40 in s1')
    """
    if isinstance(capacity, Mapping):
        own = [f"{places} in {school}" for school, places in sorted(capacity.items()) if school != "*"]
        every = [f"{capacity['*']} students per school"] if "*" in capacity else []
        return ", ".join(every + own)
    if isinstance(capacity, str) and capacity.strip().endswith("%"):
        return f"{capacity.strip()[:-1].strip()} % of the students of each school"
    return f"{capacity} students per school"


def points(share: float | None) -> str:
    """Write a difference of two shares in percentage points.

    >>> points(-0.1134), points(0.004), points(None)
    ('−11.3', '+0.4', '–')
    """
    return "–" if share is None or math.isnan(share) else signed(100 * share, 1)


def signed(value: float, digits: int) -> str:
    """Write a difference with its sign; none where it rounds to nothing.

    >>> signed(-0.281, 2), signed(0.004, 2)
    ('−0.28', '0.00')
    """
    text = f"{abs(value):.{digits}f}"
    return text if float(text) == 0 else ("−" if value < 0 else "+") + text


def share(value: float | None) -> str:
    """Write a share in percent.

    >>> share(0.4136), share(0.021), share(None)
    ('41.4 %', '2.1 %', '–')
    """
    return "–" if value is None or math.isnan(value) else f"{100 * value:.1f} %"


def interval(row: Mapping[Any, Any], name: str, written: Callable[[float], str] = share) -> str:
    """Write an interval, or nothing where none is printed.

    >>> interval({"recall_low": 0.32, "recall_high": 0.5}, "recall")
    '32.0–50.0 %'
    """
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"{written(low).removesuffix(' %')}–{written(high)}"


def figure(row: Mapping[Any, Any], name: str, written: Callable[[float], str] = share) -> str:
    """Write a figure with its interval in brackets; a dash where it is not printed.

    >>> figure({"recall": 0.4, "recall_low": 0.32, "recall_high": 0.5}, "recall"), figure({"recall": None}, "recall")
    ('40.0 % (32.0–50.0 %)', '–')
    """
    if row.get(name) is None:
        return "–"
    around = interval(row, name, written)
    return f"{written(row[name])}{f' ({around})' if around else ''}"


def number(value: float | None, digits: int = 3) -> str:
    """Write a figure, or a dash where it does not apply.

    >>> number(0.81234), number(float("nan")), number(12, 0)
    ('0.812', '–', '12')
    """
    return "–" if value is None or math.isnan(value) else f"{value:,.{digits}f}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Count things.

    >>> plural(1, "group"), plural(3, "group")
    ('1 group', '3 groups')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def first_upper(text: str) -> str:
    """Begin a line with a capital letter and leave the rest as it is.

    >>> first_upper("early against ABC rule")
    'Early against ABC rule'
    """
    return text[:1].upper() + text[1:]


FILTERS: dict[str, Callable[..., str]] = {
    "attribute_words": attribute_words,
    "capacity_words": capacity_words,
    "first_upper": first_upper,
    "label_words": label_words,
    "number": number,
    "plural": plural,
    "points": points,
    "school_days": school_days,
    "share": share,
}

"""Facts as sentences: numbers as people write them, and no sentence at all where a number is unknown."""

from __future__ import annotations

import math
import re
from datetime import date
from string import Formatter
from typing import TYPE_CHECKING, Any

import pandas as pd

from early_id.exceptions import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACEHOLDERS = ("count", "of", "value", "from_", "to")
_DATES = ("from_", "to")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# What is counted in the catalogue's phrases; the word before it (school, core, partial, ...) does not matter.
_PLURALS = {
    "absences": "absence",
    "assignments": "assignment",
    "changes": "change",
    "courses": "course",
    "days": "day",
    "incidents": "incident",
    "marks": "mark",
    "months": "month",
    "pieces": "piece",
    "points": "point",
    "schools": "school",
    "suspensions": "suspension",
    "tardies": "tardy",
    "times": "time",
    "weeks": "week",
}
_COUNTED = rf"((?:[a-z-]+\s+){{0,2}}?)({'|'.join(_PLURALS)})\b"
_AFTER_ONE = re.compile(rf"^(\s+){_COUNTED}")
# How people say that something never happened. "1.0" and "0.5" are not the words "1" and "0".
_NOTHING = tuple(
    (re.compile(pattern, re.IGNORECASE), plain)
    for pattern, plain in (
        (r"\ball but 0 of (?:the )?1\b(?!\.)", "1 of 1"),
        (r"\ball but 0 of (?:the )?(?=\d)", "all "),
        (r"\blate (?:only )?0 times\b", "never late"),
        (r"\blast absent 0 school days ago\b", "absent on the latest school day"),
        (r"\babsent (?:only )?0 school days\b", "absent on no school day"),
        (r"\babsent (?:only )?0 of\b", "absent on none of"),
    )
)
_NONE = re.compile(rf"(^|\bin )(?:only )?0 {_COUNTED}", re.IGNORECASE)
_CHANGED = "changed by "


def sentence(template: str, values: Mapping[str, Any], *, unit: str = "") -> str | None:
    """Fill a template with facts.

    Parameters
    ----------
    template : str
        With any of {count}, {of}, {value}, {from_}, {to}.
    values : mapping
        Numbers for count, of and value; dates for from_ and to. None, NaN and NaT are unknown.
    unit : {"share", "points", "days", "count", ""}
        Of {value}: a share is written as a percentage, points with one decimal.

    Returns
    -------
    str or None
        None if the template is empty or a number it needs is unknown: a fact is stated whole or not at all.

    Raises
    ------
    ConfigError
        If the template has another placeholder or cannot be parsed.

    Examples
    --------
    >>> sentence("Absent {count} of the last {of} school days ({from_} to {to})",
    ...          {"count": 3.0, "of": 20.0, "from_": "2024-10-12", "to": "2024-11-08"})
    'Absent 3 of the last 20 school days (12 Oct 2024 to 8 Nov 2024)'
    >>> sentence("{count} days suspended this year", {"count": 1.0})
    '1 day suspended this year'
    >>> sentence("Marks changed by {value} points", {"value": -18.5}, unit="points")
    'Marks fell by 18.5 points'
    >>> sentence("Late only {count} times this year", {"count": 0})
    'Never late this year'
    >>> sentence("Mean mark {value}", {"value": 71.25}, unit="points"), sentence("Late {count} times", {})
    ('Mean mark 71.2', None)
    """
    if not template:
        return None
    text = ""
    one = False
    for literal, name in parts(template):
        text += _after_one(literal) if one else literal
        if name is None:
            continue
        written = _date(values.get(name)) if name in _DATES else _number(values.get(name), name, unit)
        if written is None:
            return None
        text = _moved(text, written) if name == "value" and text.endswith(_CHANGED) else text + written
        one = written == "1"
    return _tidy(text)


def parts(template: str) -> list[tuple[str, str | None]]:
    """Split a template into literal text and the placeholder after it; refuse unknown placeholders."""
    try:
        split = [(literal, name, form, how) for literal, name, form, how in Formatter().parse(template)]
    except ValueError as error:
        msg = (
            "Expected a template with {count}, {of}, {value}, {from_}, {to}, got "
            f"{template!r} ({error})."
        )
        raise ConfigError(msg) from error
    for _, name, form, how in split:
        if name is not None and (name not in PLACEHOLDERS or form or how):
            msg = (
                f"Expected a known placeholder in {template!r}, got {name!r}; "
                f"{did_you_mean(name, PLACEHOLDERS)}"
            )
            raise ConfigError(msg)
    return [(literal, name) for literal, name, _, _ in split]


def placeholders(template: str) -> set[str]:
    """Name the placeholders of a template.

    >>> sorted(placeholders("Absent {count} of {of} school days"))
    ['count', 'of']
    """
    return {name for _, name in parts(template) if name is not None}


def number(value: Any) -> float | None:
    """Give a finite float, or None for anything unknown.

    >>> number("7"), number(float("nan")), number(pd.NA)
    (7.0, None, None)
    """
    if value is None or value is pd.NA:
        return None
    try:
        result = float(value)
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def _number(value: Any, name: str, unit: str) -> str | None:
    known = number(value)
    if known is None:
        return None
    if name == "value" and unit == "share":
        return f"{_whole(round(100 * known, 1))} %"
    if name == "value" and unit == "points":
        return f"{known:.1f}"
    return _whole(round(known, 1))


def _whole(value: float) -> str:
    """Write whole numbers without decimals and others with one."""
    return f"{value + 0.0:.0f}" if value == int(value) else f"{value:.1f}"


def _date(value: Any) -> str | None:
    """Write a date the same way in every locale."""
    if not isinstance(value, (str, date)) and not hasattr(value, "dtype"):
        return None
    day = pd.Timestamp(value)
    return None if pd.isna(day) else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _after_one(literal: str) -> str:
    return _AFTER_ONE.sub(lambda found: f"{found[1]}{found[2]}{_PLURALS[found[3]]}", literal)


def _moved(text: str, written: str) -> str:
    """Say which way a change went: "changed by -3.0" is "fell by 3.0"."""
    stem = text.removesuffix(_CHANGED)
    return f"{stem}fell by {written[1:]}" if written.startswith("-") else f"{stem}rose by {written}"


def _tidy(text: str) -> str:
    """Say nothing of "only 0", "all but 0 of" and "0 times", which nobody would."""
    for pattern, plain in _NOTHING:
        text = pattern.sub(plain, text)
    text = _NONE.sub(lambda found: f"{found[1]}no {found[2]}{_PLURALS[found[3]]}", text)
    return text[:1].upper() + text[1:]

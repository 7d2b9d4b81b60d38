"""Facts as sentences: numbers as people write them, and no sentence at all where a number is unknown."""

from __future__ import annotations

import math
from datetime import date
from string import Formatter
from typing import TYPE_CHECKING, Any

import pandas as pd

from early_id.exceptions import ConfigError, did_you_mean
from early_id.explain._grammar import Grammar, grammar_of
from early_id.panel import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACEHOLDERS = ("count", "of", "value", "before", "before_of", "from_", "to")
_DATES = ("from_", "to")


def sentence(
    template: str, values: Mapping[str, Any], *, unit: str = "", language: str = LANGUAGES[0]
) -> str | None:
    """Fill a template with facts.

    Parameters
    ----------
    template : str
        With any of {count}, {of}, {value}, {before}, {before_of}, {from_}, {to}.
    values : mapping
        Dates for from_ and to, numbers for the others. None, NaN and NaT are unknown.
    unit : {"share", "points", "days", "count", ""}
        Of {value}: a share is written as a percentage, points with one decimal.
    language : {"en", "es"}
        Of the template; numbers, one, none and dates are written as in it.

    Returns
    -------
    str or None
        None if the template is empty or a number it needs is unknown: a fact is stated whole or not at all.

    Raises
    ------
    ConfigError
        If the template has another placeholder or cannot be parsed, or the language is not known.

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
    >>> sentence("{count} faltas desde el {from_}", {"count": 1, "from_": "2025-08-14"}, language="es")
    '1 falta desde el 14 de agosto de 2025'
    >>> sentence("Mean mark {value}", {"value": 71.25}, unit="points"), sentence("Late {count} times", {})
    ('Mean mark 71.2', None)
    """
    if not template:
        return None
    grammar = grammar_of(language)
    text = ""
    one = False
    for literal, name in parts(template):
        text += grammar.after_one(literal) if one else literal
        if name is None:
            continue
        value = values.get(name)
        written = _date(value, grammar) if name in _DATES else _number(value, name, unit)
        if written is None:
            return None
        moved = grammar.moved(text, written) if name == "value" else None
        text = text + written if moved is None else moved
        one = written == "1"
    return grammar.tidy(text)


def parts(template: str) -> list[tuple[str, str | None]]:
    """Split a template into literal text and the placeholder after it; refuse unknown placeholders."""
    try:
        split = [(literal, name, form, how) for literal, name, form, how in Formatter().parse(template)]
    except ValueError as error:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        msg = f"Expected a template with {known}, got {template!r} ({error})."
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


def _date(value: Any, grammar: Grammar) -> str | None:
    if not isinstance(value, (str, date)) and not hasattr(value, "dtype"):
        return None
    day = pd.Timestamp(value)
    return None if pd.isna(day) else grammar.write_date(day.year, day.month, day.day)

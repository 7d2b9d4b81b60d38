"""What has to hold before a week's lists are made: the date, the label, attendance of the week."""

from __future__ import annotations

from datetime import date

import pandas as pd

from early_id.config import Config
from early_id.district import District
from early_id.exceptions import ConfigError, DataError
from early_id.models import AdditiveModel
from early_id.pipeline._train import label_of

SUNDAY = 6


def sunday(as_of: object) -> pd.Timestamp:
    """Read the date of a week's lists: a Sunday that is not ahead, without a time zone."""
    given = as_of.isoformat() if isinstance(as_of, date) else as_of
    day = pd.to_datetime(given, errors="coerce", format="ISO8601") if isinstance(given, str) else pd.NaT
    if not isinstance(day, pd.Timestamp) or day.tzinfo is not None:
        msg = f"Expected a Sunday such as 2026-11-22, got {as_of!r}; give the day alone, without a time zone."
        raise ConfigError(msg)
    day = day.normalize()
    today = date.today()  # noqa: DTZ011 - the local day
    if day > pd.Timestamp(today):
        msg = (
            f"Expected a Sunday up to today, {today}, got {as_of}, whose records are not there yet; wait until "
            "that Sunday, or choose the last one."
        )
        raise ConfigError(msg)
    if day.day_of_week != SUNDAY:
        near = (day + pd.Timedelta(days=SUNDAY - day.day_of_week)).date()
        msg = (
            f"Expected the Sunday that ends the week, got {day.date()}, a {day.day_name()}; the Sunday of that week is "
            f"{near}."
        )
        raise ConfigError(msg)
    return day


def check_label(config: Config, document: AdditiveModel) -> None:
    """Refuse a configuration that asks for another outcome than the one the signed model predicts."""
    trained = {"name": document.label, **document.provenance.get("label", {})}
    asked = {name: value for name, value in vars(label_of(config)).items() if name in trained}
    if asked != trained:
        differing = ", ".join(
            f"{name} {asked.get(name)!r} instead of {value!r}"
            for name, value in trained.items()
            if asked.get(name) != value
        )
        msg = (
            f"Expected the label the signed model was trained on, got {differing}; correct the label in the "
            "configuration, or train, audit and sign a model for it."
        )
        raise ConfigError(msg)


def check_begun(district: District, day: pd.Timestamp) -> None:
    """Refuse a date before the first school day of the calendar: no week can be looked back on."""
    first = district.frame("calendar")["day"].min()
    if day < first:
        msg = (
            f"Expected an as-of date on or after the first school day of the calendar, {first.date()}, got "
            f"{day.date()}; choose a later date or add the earlier school year."
        )
        raise DataError(msg)


def check_fresh(freshness: pd.DataFrame, day: pd.Timestamp) -> None:
    """Refuse a date for which no school has submitted any attendance since the week began."""
    newest = freshness["last_submitted_day"].max()
    last_day = freshness["last_school_day"].max()
    if pd.isna(newest) or (last_day - newest).days > 6:
        shown = "never" if pd.isna(newest) else newest.date().isoformat()
        msg = (
            f"Expected attendance of the week before {day.date().isoformat()} from at least one school, got the newest "
            f"submitted day {shown}; wait for the feed, or choose an earlier date."
        )
        raise DataError(msg)

"""Which days a panel looks back from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pandas as pd

from early_id.district import Signals
from early_id.exceptions import ConfigError, DataError, examples


def as_of_dates(signals: Signals, as_of: str | Iterable[str | date | pd.Timestamp]) -> pd.DatetimeIndex:
    """Turn "weekly" or a list of days into sorted as-of dates.

    Weekly dates are the Sundays of all ISO weeks with a school day of any school, up to the last day on which a
    record became known.

    Raises
    ------
    ConfigError
        If a value is no date.
    DataError
        If the calendar is empty, a date lies before its first school day, or there are school days between the week
        of the newest record and a date.
    """
    if not signals.has("calendar"):
        msg = "Expected a calendar with school days, got an empty table; without it no window can be counted."
        raise DataError(msg)
    days = pd.DatetimeIndex(
        signals.table("calendar").select("day").distinct().to_pyarrow().column("day").to_pandas()
    )
    days = days.as_unit("us").sort_values()
    if as_of == "weekly":
        sundays = (days + pd.to_timedelta(6 - days.day_of_week, unit="D")).unique()
        return sundays[sundays <= pd.Timestamp(signals.data_until) + pd.Timedelta(days=2)].sort_values()
    if isinstance(as_of, str):
        as_of = [as_of]
    try:
        asked = pd.DatetimeIndex([pd.Timestamp(day) for day in as_of]).as_unit("us").normalize()
    except (ValueError, TypeError) as error:
        msg = f"Expected as-of dates such as '2026-11-22' or the word 'weekly', got {as_of!r}."
        raise ConfigError(msg) from error
    if not len(asked):
        msg = "Expected at least one as-of date, got none."
        raise ConfigError(msg)
    early = asked[asked < days[0]]
    if len(early):
        msg = (
            f"Expected an as-of date on or after the first school day of the calendar, {days[0].date()}, "
            f"got {early[0].date()}; choose a later date or add the earlier school year."
        )
        raise DataError(msg)
    until = pd.Timestamp(signals.data_until)
    week_end = until + pd.Timedelta(days=6 - until.day_of_week)
    late = asked[[bool(((days > week_end) & (days <= day)).any()) for day in asked]]
    if len(late):
        msg = (
            f"Expected as-of dates up to the week of the newest record, which ends on {week_end.date()}, got "
            f"{examples(day.date().isoformat() for day in late)}; wait for the data of the school days since, or "
            "choose an earlier date."
        )
        raise DataError(msg)
    return pd.DatetimeIndex(asked.unique().sort_values())

"""Proof by trial that no feature sees what was not known: change everything that was not visible, and nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from early_id.district import TABLES, District
from early_id.panel._catalog import CATALOG
from early_id.panel._cohort import KEYS
from early_id.panel._dates import as_of_dates
from early_id.panel._feature import Feature
from early_id.panel._panel import build_panel
from early_id.panel._time import Scope

Build = Callable[[District, pd.DatetimeIndex], pd.DataFrame]
#: Above this share of imputed `known_at` in a table that features read, nothing can be proven: the days are assumed.
IMPUTED_LIMIT = 0.2
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, eq=False)
class TimeSafety:
    """What the trial found.

    Attributes
    ----------
    verdict : {"passed", "failed", "not proven"}
        "not proven" where nothing moved but too many records have only an assumed `known_at`.
    guilty : tuple of str
        Features that moved when records changed that were not visible.
    features : tuple of str
        Features that were tried.
    dates : tuple of datetime.date
    changed : mapping of str to int
        Records that were deleted, altered, withdrawn or added, by table.
    imputed : mapping of str to float
        Share of assumed `known_at` by table, where there is any.
    """

    verdict: Literal["passed", "failed", "not proven"]
    guilty: tuple[str, ...]
    features: tuple[str, ...]
    dates: tuple[date, ...]
    changed: Mapping[str, int]
    imputed: Mapping[str, float]

    def sentence(self) -> str:
        """Say the result in one sentence."""
        changed = sum(self.changed.values())
        tried = f"{len(self.features)} features on {len(self.dates)} dates, {changed:,} records changed"
        if self.verdict == "failed":
            return f"Time safety failed: {', '.join(self.guilty)} moved by records that were not known ({tried})."
        if self.verdict == "not proven":
            shares = ", ".join(f"{table} {share:.0%}" for table, share in self.imputed.items())
            return f"Time safety not proven: nothing moved ({tried}), but known_at is assumed in {shares}."
        return f"Time safety passed: nothing that was not known moved any of {tried}."


def check_time_safety(
    district: District,
    catalog: Mapping[str, Feature] = CATALOG,
    *,
    as_of: Iterable[str | date | pd.Timestamp] | None = None,
    students: int | None = 400,
    scope: Scope = "county",
    imputed_limit: float = IMPUTED_LIMIT,
    seed: int = 0,
    build: Build | None = None,
) -> TimeSafety:
    """Find out whether any feature of a date depends on records that were not visible at its end.

    Parameters
    ----------
    district : District
    catalog : mapping of name to Feature
        Features to try.
    as_of : dates, optional
        Dates to try; three spread over the data by default.
    students : int or None
        Size of a random sample of students; None tries all.
    scope : {"county", "school"}
        See `build_panel`.
    imputed_limit : float
        Largest share of assumed `known_at` in a table that is read, above which the result is "not proven".
    seed : int
        Equal seeds give equal trials.
    build : callable, optional
        Makes the features of some dates from a district, indexed by student_id, school_id and as_of: for features
        made outside the catalogue. Default: `build_panel` with the catalogue.

    Returns
    -------
    TimeSafety

    Notes
    -----
    For every date the features are computed twice: on the tables, and on tables in which records known only later
    are deleted, altered or moved, withdrawn ones are dropped, visible ones are withdrawn later, and altered copies of
    others arrive a day after the date. What was visible stays as it was, so every feature has to be equal to the bit.

    Examples
    --------
    >>> from early_id.district import simulate_district
    >>> county = simulate_district(students=120, schools=3, districts=1, years=2, seed=1)
    >>> check_time_safety(county, as_of=["2025-01-12"]).verdict
    'passed'
    """
    rng = np.random.default_rng(seed)
    tables = _sample({name: district.frame(name) for name in TABLES}, students, rng)
    dates = as_of_dates(district.signals, as_of) if as_of is not None else _spread(district)

    def from_catalog(county: District, days: pd.DatetimeIndex) -> pd.DataFrame:
        frame = build_panel(county, as_of=days, catalog=catalog, scope=scope).frame
        return frame.set_index(list(KEYS))[list(catalog)]

    make = build or from_catalog
    before_all = District.from_frames(tables)
    guilty: dict[str, None] = {}
    features: list[str] = []
    changed = dict.fromkeys((name for name in tables if "known_at" in tables[name]), 0)
    for day in dates:
        only = pd.DatetimeIndex([day])
        other, counts = _rewrite(tables, day, rng)
        before, after = make(before_all, only), make(District.from_frames(other), only)
        features = list(before.columns)
        guilty |= dict.fromkeys(_moved(before, after))
        changed = {name: count + counts.get(name, 0) for name, count in changed.items()}
    read = {"enrollments", *(feature.table for feature in catalog.values())}
    imputed = {
        name: share
        for name, share in district.signals.imputed.items()
        if name in read and share > imputed_limit
    }
    verdict: Literal["passed", "failed", "not proven"] = (
        "failed" if guilty else "not proven" if imputed else "passed"
    )
    return TimeSafety(
        verdict, tuple(guilty), tuple(features), tuple(day.date() for day in dates), changed, imputed
    )


def _spread(district: District) -> pd.DatetimeIndex:
    """Choose three weekly dates: at a quarter, a half and three quarters of those with data."""
    weekly = as_of_dates(district.signals, "weekly")
    return weekly[[len(weekly) * quarter // 4 for quarter in (1, 2, 3)]].unique()


def _sample(
    tables: Mapping[str, pd.DataFrame], students: int | None, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Keep a random sample of students with all that is theirs; what belongs to schools stays whole."""
    everybody = np.sort(tables["enrollments"]["student_id"].unique())
    if students is None or len(everybody) <= students:
        return dict(tables)
    chosen = set(rng.choice(everybody, students, replace=False))
    return {
        name: frame[frame["student_id"].isin(chosen)] if "student_id" in frame else frame
        for name, frame in tables.items()
    }


def _rewrite(
    tables: Mapping[str, pd.DataFrame], day: pd.Timestamp, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
    """Change what is not visible at the end of a day, in every table with a time of knowing."""
    changed, counts = dict(tables), {}
    for name, table in TABLES.items():
        frame = tables[name]
        if "known_at" not in frame or frame.empty:
            continue
        later = frame["known_at"] > day
        if not table.known:  # the feed: days that arrive later may never arrive
            kept = ~later | (rng.random(len(frame)) < 0.5)
            changed[name], counts[name] = frame[kept], int((~kept).sum())
            continue
        gone = frame["retracted_at"] <= day
        stays = frame[~later & ~gone].copy()
        open_ones = stays["retracted_at"].isna() & (rng.random(len(stays)) < 0.3)
        stays.loc[open_ones, "retracted_at"] = day + 3 * _DAY
        hidden = _altered(frame[later & (rng.random(len(frame)) < 0.6)], table.occurred, rng)
        added = _altered(frame[rng.random(len(frame)) < 0.3], table.occurred, rng)
        added = added.assign(known_at=day + _DAY, retracted_at=pd.Series(pd.NaT, added.index))
        withdrawn = added.assign(known_at=day - _DAY, retracted_at=day)
        changed[name] = pd.concat([stays, hidden, added, withdrawn], ignore_index=True).astype(frame.dtypes)
        counts[name] = int(later.sum() + gone.sum() + open_ones.sum() + 2 * len(added))
    return changed, counts


def _altered(rows: pd.DataFrame, occurred: str, rng: np.random.Generator) -> pd.DataFrame:
    """Give records each other's whole numbers, and earlier days."""
    rows = rows.copy()
    for column in ("thousandths", "hundredths", "suspension_days"):
        if column in rows:
            rows[column] = rows[column].iloc[rng.permutation(len(rows))].to_numpy()
    rows[occurred] = rows[occurred] - pd.to_timedelta(rng.integers(0, 9, len(rows)), unit="D")
    return rows


def _moved(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Name the features that differ; all of them where the cohort itself differs."""
    if not before.index.equals(after.index):
        return list(before.columns)
    return [name for name in before.columns if not before[name].equals(after[name])]

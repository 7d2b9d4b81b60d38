"""The panel: one row per student, school and as-of date, with features, label and what was not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, cast

import pandas as pd

from early_id.district import District, Signals, to_pandas
from early_id.exceptions import ConfigError, DataError, did_you_mean, examples
from early_id.panel._catalog import CATALOG
from early_id.panel._cohort import KEYS
from early_id.panel._dates import as_of_dates
from early_id.panel._engine import compiled, run
from early_id.panel._feature import Feature
from early_id.panel._labels import Label
from early_id.panel._time import Scope

PERIOD_COLUMN = "school_day"
_ROW_COLUMNS = [
    *KEYS,
    "district_id",
    "school_year",
    "school_day",
    "term",
    "grade_level",
    "treated",
    "not_scored",
]
_LABEL_COLUMNS = ["label", "event_day", "onset", "label_matures_on"]


@dataclass(frozen=True, eq=False)
class Panel:
    """Rows ready for learning and for scoring.

    Attributes
    ----------
    frame : pandas.DataFrame
        All rows, one per student, school and as-of date, sorted by them: the row's columns, the features, and with a
        label also `label` (1, 0 or missing), `event_day`, `onset` (the event is still ahead, or there is none) and
        `label_matures_on`. `not_scored` holds the reason why a row gets no score; it is missing for the others.
    features : tuple of Feature
        The features, in the order of the columns of `X`.
    label : Label or None
    facts : pandas.DataFrame
        For sentences: per feature the count, the total, and the first and last day of its window.
    imputed : mapping of table name to float
        Share of rows whose `known_at` was imputed, as the district says.
    """

    frame: pd.DataFrame
    features: tuple[Feature, ...]
    label: Label | None
    facts: pd.DataFrame
    imputed: Mapping[str, float]

    @property
    def feature_names(self) -> list[str]:
        """Names of the features, in the order of the columns of `X`."""
        return [feature.name for feature in self.features]

    @property
    def learnable(self) -> pd.DataFrame:
        """Rows that are scored and whose label is known and mature."""
        if self.label is None:
            msg = "Expected a panel with a label, got features only; build it with label='chronic_absence' or another."
            raise ConfigError(msg)
        return self.frame[self.frame["label"].notna() & self.frame["not_scored"].isna()]

    def design(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Give rows of `frame` the form of `X`: indexed by student_id, school_id and as_of, features as columns.

        The column `school_day` comes first: it selects the period of a model and is not a feature.
        """
        return rows.set_index(list(KEYS))[[PERIOD_COLUMN, *self.feature_names]].astype("float64")

    @property
    def X(self) -> pd.DataFrame:  # noqa: N802 - the standard name of a design matrix
        """Features of the rows with a mature label, (n_rows, 1 + n_features), missing = unknown."""
        return self.design(self.learnable)

    @property
    def y(self) -> pd.Series:
        """Labels of the rows of `X`, 0 or 1."""
        return self.learnable.set_index(list(KEYS))["label"]

    def where(self, rows: pd.Series) -> Panel:
        """Keep the rows of `frame` at which a boolean series is true."""
        return replace(self, frame=self.frame[rows], facts=self.facts[rows.to_numpy()])

    def without(self, names: Iterable[str]) -> Panel:
        """Drop features."""
        dropped = set(names)
        for name in dropped:
            if name not in self.feature_names:
                msg = f"Expected features of the panel to drop, got {name!r}: {did_you_mean(name, self.feature_names)}"
                raise ConfigError(msg)
        kept = tuple(feature for feature in self.features if feature.name not in dropped)
        # A column that also describes the row, such as the grade level, stays in the frame.
        gone = [name for name in dropped if name not in _ROW_COLUMNS]
        return replace(self, features=kept, frame=self.frame.drop(columns=gone))


def build_panel(
    district: District | Signals,
    *,
    label: str | Label | None = None,
    as_of: Literal["weekly"] | Iterable[str | date | pd.Timestamp] = "weekly",
    catalog: Mapping[str, Feature] = CATALOG,
    scope: Scope = "county",
    known_by: date | None = None,
) -> Panel:
    """Build what was known of every enrolled student at the end of each as-of date, and what came of it.

    Parameters
    ----------
    district : District or Signals
        The tables; protected attributes are not reachable from here.
    label : str or Label, optional
        `chronic_absence`, `course_failure`, `suspension`, `outcome:<name>`; None for features only.
    as_of : "weekly" or dates
        Sundays of all weeks with a school day for which data has arrived, or the given days.
    catalog : mapping of name to Feature
        The features to compute.
    scope : {"county", "school"}
        Whether a student's records count across schools, or only those of the row's school.
    known_by : datetime.date, optional
        Labels that mature after this day are missing; default is the last day on which any record became known.

    Returns
    -------
    Panel

    Raises
    ------
    ConfigError
        If the label is unknown or an as-of date is no date.
    DataError
        If no school is in session on an as-of date.

    Notes
    -----
    A record is visible at *t* iff ``known_at <= t`` and it is not retracted by *t*. Windows count school days of the
    student's own school and end on the last school day up to *t*; the cohort is enrolled on that day.

    Examples
    --------
    >>> from early_id.district import simulate_district
    >>> county = simulate_district(students=120, schools=3, districts=1, years=2, seed=1)
    >>> panel = build_panel(county, as_of=["2025-01-12"])
    >>> panel.frame["as_of"].nunique(), "absence_rate_20d" in panel.feature_names
    (1, True)
    """
    signals = district.signals if isinstance(district, District) else district
    wanted = Label(label, scope=scope) if isinstance(label, str) else label
    if wanted is not None and wanted.scope != scope:
        msg = (
            f"Expected a label counted in the scope of the panel, {scope!r}, got {wanted.scope!r}; give both the same "
            "scope."
        )
        raise ConfigError(msg)
    _check_outcome(signals, wanted)
    dates = as_of_dates(signals, as_of)
    horizon = known_by or signals.data_until
    steps = compiled(tuple(catalog.values()), scope, wanted, "duckdb")
    chunks = [to_pandas(part) for chunk in _by_year(signals, dates) for part in run(signals, steps, chunk)]
    rows = pd.concat([chunk for chunk in chunks if len(chunk)] or chunks[:1], ignore_index=True)
    missing = dates.difference(pd.DatetimeIndex(rows["as_of"].unique()))
    if len(missing):
        shown = examples(day.date().isoformat() for day in missing)
        msg = (
            f"Expected as-of dates within a school year with enrolled students, got {shown}, on which no school of "
            "the calendar is in session or no enrollment was known; choose a Sunday after the first school day."
        )
        raise DataError(msg)
    rows = rows.sort_values(list(KEYS), ignore_index=True)
    if wanted is not None:
        rows = _mature(rows, horizon)
    return _assemble(rows, catalog, wanted, signals)


def _check_outcome(signals: Signals, label: Label | None) -> None:
    """Refuse the name of an outcome nobody recorded: its label would be unknown for everyone, without a word."""
    if label is not None and label.name.startswith("outcome:"):
        name = label.name.removeprefix("outcome:")
        rows = signals.table("outcomes").select("outcome").distinct()
        names = sorted(rows.to_pyarrow().column("outcome").to_pylist())
        if name not in names:
            msg = f"Expected an outcome of the table outcomes, got {name!r}: {did_you_mean(name, names)}"
            raise ConfigError(msg)


def _by_year(signals: Signals, dates: pd.DatetimeIndex) -> list[pd.DatetimeIndex]:
    """Cut the dates where a school year ends, so that no step joins a student's whole history to every date."""
    calendar = signals.table("calendar")
    years = calendar.group_by("school_year").agg(first=calendar.day.min()).order_by("first").to_pyarrow()
    firsts = pd.DatetimeIndex(years.column("first").to_pandas())
    number = pd.Series(firsts.searchsorted(dates, side="right"), index=dates)
    return [pd.DatetimeIndex(part.index) for _, part in number.groupby(number)]


def _mature(rows: pd.DataFrame, horizon: date) -> pd.DataFrame:
    """Blank labels that were not complete by the horizon, and say where the event is still ahead."""
    mature = rows["label_matures_on"].notna() & (rows["label_matures_on"] <= pd.Timestamp(horizon))
    label = rows["label"].astype("float64").where(mature)
    event_day = rows["event_day"].where(label == 1)
    onset = label.notna() & ((label == 0) | (event_day > rows["as_of"]))
    computed = pd.DataFrame({"label": label, "event_day": event_day, "onset": onset})
    return pd.concat([rows.drop(columns=["label", "event_day"]), computed], axis=1)


def _assemble(
    rows: pd.DataFrame, catalog: Mapping[str, Feature], label: Label | None, signals: Signals
) -> Panel:
    """Split the engine's answer into the panel's frames."""
    names = list(catalog)
    columns = list(dict.fromkeys(_ROW_COLUMNS + names + (_LABEL_COLUMNS if label is not None else [])))
    numbers = {name: rows[name].astype("float64") for name in names}
    numbers["grade_level"] = rows["grade_level"].astype("float64")
    frame = rows.assign(**numbers)[columns]
    facts: dict[str, Any] = {}
    for feature in catalog.values():
        facts[f"{feature.name}__count"] = rows[f"{feature.name}__n"].astype("float64")
        facts[f"{feature.name}__of"] = rows[f"{feature.name}__of"].astype("float64")
        facts[f"{feature.name}__from"], facts[f"{feature.name}__to"] = _dates_of(rows, feature)
    index = pd.MultiIndex.from_frame(frame[list(KEYS)])
    known = cast("Mapping[str, float]", signals.imputed)
    return Panel(frame, tuple(catalog.values()), label, pd.DataFrame(facts).set_index(index), known)


def _dates_of(rows: pd.DataFrame, feature: Feature) -> tuple[pd.Series, pd.Series]:
    """First and last day of what a sentence about the feature speaks of.

    A window begins no earlier than the student's first day this year. A fact about one day has that day. The year
    before has no dates of its own here: a sentence about it says "last year".
    """
    if feature.window == "prior_year":
        unknown = pd.Series(pd.NaT, rows.index, dtype="datetime64[us]")
        return unknown, unknown
    if feature.aggregate in {"since", "latest"}:
        return rows[f"{feature.name}__on"], rows[f"{feature.name}__on"]
    named = feature.window in {"year", "first_month"}
    start = rows["counted_from"] if named else rows[f"start_{feature.window}"]
    end = rows["end_first_month"] if feature.window == "first_month" else rows["last_day"]
    return start.where(start >= rows["counted_from"], rows["counted_from"]), end

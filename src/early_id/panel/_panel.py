"""The panel: one row per student, school and as-of date, with features, label and what was not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Literal, cast

import pandas as pd

from early_id.district import District, Signals, to_pandas
from early_id.exceptions import ConfigError, did_you_mean
from early_id.panel._catalog import CATALOG
from early_id.panel._cohort import KEYS
from early_id.panel._feature import Feature
from early_id.panel._labels import Label
from early_id.panel._query import PanelQuery, panel_query
from early_id.panel._rows import ROW_COLUMNS
from early_id.panel._time import Scope

PERIOD_COLUMN = "school_day"


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
    imputed : mapping of table name to float
        Share of rows whose `known_at` was imputed, as the district says.
    query : PanelQuery
        What the panel was computed by.
    """

    frame: pd.DataFrame
    features: tuple[Feature, ...]
    label: Label | None
    imputed: Mapping[str, float]
    query: PanelQuery = field(repr=False)

    @property
    def feature_names(self) -> list[str]:
        """Names of the features, in the order of the columns of `X`."""
        return [feature.name for feature in self.features]

    @cached_property
    def facts(self) -> pd.DataFrame:
        """For sentences, a row for each of `frame`: per feature `__count`, `__of`, and the days `__from` and `__to`.

        A share that is compared with the days before also has their `__before` and `__before_of`.
        They are computed when they are asked for: learning does not need them.
        """
        found: pd.DataFrame = pd.concat([to_pandas(part) for part in self.query.facts()], ignore_index=True)
        return found.set_index(list(KEYS)).reindex(pd.MultiIndex.from_frame(self.frame[list(KEYS)]))

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
        return replace(self, frame=self.frame[rows])

    def without(self, names: Iterable[str]) -> Panel:
        """Drop features."""
        dropped = set(names)
        for name in dropped:
            if name not in self.feature_names:
                msg = f"Expected features of the panel to drop, got {name!r}: {did_you_mean(name, self.feature_names)}"
                raise ConfigError(msg)
        kept = tuple(feature for feature in self.features if feature.name not in dropped)
        # A column that also describes the row, such as the grade level, stays in the frame.
        gone = [name for name in dropped if name not in ROW_COLUMNS]
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
    query = panel_query(district, label=label, as_of=as_of, catalog=catalog, scope=scope, known_by=known_by)
    frame = to_pandas(query.to_arrow())
    frame = frame.sort_values(list(KEYS), ignore_index=True)
    numbers = [
        *(feature.name for feature in query.catalog),
        "grade_level",
        *(["label"] if query.label else []),
    ]
    frame = frame.astype(dict.fromkeys(numbers, "float64"))
    return Panel(frame, query.catalog, query.label, cast("Mapping[str, float]", query.signals.imputed), query)

"""Which school years train and which test."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from early_id.exceptions import ConfigError, examples
from early_id.panel import Panel

#: A year has history where at least this part of the share of rows with history in later years has it too.
ENOUGH = 0.5


def history_shares(panel: Panel) -> pd.DataFrame:
    """Share of rows that know anything of the year before: years × tables the prior-year features are read from."""
    tables: dict[str, list[str]] = {}
    for feature in panel.features:
        if feature.window == "prior_year":
            tables.setdefault(feature.table, []).append(feature.name)
    known = {table: panel.frame[names].notna().any(axis=1) for table, names in tables.items()}
    return pd.DataFrame(known, index=panel.frame.index).groupby(panel.frame["school_year"]).mean()


def years_without_history(panel: Panel) -> dict[int, tuple[str, float]]:
    """School years with little history, each with the table that lacks it and the share of rows that have it.

    A year before the records began is told from one with newcomers by what later years have: in each table, less than
    half the largest share of any later year is too little. One stray record is no history.
    """
    shares = history_shares(panel)
    bare: dict[int, tuple[str, float]] = {}
    for year in (int(value) for value in shares.index):
        own = {str(table): float(shares[table].loc[year]) for table in shares}
        later = shares[shares.index.to_numpy() > year].max().fillna(0.0)
        # A table that no year has (no incidents were ever sent) is missed by no year.
        short = [table for table in own if own[table] < ENOUGH * later[table] or not any(own.values())]
        if short:
            worst = min(short, key=lambda table: own[table])
            bare[year] = (worst, own[worst])
    return bare


def choose_years(
    panel: Panel, train_years: Sequence[int] | None, test_years: Sequence[int] | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Check the years asked for, or choose: the latest with mature labels tests, earlier ones with history train."""
    mature = sorted(int(year) for year in panel.learnable["school_year"].unique())
    _check_known(mature, [*(train_years or ()), *(test_years or ())])
    test = tuple(sorted(int(year) for year in test_years)) if test_years else tuple(mature[-1:])
    bare = years_without_history(panel)
    if train_years is None:
        train = tuple(year for year in mature if year < min(test) and year not in bare)
    else:
        train = tuple(sorted(int(year) for year in train_years))
        refused = sorted(set(bare).intersection(train))
        if refused:
            raise ConfigError(_no_history(panel, refused[0], *bare[refused[0]]))
    if not train or max(train) >= min(test):
        without = sorted(set(bare).intersection(mature))
        msg = (
            f"Expected training years before the test years, got training {list(train)} and testing {list(test)}; "
            f"years with mature labels are {mature}, of which {without} have no year before "
            "them (drop the prior-year features to train on these)."
        )
        raise ConfigError(msg)
    return train, test


def _no_history(panel: Panel, year: int, table: str, share: float) -> str:
    prior = [f.name for f in panel.features if f.window == "prior_year" and f.table == table]
    later = history_shares(panel)[table].loc[lambda shares: shares.index > year].max()
    known = f"known for {share:.1%} of the rows" if share else "unknown for everyone"
    beside = f" (later years: up to {later:.0%})" if later > 0 else ""
    return (
        f"Expected training years with a school year before them, got {year}, in which {examples(prior)} are {known}"
        f"{beside}; train on later years, or drop these features."
    )


def _check_known(mature: list[int], asked: list[int]) -> None:
    unknown = sorted({int(year) for year in asked} - set(mature))
    if unknown:
        msg = f"Expected school years with mature labels, {mature}, got {examples(unknown)}; choose among the former."
        raise ConfigError(msg)

"""Which school years train and which test."""

from __future__ import annotations

from collections.abc import Sequence

from early_id.exceptions import ConfigError, examples
from early_id.panel import Panel


def years_without_history(panel: Panel) -> set[int]:
    """School years in which no row knows anything of the year before, though the panel has such features."""
    names = [feature.name for feature in panel.features if feature.window == "prior_year"]
    if not names:
        return set()
    known = panel.frame[names].notna().any(axis=1).groupby(panel.frame["school_year"]).any()
    return {int(year) for year in known.index[~known]}


def choose_years(
    panel: Panel, train_years: Sequence[int] | None, test_years: Sequence[int] | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Check the years asked for, or choose: the latest with mature labels tests, earlier ones with history train."""
    mature = sorted(int(year) for year in panel.learnable["school_year"].unique())
    _check_known(mature, [*(train_years or ()), *(test_years or ())])
    test = tuple(sorted(test_years)) if test_years else tuple(mature[-1:])
    bare = years_without_history(panel)
    if train_years is None:
        train = tuple(year for year in mature if year < min(test) and year not in bare)
    else:
        train = tuple(sorted(train_years))
        refused = sorted(bare.intersection(train))
        if refused:
            prior = [feature.name for feature in panel.features if feature.window == "prior_year"]
            msg = (
                f"Expected training years with a school year before them, got {examples(refused)}, in which "
                f"{examples(prior)} are unknown for everyone; train on later years, or drop these features."
            )
            raise ConfigError(msg)
    if not train or max(train) >= min(test):
        msg = (
            f"Expected training years before the test years, got training {list(train)} and testing {list(test)}; "
            f"years with mature labels are {mature}, of which {sorted(bare.intersection(mature))} have no year before "
            "them (drop the prior-year features to train on these)."
        )
        raise ConfigError(msg)
    return train, test


def _check_known(mature: list[int], asked: list[int]) -> None:
    unknown = sorted(set(asked) - set(mature))
    if unknown:
        msg = f"Expected school years with mature labels, {mature}, got {examples(unknown)}; choose among the former."
        raise ConfigError(msg)


def thin(panel: Panel, every_weeks: int, keep_years: Sequence[int]) -> Panel:
    """Keep every n-th as-of date of each school year; all dates of `keep_years`."""
    years = panel.frame.groupby("as_of")["school_year"].max()
    number = years.groupby(years).cumcount()
    kept = years.index[(number % every_weeks == 0) | years.isin(list(keep_years))]
    return panel.where(panel.frame["as_of"].isin(kept))

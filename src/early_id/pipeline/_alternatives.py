"""Alternatives of a training: what else could have been learned from the same rows, for the audit to compare."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from early_id.evaluation import latest_rows, list_at_capacity, write_frames
from early_id.exceptions import DataError
from early_id.explain import compute_attribution_gap
from early_id.fairness import (
    Alternatives,
    Learned,
    Membership,
    Reweighed,
    Scored,
    find_attribute,
    fit_alternatives,
)
from early_id.panel import CATALOG, Label, Panel, build_panel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from early_id.config import Config
    from early_id.district import District
    from early_id.evaluation import Backtest

ROWS, LABELS, ATTRIBUTION = "alternatives.parquet", "other_outcomes.parquet", "attribution.parquet"
_KEYS = ["student_id", "school_id", "as_of"]
#: Concepts to learn without, one at a time: those that most lower the scores of the group furthest behind.
_CONCEPTS = 2
#: The part of a split that is no concept.
_SCORE = "score"


def check_attribute(config: Config, district: District) -> None:
    """Refuse an attribute the table of groups does not have, before anything is computed."""
    if config.mitigation.attribute is not None:
        Membership(district.groups, config.mitigation.attribute)


def reweighed(contestants: Mapping[str, Any], config: Config, district: District) -> dict[str, Any]:
    """Let the learners of documents learn with weights, where the configuration asks for it."""
    if not config.mitigation.reweighing:
        return dict(contestants)
    membership = Membership(district.groups, str(config.mitigation.attribute))
    return {
        name: Reweighed(one, membership) if hasattr(one, "directions") else one
        for name, one in contestants.items()
    }


def try_alternatives(
    config: Config,
    district: District,
    panel: Panel,
    result: Backtest,
    learner: Any,
    *,
    data: Mapping[str, Any],
    tell: Callable[[str], None],
) -> Alternatives | None:
    """Fit the alternatives to the chosen learner; None where none are asked for or nobody can be compared.

    Parameters
    ----------
    panel : Panel
        What the chosen learner learned from.
    learner : estimator
        The chosen contestant.
    data : mapping
        train_years, test_years and rolling, as the backtest was given them.
    """
    ways = config.mitigation.alternatives
    groups = district.groups
    if not ways or groups.empty:
        return None
    rows = result.predictions[result.predictions["contestant"] == result.deployable].reset_index(drop=True)
    rows = rows.assign(listed=list_at_capacity(rows, config.capacity).to_numpy())
    found = find_attribute(rows, groups, config.mitigation.attribute)
    if found is None:
        return None
    membership = Membership(groups, found[0])
    train, test = latest_rows(panel, **data)
    scored = test["not_scored"].isna().to_numpy()
    design = panel.design(test[scored])
    score = rows["score"].to_numpy()[scored]
    groups_of = membership.of(test[scored])
    split = _split(result, design, test[scored], groups)
    learned = Learned(panel.design(train), _outcome(train), membership.of(train))
    others = _other_labels(config, district, panel)
    scores = fit_alternatives(
        learner,
        learned,
        Scored(design, groups_of, score),
        membership=membership,
        listed_share=float(rows["listed"].mean()),
        concepts=_concepts(panel, split, found) if "drop" in ways else {},
        labels=_learnable(others, data) if "label" in ways else {},
        ways=ways,
        seed=config.training.seed,
        tell=tell,
    )
    whole = np.full((len(test), scores.shape[1]), np.nan)
    whole[scored] = scores.to_numpy()
    keyed = pd.concat([test[_KEYS], pd.DataFrame(whole, columns=scores.columns)], axis=1)
    return Alternatives(
        attribute=found[0],
        rows=keyed,
        labels={name: _judged(other, test) for name, other in others.items()},
        attribution=split,
    )


def save_alternatives(tried: Alternatives | None, folder: Path) -> list[str]:
    """Write them beside the backtest, as rows of students that stay on the district's machine; names the files."""
    if tried is None:
        return []
    labels = [frame.assign(outcome=name) for name, frame in tried.labels.items()]
    frames = {
        ROWS: tried.rows.assign(attribute=tried.attribute),
        LABELS: pd.concat(labels)
        if labels
        else tried.rows[_KEYS].iloc[:0].assign(label=0.0, onset=False, outcome=""),
        ATTRIBUTION: tried.attribution,
    }
    names: list[str] = write_frames(frames, folder)
    return names


def load_alternatives(folder: Path, hashes: Mapping[str, str]) -> Alternatives | None:
    """Read them back; None where the training tried none. `hashes` names the files the training wrote."""
    if ROWS not in hashes:
        return None
    rows = pd.read_parquet(folder / ROWS)
    labels = pd.read_parquet(folder / LABELS)
    return Alternatives(
        attribute=str(rows["attribute"].iloc[0]),
        rows=rows.drop(columns="attribute"),
        labels={
            str(name): own.drop(columns="outcome").reset_index(drop=True)
            for name, own in labels.groupby("outcome")
        },
        attribution=pd.read_parquet(folder / ATTRIBUTION),
    )


def _outcome(rows: pd.DataFrame) -> pd.Series:
    return rows.set_index(_KEYS)["label"].astype("int64")


def _split(result: Backtest, design: pd.DataFrame, rows: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Split each group's distance to all others by concept, for every attribute, among those with the event ahead."""
    counts = ((rows["label"] == 1) & rows["onset"].astype("bool")).to_numpy()
    names = sorted(groups["attribute"].dropna().astype("str").unique())
    of = {name: Membership(groups, name).of(rows[counts]) for name in names}
    document = result.documents[result.deployable]
    found: pd.DataFrame = compute_attribution_gap(
        document, design[counts], pd.DataFrame(of, index=design.index[counts]), level="concept"
    )
    return found


def _concepts(panel: Panel, split: pd.DataFrame, cell: tuple[str, str]) -> dict[str, tuple[str, ...]]:
    """Name the concepts that lower the group's scores most, with their features."""
    attribute, group = cell
    own = split[(split["attribute"] == attribute) & (split["group"] == group)]
    own = own[(own["name"] != _SCORE) & (own["gap"] < 0)]
    features: dict[str, list[str]] = {}
    for name in panel.feature_names:
        features.setdefault(CATALOG[name].concept, []).append(name)
    names = [name for name in own.sort_values("gap")["name"] if name in features]
    return {name: tuple(features[name]) for name in names[:_CONCEPTS]}


def _other_labels(config: Config, district: District, panel: Panel) -> dict[str, Panel]:
    """Give the panel the other outcomes that the tables hold, in place of its own."""
    days = panel.frame["as_of"].drop_duplicates().tolist()
    found = {}
    for name in config.mitigation.labels:
        if name == config.label.name:
            continue
        label = Label(name, lag_days=config.label.lag_days, scope=config.label.scope)
        # Labels need no features; one is the least a panel can be built with.
        one = dict(list(CATALOG.items())[:1])
        other = build_panel(district, label=label, as_of=days, catalog=one, scope=config.label.scope).frame
        if other["label"].nunique() < 2:
            continue
        columns = ["label", "onset", "event_day", "label_matures_on"]
        same = other.set_index(_KEYS)[columns].reindex(pd.MultiIndex.from_frame(panel.frame[_KEYS]))
        found[name] = replace(
            panel,
            frame=panel.frame.assign(**{column: same[column].to_numpy() for column in columns}),
            label=label,
        )
    return found


def _learnable(
    panels: Mapping[str, Panel], data: Mapping[str, Any]
) -> dict[str, tuple[pd.DataFrame, pd.Series]]:
    """Give what a learner of each other outcome would have learned from, where that was anything."""
    found = {}
    for name, panel in panels.items():
        try:
            train, _ = latest_rows(panel, **data)
        except DataError:  # no row whose outcome was known by then
            continue
        found[name] = panel.design(train), _outcome(train)
    return found


def _judged(panel: Panel, test: pd.DataFrame) -> pd.DataFrame:
    """Give the tested rows the outcome of another label."""
    keys = pd.MultiIndex.from_frame(test[_KEYS])
    found: pd.DataFrame = panel.frame.set_index(_KEYS)[["label", "onset"]].reindex(keys).reset_index()
    return found

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from early_id.exceptions import ConfigError, DataError
from early_id.explain import NO_STRENGTH, explain, reasons
from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from early_id.panel import CATALOG

WINDOW = {"from": pd.Timestamp("2025-08-14"), "to": pd.Timestamp("2025-11-16")}
DATES = "(14 Aug 2025 to 16 Nov 2025)"


@dataclass(frozen=True)
class Said:
    """The part of a catalogue feature that sentences need."""

    name: str
    concept: str
    domain: str
    direction: int = 1
    changeable: bool = True
    phrase: str = ""
    strength: str = ""
    unit: str = "count"
    against: str = ""
    window: int | str = 20


A = Said(
    "a",
    "absence",
    "attendance",
    phrase="Absent {count} of {of} days since {from_}",
    strength="Absent {count} days",
)
B = Said(
    "b",
    "absence",
    "attendance",
    phrase="Absent {count} of the last {of} days to {to}",
    strength="No day absent",
)
C = Said(
    "c", "marks", "grades", -1, phrase="Mark {value} since {from_}", strength="Mark {value}", unit="points"
)
D = Said(
    "d", "incidents", "discipline", phrase="{count} incidents since {from_}", strength="No incident this year"
)
E = Said(
    "e",
    "last year",
    "attendance",
    changeable=False,
    phrase="Absent {count} days last year",
    window="prior_year",
)
F = Said("f", "tardies", "attendance", phrase="Late {count} times")
ALL = (A, B, C, D, E, F)


def make_document(weights: dict[str, float], catalog: tuple[Said, ...] = ALL) -> AdditiveModel:
    """Every feature present: its Shapley value is the weight. A feature that is missing: minus the weight."""
    said = [feature for feature in catalog if feature.name in weights]
    terms = tuple(Term(f.name, "step", (), (weights[f.name],), -weights[f.name]) for f in said)
    infos = [
        FeatureInfo(
            f.name,
            concept=f.concept,
            domain=f.domain,
            direction=f.direction,
            unit=f.unit,
            phrase=f.phrase,
            changeable=f.changeable,
        )
        for f in said
    ]
    return AdditiveModel("chronic_absence", infos, [Period(0, None, 0.0, terms)])


def say(
    weights: dict[str, float],
    catalog: tuple[Said, ...] = ALL,
    held_back: tuple[str, ...] = (),
    **facts: Any,
) -> dict[str, Any]:
    """Reasons for one row; facts as name=count, name=(count, of) or name=None for an unknown value."""
    X, known = {}, {}
    for feature in catalog:
        given_ = facts.get(feature.name, 3)
        count, of = given_ if isinstance(given_, tuple) else (given_, 20)
        X[feature.name] = np.nan if count is None else float(count)
        known |= {f"{feature.name}__count": count, f"{feature.name}__of": of}
        known |= {f"{feature.name}__{key}": day for key, day in WINDOW.items()}
    keys = ["student_id", "school_id", "as_of"]
    index = pd.MultiIndex.from_tuples([("s1", "S1", WINDOW["to"])], names=keys)
    table = pd.DataFrame(known, index=index).astype(
        {k: float for k in known if k.endswith(("__count", "__of"))}
    )
    catalogue: Any = {feature.name: feature for feature in catalog}
    frame = reasons(
        make_document(weights, catalog),
        pd.DataFrame(X, index=index),
        table,
        catalog=catalogue,
        attendance="a",
        held_back=held_back,
    )
    assert frame.index.equals(index)
    return frame.iloc[0].where(frame.iloc[0].notna(), None).to_dict()


def test_the_largest_contribution_comes_first() -> None:
    row = say({"a": 0.2, "c": 0.5, "d": 0.3}, c=54)
    assert row["reason_1"] == "Mark 54.0 since 14 Aug 2025"
    assert row["reason_2"] == "3 incidents since 14 Aug 2025"
    assert row["reason_3"] == "Absent 3 of 20 days since 14 Aug 2025"
    assert (row["leading_domain"], row["domains"]) == ("grades", 3)


def test_one_reason_per_concept() -> None:
    row = say({"a": 0.4, "b": 0.5, "d": 0.1})
    assert row["reason_1"] == "Absent 3 of the last 20 days to 16 Nov 2025"
    assert row["reason_2"] == "3 incidents since 14 Aug 2025"
    assert row["reason_3"] is None


def test_windows_of_one_concept_are_added_up() -> None:
    """Together they outweigh the marks; what one window raises and the other lowers by more is no reason."""
    row = say({"a": 0.3, "b": 0.2, "c": 0.4}, c=54)
    assert (row["reason_1"], row["reason_2"]) == (
        "Absent 3 of 20 days since 14 Aug 2025",
        "Mark 54.0 since 14 Aug 2025",
    )
    assert say({"a": 0.3, "b": -0.4, "d": 0.1})["reason_1"] == "3 incidents since 14 Aug 2025"
    row = say({"a": 0.5, "b": -0.4, "d": 0.3})
    assert row["reason_1"] == "3 incidents since 14 Aug 2025"
    assert row["reason_2"] == "Absent 3 of 20 days since 14 Aug 2025"


def test_a_concept_that_carries_less_than_a_tenth_is_no_reason() -> None:
    row = say({"a": 0.9, "d": 0.1})
    assert row["reason_2"] == "3 incidents since 14 Aug 2025"
    row = say({"a": 0.91, "d": 0.09})
    assert (row["reason_1"], row["reason_2"]) == ("Absent 3 of 20 days since 14 Aug 2025", None)
    # What lowers the score takes nothing from what raises it.
    assert say({"a": 0.91, "d": 0.1, "c": -5.0}, c=88)["reason_2"] is None


def test_the_window_that_raises_most_speaks_or_else_the_next_one() -> None:
    assert say({"a": 0.2, "b": 0.3})["reason_1"] == "Absent 3 of the last 20 days to 16 Nov 2025"
    assert say({"a": 0.2, "b": 0.3}, b=(3, None))["reason_1"] == "Absent 3 of 20 days since 14 Aug 2025"


@pytest.mark.parametrize("name", ["d", "incidents", "discipline"])
def test_what_is_held_back_is_neither_said_nor_hinted_at(name: str) -> None:
    row = say({"d": 0.9, "a": 0.4}, held_back=(name,))
    assert (row["reason_1"], row["reason_2"]) == ("Absent 3 of 20 days since 14 Aug 2025", None)
    assert (row["leading_domain"], row["domains"]) == ("attendance", 1)
    row = say({"d": 0.9, "a": -0.4}, held_back=(name,), a=(6, 41))
    assert (row["reason_1"], row["leading_domain"], row["domains"]) == (None, None, 0)
    assert say({"d": -0.9, "a": 0.4}, held_back=(name,), d=0)["strength"] != "No incident this year"


def test_holding_back_what_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"to hold back, got 'dicipline'; did you mean 'discipline'"):
        say({"d": 0.9}, held_back=("dicipline",))


def test_what_nobody_can_change_comes_after_what_somebody_can() -> None:
    row = say({"e": 0.9, "d": 0.1})
    assert (row["reason_1"], row["reason_2"]) == ("3 incidents since 14 Aug 2025", "Absent 3 days last year")
    assert row["leading_domain"] == "discipline"


def test_no_more_than_three_reasons_and_changeable_ones_fill_them_first() -> None:
    row = say({"a": 0.13, "c": 0.2, "d": 0.3, "e": 0.4, "f": 0.12}, c=54)
    assert [row[f"reason_{k}"] for k in (1, 2, 3)] == [
        "3 incidents since 14 Aug 2025",
        "Mark 54.0 since 14 Aug 2025",
        "Absent 3 of 20 days since 14 Aug 2025",
    ]


def test_what_lowers_the_score_is_no_reason() -> None:
    row = say({"a": -0.4, "d": 0.1, "c": 0.0})
    assert (row["reason_1"], row["reason_2"]) == ("3 incidents since 14 Aug 2025", None)


def test_a_phrase_without_a_date_gets_the_dates_of_its_window() -> None:
    assert say({"f": 0.1})["reason_1"] == f"Late 3 times {DATES}"
    assert say({"f": 0.1}, f=1)["reason_1"] == f"Late 1 time {DATES}"


def test_an_unknown_number_leaves_the_next_reason() -> None:
    row = say({"a": 0.5, "d": 0.1}, a=(4, None))
    assert (row["reason_1"], row["reason_2"]) == ("3 incidents since 14 Aug 2025", None)


def test_a_missing_value_that_raises_the_score_is_no_fact() -> None:
    row = say({"a": -0.5, "d": 0.1}, a=None)
    assert row["reason_1"] == "3 incidents since 14 Aug 2025"
    assert row["reason_2"] is None


def test_a_row_without_any_reason_keeps_the_domain_that_raises_its_score() -> None:
    row = say({"a": -0.5, "d": -0.1, "c": -0.1}, a=None, d=None, c=None)
    assert [row[f"reason_{k}"] for k in (1, 2, 3)] == [None, None, None]
    assert (row["leading_domain"], row["domains"]) == ("attendance", 0)


def test_the_strength_is_what_lowers_the_score_most() -> None:
    assert say({"c": -0.5, "d": -0.1, "a": 0.4}, c=88, d=0)["strength"] == "Mark 88.0"


def test_a_strength_without_a_number_needs_a_count_of_nothing() -> None:
    assert say({"c": -0.1, "d": -0.5}, c=88, d=0)["strength"] == "No incident this year"
    assert say({"c": -0.1, "d": -0.5}, c=88, d=2)["strength"] == "Mark 88.0"


def test_most_of_the_days_absent_are_no_strength() -> None:
    assert say({"a": -0.5, "c": -0.1}, c=88, a=(10, 20))["strength"] == "Absent 10 days"
    assert say({"a": -0.5, "c": -0.1}, c=88, a=(11, 20))["strength"] == "Mark 88.0"


def test_a_strength_never_contradicts_a_reason_of_the_same_concept() -> None:
    row = say({"b": 0.5, "a": -0.4, "c": -0.1}, c=88)
    assert row["reason_1"] == "Absent 3 of the last 20 days to 16 Nov 2025"
    assert row["strength"] == "Mark 88.0"


def test_a_count_of_nothing_is_no_reason() -> None:
    assert say({"d": 0.5, "a": 0.1}, d=0)["reason_1"] == "Absent 3 of 20 days since 14 Aug 2025"


TREND = Said(
    "t",
    "change",
    "grades",
    -1,
    phrase="Marks changed by {value} since {from_}",
    strength="Marks rose by {value}",
    unit="points",
    against="before",
)


def test_a_comparison_is_said_only_in_the_direction_that_is_true() -> None:
    catalog = (TREND, D)
    assert say({"t": 0.5, "d": 0.1}, catalog, t=-4)["reason_1"] == "Marks fell by 4.0 since 14 Aug 2025"
    assert say({"t": 0.5, "d": 0.1}, catalog, t=-0.04)["reason_1"] == "3 incidents since 14 Aug 2025"
    assert say({"t": 0.5, "d": 0.1}, catalog, t=4)["reason_1"] == "3 incidents since 14 Aug 2025"
    assert say({"t": -0.5, "d": 0.1}, catalog, t=4)["strength"] == "Marks rose by 4.0"
    assert say({"t": -0.5, "d": 0.1}, catalog, t=-4)["strength"] == NO_STRENGTH


def test_an_improvement_is_a_strength_even_where_it_does_not_lower_the_score() -> None:
    assert say({"t": 0.1, "a": 0.5}, (TREND, A), t=4)["strength"] == "Marks rose by 4.0"


def test_an_improvement_counts_even_where_the_document_does_not_use_the_feature() -> None:
    assert say({"a": 0.5}, (TREND, A), t=4)["strength"] == "Marks rose by 4.0"


def test_days_in_school_are_the_next_to_last_strength() -> None:
    assert say({"a": 0.5}, a=(6, 41))["strength"] == "In school on 35 of 41 school days since 14 Aug 2025"


@pytest.mark.parametrize("days", [(41, 41), (None, 41), (3, None)])
def test_a_row_without_visible_strength_says_what_to_do(days: Any) -> None:
    weights = {"d": 0.5}
    text = "No strength visible in these data: ask the student and the adults who know them"
    assert say(weights, a=days)["strength"] == text


def test_phrases_that_label_a_child_are_refused() -> None:
    bad = Said("a", "absence", "attendance", phrase="At risk: absent {count} days", strength="")
    with pytest.raises(ConfigError, match=r"never label a child, name a group or foretell, got 'At risk'"):
        say({"a": 0.5}, (bad,))


def test_facts_of_other_rows_are_refused_and_order_does_not_matter() -> None:
    document = make_document({"a": 0.5})
    X = pd.DataFrame({"a": [1.0, 2.0]}, index=["x", "y"])
    facts = pd.DataFrame(
        {"a__count": [2.0, 1.0], "a__of": [9.0, 9.0], "a__from": WINDOW["from"], "a__to": WINDOW["to"]},
        index=["y", "x"],
    )
    catalog: Any = {"a": A}
    found = reasons(document, X, facts, catalog=catalog, attendance="a")["reason_1"].tolist()
    assert found == ["Absent 1 of 9 days since 14 Aug 2025", "Absent 2 of 9 days since 14 Aug 2025"]
    with pytest.raises(DataError, match=r"facts for every row of X, got none for 'x'"):
        reasons(document, X, facts.loc[["y"]], catalog=catalog)
    with pytest.raises(DataError, match=r"got some rows twice"):
        reasons(document, X, pd.concat([facts, facts]), catalog=catalog)


def test_no_rows_give_an_empty_frame_of_the_same_columns() -> None:
    X = pd.DataFrame({"a": pd.Series(dtype=float)})
    facts = pd.DataFrame({f"a__{key}": pd.Series(dtype=float) for key in ("count", "of", "from", "to")})
    catalog: Any = {"a": A}
    frame = reasons(make_document({"a": 0.5}), X, facts, catalog=catalog, attendance="a")
    assert list(frame.columns) == [
        "reason_1",
        "reason_2",
        "reason_3",
        "strength",
        "leading_domain",
        "domains",
    ]
    assert len(frame) == 0


def catalogue_rows(n: int, seed: int) -> tuple[AdditiveModel, pd.DataFrame, pd.DataFrame]:
    """Random facts for the whole catalogue, a third of them unknown, and a document over all its features."""
    rng = np.random.default_rng(seed)
    X, facts, terms, infos = {}, {}, [], []
    for feature in CATALOG.values():
        of = rng.integers(1, 60, n).astype(float)
        count = np.floor(rng.random(n) * (of + 1))
        unknown = rng.random(n) < 1 / 3
        X[feature.name] = np.where(unknown, np.nan, np.where(rng.random(n) < 0.5, -1, 1) * count / of)
        facts[f"{feature.name}__count"] = np.where(unknown, np.nan, count)
        facts[f"{feature.name}__of"] = np.where(rng.random(n) < 0.1, np.nan, of)
        for key, day in WINDOW.items():
            facts[f"{feature.name}__{key}"] = pd.Series(day, index=range(n)).mask(rng.random(n) < 0.05)
        terms.append(
            Term(
                feature.name,
                "step",
                edges=(0.0, 0.5),
                values=tuple(rng.normal(size=3)),
                missing=float(rng.normal()),
            )
        )
        infos.append(
            FeatureInfo(
                feature.name,
                concept=feature.concept,
                domain=feature.domain,
                direction=feature.direction,
                unit=feature.unit,
                phrase=feature.phrase,
                changeable=feature.changeable,
            )
        )
    document = AdditiveModel("chronic_absence", infos, [Period(0, None, -1.0, tuple(terms))])
    return document, pd.DataFrame(X), pd.DataFrame(facts)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_invariants_over_the_whole_catalogue(seed: int) -> None:
    document, X, facts = catalogue_rows(40, seed)
    frame = reasons(document, X, facts)
    texts = frame[["reason_1", "reason_2", "reason_3", "strength"]].to_numpy().ravel()
    assert frame["strength"].notna().all()
    for text in texts[pd.notna(texts)]:
        assert not {"nan", "NaN", "NaT", "None", "inf"} & set(
            text.replace("(", " ").replace(")", " ").split()
        )
        assert "{" not in text
    filled = frame[["reason_1", "reason_2", "reason_3"]].notna().to_numpy()
    assert (filled[:, :-1] >= filled[:, 1:]).all()
    assert frame["domains"].between(0, 3).all()
    concept = [feature.concept for feature in document.features]
    total = pd.DataFrame(explain(document, X).values, columns=concept).T.groupby(level=0).sum().T
    carried = total.clip(lower=0).div(total.clip(lower=0).sum(axis=1), axis=0)
    assert (filled.sum(axis=1) <= (carried >= 0.1).sum(axis=1)).all()
    pd.testing.assert_frame_equal(reasons(document, X, facts), frame)

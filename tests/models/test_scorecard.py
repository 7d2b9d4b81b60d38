from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from sklearn.utils.estimator_checks import check_sample_weight_equivalence_on_dense_data

from early_id.exceptions import NotApplicable
from early_id.models import LogisticAdditiveClassifier, MonotoneAdditiveClassifier, PointScorecardClassifier
from early_id.models._learner import AdditiveLearner
from early_id.panel import CATALOG
from models.made import LAW, students

SIGNS = {f"x{j}": (1, -1)[j % 2] for j in range(8)}


def many(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Eight features of different weight, each with a bend, a tenth unknown."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 8)) + 0.5 * rng.normal(size=(n, 1))
    effect = np.tanh(x * np.linspace(0.5, 2, 8)) * list(SIGNS.values()) * np.linspace(1.2, 0.4, 8)
    y = (rng.random(n) < 1 / (1 + np.exp(2 - effect.sum(axis=1)))).astype(int)
    return pd.DataFrame(x, columns=list(SIGNS)).where(rng.random(x.shape) < 0.9), y


def rounded(document, most):
    """Divide every table by what makes the widest one `most` points, and round: what anybody would do first."""
    (period,) = document.periods
    unit = max(np.ptp([*term.values, term.missing]) for term in period.terms) / most
    intercept, terms = period.intercept, []
    for term in period.terms:
        low = min(*term.values, term.missing)
        intercept += low
        points = np.rint((np.array([*term.values, term.missing]) - low) / unit) * unit
        terms.append(replace(term, values=tuple(points[:-1]), missing=float(points[-1])))
    return replace(document, periods=(replace(period, intercept=intercept, terms=tuple(terms)),))


def loss(document, X, y) -> float:
    return log_loss(y, document.predict_proba(X)[:, 1])


def compared(seeds, **settings) -> pd.DataFrame:
    """Log loss on fresh students: of the card, of rounded tables, and of those tables; one row per comparison."""
    figures = []
    for seed in seeds:
        X, y = many(12_000, seed)
        fresh, outcome = many(60_000, 100 + seed)
        cards = {
            most: PointScorecardClassifier(directions=SIGNS, max_points=most).fit(X, y) for most in (3, 5)
        }
        same = X[list(cards[5].document_.feature_names)]
        assert set(cards[3].document_.feature_names) == set(same)
        signs = {name: SIGNS[name] for name in same}
        for learner in (
            MonotoneAdditiveClassifier(directions=signs, max_bins=8, **settings),
            LogisticAdditiveClassifier(directions=None, basis="step", n_knots=7),
        ):
            tables = learner.fit(same, y).document_
            for most, card in cards.items():
                documents = (card.document_, rounded(tables, most), tables)
                found = [loss(document, fresh, outcome) for document in documents]
                figures.append((type(learner).__name__, most, *found))
    return pd.DataFrame(figures, columns=["learner", "most", "card", "rounded", "tables"])


def spares_a_third(found: pd.DataFrame) -> None:
    """Better on every seed; and on average at least a third of what rounding costs is spared."""
    assert (found["card"] < found["rounded"]).all(), found
    mean = found.groupby(["learner", "most"]).mean()
    assert (mean["rounded"] - mean["card"] > (mean["rounded"] - mean["tables"]) / 3).all(), mean


@pytest.mark.slow
def test_fitted_points_are_better_than_rounded_ones_on_fresh_students():
    spares_a_third(compared(range(2), calibrate=False, max_iter=60))


@pytest.mark.slow
def test_fitted_points_are_better_than_rounded_ones_of_the_default_learner():
    spares_a_third(compared(range(8)))


def filled_in(text: str, row: dict[str, float]) -> tuple[int, str]:
    """Fill in the card of one period as a person does, reading nothing but the text: sum of points, probability."""
    total = 0
    for name, answers in re.findall(r"^  \[  \] (.+?): (.+)$", text, re.MULTILINE):
        value = row[name]
        for answer in answers.split(", "):
            words, points = re.fullmatch(r"(.+) → (\d+)(?: points?)?", answer).groups()
            if holds(words, value):
                total += int(points)
                break
        else:
            pytest.fail(f"{value} of {name} has no place in {answers}")
    chances = dict(re.findall(r"(\d+) → ([<>]? ?[\d.]+ %)", text.partition("probability:")[2]))
    return total, chances[str(total)]


def holds(words: str, value: float) -> bool:
    if words == "unknown" or np.isnan(value):
        return (words == "unknown") == bool(np.isnan(value))
    if words == "any value":
        return True
    if " %" in words:
        words, value = words.replace(" %", ""), 100 * value
    numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", words.replace("–", " "))]
    if words.startswith("below"):
        return value < numbers[0]
    if words.endswith("or more"):
        return value >= numbers[0]
    if "to below" in words:
        return numbers[0] <= value < numbers[1]
    return numbers[0] <= value <= numbers[-1]


def agrees(chance: str, probability: float) -> bool:
    if chance == "< 0.1 %":
        return probability < 0.0005
    if chance == "> 99.9 %":
        return probability >= 0.9995
    return abs(100 * probability - float(chance.removesuffix(" %"))) <= 0.05 + 1e-9


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 4), st.integers(2, 12))
@settings(max_examples=12)
def test_the_card_filled_in_by_hand_gives_the_probability_of_the_document(seed, most, n_features, max_bins):
    rng = np.random.default_rng(seed)
    n = 400
    X = pd.DataFrame(
        {
            "absence_rate_20d": rng.integers(0, 21, n) / 20,
            "incidents_60d": rng.poisson(1.5, n),
            "days_since_absence": rng.integers(0, 60, n),
            "last_mark": rng.normal(75, 10, n).round(1),
            "own_column": rng.normal(size=n),
        },
        dtype=float,
    )
    X = X.where(rng.random(X.shape) < 0.9)
    score = (
        8 * X["absence_rate_20d"].fillna(0.5) + X["incidents_60d"].fillna(0) - X["own_column"].fillna(1) - 5
    )
    y = (rng.random(n) < 1 / (1 + np.exp(-score))).astype(int)
    document = (
        PointScorecardClassifier(max_points=most, max_features=n_features, max_bins=max_bins)
        .fit(X, y)
        .document_
    )
    titles = {
        "Absence rate, last 20 school days": "absence_rate_20d",
        "Incidents, last 60 school days": "incidents_60d",
        "Days since absence": "days_since_absence",
        "Last mark": "last_mark",
        "Own column": "own_column",
    }
    text = document.to_card()
    frame = document.to_points(100)
    base, unit = frame[["base", "unit"]].iloc[0]
    fresh = X.sample(40, random_state=1)
    for (_, row), p, s in zip(
        fresh.iterrows(), document.predict_proba(fresh)[:, 1], document.decision_function(fresh), strict=True
    ):
        points, chance = filled_in(text, {title: row[name] for title, name in titles.items()})
        assert s == pytest.approx(base + unit * points, abs=1e-9)
        assert agrees(chance, p)
    assert frame["points"].max() <= most


def test_every_period_has_its_own_card():
    X, y, _ = students(3000)
    rows = pd.concat([X.assign(school_day=day) for day in (10, 100)], ignore_index=True)
    document = PointScorecardClassifier(directions=LAW, periods=(0, 60)).fit(rows, np.tile(y, 2)).document_
    cards = document.to_card().split("\n\n")[1:]
    assert [card.splitlines()[0] for card in cards] == ["School days 0–59", "School days 60–"]
    row = {"Absence": 0.2, "Mark": 60.0, "Incidents": 1.0}
    for card, day in zip(cards, (10, 100), strict=True):
        at = pd.DataFrame({"absence": [0.2], "mark": 60.0, "incidents": 1.0, "school_day": day})
        assert agrees(filled_in(card, row)[1], document.predict_proba(at)[0, 1])
    assert document.to_points(5)["points"].max() == 5


@given(st.integers(0, 10_000), st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3))
@settings(max_examples=10)
def test_points_never_move_against_their_direction(seed, signs):
    """Whatever the data say: the outcome is drawn without regard to the directions."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"a": rng.normal(size=300), "b": rng.poisson(2, 300), "c": rng.exponential(size=300)}, dtype=float
    )
    X = X.where(rng.random(X.shape) < 0.9)
    y = (np.sin(3 * X["a"].fillna(0)) + np.cos(X["b"].fillna(0)) + rng.normal(size=300)) > 0.5
    directions = dict(zip(X.columns, signs, strict=True))
    document = PointScorecardClassifier(directions=directions).fit(X, y).document_
    assert document.check_monotone() == ()
    assert {one.name: one.direction for one in document.features}.items() <= directions.items()


def test_the_strongest_features_are_taken_first_and_noise_is_left_out():
    X, y, _ = students(6000)
    for most, names in ((1, {"absence"}), (2, {"mark", "absence"}), (10, {"mark", "absence", "incidents"})):
        document = PointScorecardClassifier(directions=LAW, max_features=most).fit(X, y).document_
        assert set(document.feature_names) == names


def test_ten_features_at_most_and_one_of_each_concept():
    rng = np.random.default_rng(0)
    names = [name for name, feature in CATALOG.items() if feature.direction]
    X = pd.DataFrame(rng.normal(size=(4000, len(names))), columns=names)
    y = rng.random(4000) < 1 / (1 + np.exp(-X @ [CATALOG[name].direction for name in names] / 3))
    document = PointScorecardClassifier().fit(X, y).document_
    concepts = [feature.concept for feature in document.features]
    assert len(document.features) == 10
    assert len(set(concepts)) == len(concepts)
    two = X[["absence_rate_10d", "absence_rate_20d"]]
    y = rng.random(4000) < 1 / (1 + np.exp(-two.sum(axis=1)))
    assert len(PointScorecardClassifier().fit(two, y).document_.features) == 1
    assert len(PointScorecardClassifier(directions=None).fit(two, y).document_.features) == 2


def test_the_score_is_intercept_and_scale_times_whole_points():
    X, y, _ = students(3000)
    model = PointScorecardClassifier(directions=LAW).fit(X, y)
    (fit,), (period,) = model.fits_, model.document_.periods
    scale = period.calibration.slope * fit.scale
    for term in period.terms:
        points = np.array([*term.values, term.missing]) / scale
        whole = np.rint(
            points
        )  # five times a number over that number may be five and a bit of the last place
        np.testing.assert_allclose(points, whole, rtol=0, atol=1e-12)
        assert 0 <= whole.min() <= whole.max() <= 5
        assert all(a != b for a, b in zip(term.values, term.values[1:], strict=False))


def test_without_a_choice_a_weight_is_a_repetition(monkeypatch):
    monkeypatch.setattr(PointScorecardClassifier, "_choose", AdditiveLearner._choose)
    check_sample_weight_equivalence_on_dense_data("card", PointScorecardClassifier(calibrate=False))


def test_other_documents_have_no_card():
    X, y, _ = students(1000)
    document = MonotoneAdditiveClassifier(directions=LAW).fit(X, y).document_
    with pytest.raises(
        NotApplicable, match="fit a PointScorecardClassifier, or round the tables by to_points"
    ):
        document.to_card()
    assert "→ probability" in rounded(document, 10).to_card()


def test_a_card_without_anything_to_tell_says_so():
    X = pd.DataFrame({"none": np.full(200, np.nan), "same": 1.0})
    text = PointScorecardClassifier(directions=None).fit(X, np.arange(200) % 2).document_.to_card()
    assert "Not counted here: None" in text
    assert text.endswith("0 → 50.0 %")

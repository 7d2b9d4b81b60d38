"""Every bar of the gate, on predictions of which it is known whether they clear it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from early_id.config import GateConfig
from early_id.evaluation import Backtest, check_quality
from early_id.exceptions import ConfigError

DAYS = (10, 40, 80, 150)
DOCUMENT = object()


def made(*, students=3000, sharpness=1.0, rule_noise=2.0, seed=0):
    """A model that knows the true risk, a rule that sees it dimly, a black box that sees it as the model does.

    `sharpness` stretches the model's log-odds: 1 is calibrated.
    """
    rng = np.random.default_rng(seed)
    risk = rng.normal(-1.2, 1.2, students)
    label = (rng.random(students) < 1 / (1 + np.exp(-risk))).astype(float)
    parts = []
    for week, day in enumerate(DAYS):
        base = pd.DataFrame(
            {
                "student_id": [f"s{n:04d}" for n in range(students)],
                "school_id": [f"{n % 3}" for n in range(students)],
                "as_of": pd.Timestamp("2024-09-01") + pd.Timedelta(weeks=8 * week),
                "school_day": day,
                "label": label,
                "onset": True,
                "treated": False,
                "not_scored": None,
                "absence_rate_year": 0.05,
            }
        )
        scores = {
            "additive": (1 / (1 + np.exp(-sharpness * risk)), True),
            "some rule": (risk + rule_noise * rng.normal(size=students), False),
            "ceiling": (1 / (1 + np.exp(-risk + 0.1 * rng.normal(size=students))), True),
        }
        for name, (score, known) in scores.items():
            parts.append(base.assign(contestant=name, score=score, probability=score if known else np.nan))
    return pd.concat(parts, ignore_index=True)


def backtest_of(predictions):
    return Backtest(
        predictions, {"additive": DOCUMENT}, "additive", "x", "10%", (2023,), (2024,), date(2024, 9, 1), "strict",
        pd.Series(dtype=float),
    )  # fmt: skip


def verdicts(predictions, bars=None, time_safety="passed", contestant="additive"):
    found = check_quality(backtest_of(predictions), contestant, bars=bars, time_safety=time_safety)
    return {check.name: check.verdict for check in found}


def test_a_model_that_knows_the_risk_clears_every_bar():
    found = verdicts(made())
    assert set(found.values()) == {"pass"}
    assert list(found) == [
        "early against some rule", "all weeks against some rule",
        *(f"{what} {period}" for what in ("calibration", "within schools") for period in ("0-20", "20-60", "60-120", "120-")),
        "against the ceiling", "time safety",
    ]  # fmt: skip


@pytest.mark.parametrize(("sharpness", "verdict"), [(0.5, "fail"), (2.0, "fail"), (1.0, "pass")])
def test_the_slope_says_whether_thirty_percent_means_thirty(sharpness, verdict):
    found = verdicts(made(sharpness=sharpness))
    assert {found[f"calibration {period}"] for period in ("0-20", "20-60", "60-120", "120-")} == {verdict}


def test_few_students_leave_the_slope_open_and_do_not_clear_it():
    found = verdicts(made(students=160, seed=3))
    assert "cannot tell" in {found[f"calibration {period}"] for period in ("0-20", "20-60", "60-120", "120-")}


def test_a_rule_that_is_as_good_is_not_beaten():
    rows = made()
    same = rows["contestant"] == "some rule"
    rows.loc[same, "score"] = rows.loc[rows["contestant"] == "additive", "score"].to_numpy()
    found = verdicts(rows)
    assert found["early against some rule"] == "fail"
    assert found["all weeks against some rule"] == "pass"


def test_a_better_rule_stops_the_model_in_all_weeks():
    rows = made()
    own, rule = (rows["contestant"] == name for name in ("additive", "some rule"))
    scores = rows.loc[own, "score"].to_numpy(), rows.loc[rule, "score"].rank(pct=True).to_numpy()
    for column in ("score", "probability"):
        rows.loc[own, column] = scores[1]
    rows.loc[rule, "score"] = scores[0]
    found = verdicts(rows)
    assert found["early against some rule"] == found["all weeks against some rule"] == "fail"
    assert found["against the ceiling"] == "fail"


def test_weeks_that_a_rule_of_thumb_sees_are_no_early_ones():
    """The model is better only where the rate is above a tenth already."""
    rows = made()
    seen = rows["school_id"] == "0"
    rows.loc[seen, "absence_rate_year"] = 0.2
    rule, own = (rows["contestant"] == name for name in ("some rule", "additive"))
    rows.loc[rule & ~seen, "score"] = rows.loc[own & ~seen, "score"].to_numpy()
    assert verdicts(rows)["early against some rule"] == "fail"
    assert verdicts(rows.drop(columns="absence_rate_year"))["early against some rule"] == "pass"


def test_an_order_without_content_inside_schools_misses_the_bar():
    rows = made()
    own = rows["contestant"] == "additive"
    rate = rows.groupby("school_id")["label"].transform("mean")
    rows.loc[own, ["score", "probability"]] = np.column_stack([rate[own]] * 2)
    found = verdicts(rows)
    assert {found[f"within schools {period}"] for period in ("0-20", "20-60", "60-120", "120-")} == {"fail"}


@pytest.mark.parametrize(
    ("said", "asked", "verdict"),
    [
        ("passed", "passed", "pass"), ("not proven", "passed", "cannot tell"), ("failed", "passed", "fail"),
        ("", "passed", "cannot tell"), ("not proven", "not proven", "pass"), ("failed", "not proven", "fail"),
        ("", "not proven", "cannot tell"),
    ],
)  # fmt: skip
def test_time_safety_is_a_bar(said, asked, verdict):
    assert verdicts(made(students=300), GateConfig(time_safety=asked), said)["time safety"] == verdict


def test_without_a_black_box_nobody_knows_the_price_of_being_readable():
    rows = made(students=300)
    assert verdicts(rows[rows["contestant"] != "ceiling"])["against the ceiling"] == "cannot tell"


def test_figures_of_few_students_are_neither_printed_nor_judged():
    rows = made(students=300)
    positives = rows[rows["label"] == 1]["student_id"].unique()
    few = rows[~rows["student_id"].isin(positives[8:])]
    for check in check_quality(backtest_of(few), "additive", time_safety="passed"):
        if check.name != "time safety":
            assert (check.verdict, check.found) == (
                "cannot tell",
                "Not printed: 10 or fewer students are behind it.",
            )


def test_bars_are_those_of_the_configuration():
    rows = made()
    strict = GateConfig(
        better_than_rules=0.9, within_school=0.95, slope_overlaps=(1.5, 1.6), slope_within=(1.4, 1.7)
    )
    found = verdicts(rows, strict)
    assert {found[name] for name in found if name not in {"time safety", "against the ceiling"}} - {
        "fail"
    } == {"pass"}
    assert found["all weeks against some rule"] == "pass"


def test_a_contestant_that_took_no_part_is_named():
    with pytest.raises(ConfigError, match=r"'aditive'.*did you mean 'additive'"):
        verdicts(made(students=300), contestant="aditive")

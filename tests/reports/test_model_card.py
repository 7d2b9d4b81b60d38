from __future__ import annotations

import pandas as pd
import pytest
from page_reader import Page
from sample_audit import sample_metrics
from test_style import LABELS

from early_id.exceptions import DataError
from early_id.models import AdditiveModel, Axis, FeatureInfo, Pair, Period, Term
from early_id.reports import write_model_card


def step(name, edges, values):
    return Term(name, "step", edges=edges, values=values, missing=0.0, mean=0.0)


@pytest.fixture(scope="module")
def metrics():
    return sample_metrics()


@pytest.fixture(scope="module")
def document():
    terms = (
        step("absent_days_20", (1.0, 2.0, 4.0), (-0.7, -0.7, 0.35, 1.4)),
        step("moves", (1.0,), (-0.001, 0.002)),
    )
    periods = [
        Period(0, 20, -1.0, terms, n_rows=900, n_students=300, n_events=60),
        Period(20, None, -1.2, terms),
    ]
    features = [FeatureInfo("absent_days_20", direction=1, unit="days"), FeatureInfo("moves")]
    provenance = {
        "train_years": [2022, 2023],
        "data_window": ["2021-08-22", "2023-06-11"],
        "trained_on": "2023-08-27",
        "embargo": "strict",
        "imputed_known_at": {"absences": 0.0, "grades": 0.25},
    }
    return AdditiveModel("chronic_absence", features, periods, provenance)


@pytest.fixture(scope="module")
def html(document, metrics, tmp_path_factory):
    path = write_model_card(document, metrics, tmp_path_factory.mktemp("card") / "card.html")
    return path.read_text(encoding="utf-8")


def test_tables_say_what_the_document_says(html):
    # 10 / ln 2 points per unit of log-odds; the two first bins score alike and are one line.
    points = [
        ["days", "Points"],
        ["below 2", "−10"],
        ["2 to below 4", "+5"],
        ["4 or more", "+20"],
        ["unknown", "+0"],
    ]
    assert Page(html).table_under("School days 0–19") == points
    assert "Less than half a point in this period: Moves." in Page(html).text


def test_a_pair_is_told_cell_by_cell_and_is_no_feature(document, tmp_path):
    days = Axis("absent_days_20", (0.5, 0.5, 0.0), edges=(2.0,))
    moves = Axis("moves", (0.5, 0.5, 0.0), edges=(1.0,))
    strong = Pair(days, moves, ((0.0, 0.0, 0.0), (0.0, 3.5, -1.4), (0.0, 0.0, 0.0)))
    period = Period(0, None, -1.0, document.periods[0].terms, pairs=(strong,))
    card = write_model_card(AdditiveModel("x", document.features, [period]), None, tmp_path / "card.html")
    page = Page(card.read_text(encoding="utf-8"))
    assert page.table_under("The whole school year") == [
        ["value", "Points"],
        ["2 or more × 1 or more", "+50"],
        ["2 or more × unknown", "−20"],
        ["otherwise", "+0"],
    ]
    assert "looks at 2 facts" in page.text


def test_origin_limits_and_hash(html, document):
    text = Page(html).text
    assert document.sha256 in text
    for words in (
        "chronic absence at the end of the school year",
        "2021-08-22 to 2023-06-11",
        "2023-08-27: no outcome known later was used",
        "grades 25 % of the rows",
        "Learned from 300 students in 900 student weeks, 60 of which ended with the outcome.",
        "referral to special education",
    ):
        assert words in text
    assert "absences 0 %" not in text


def test_results_are_shown_beside_the_rule_and_only_on_onset_rows(html):
    rows = Page(html).table_under("How well it did")
    assert rows[1:] == [
        ["additive", "34.0 %", "40.0 %", "0.790", "0.770", "0.110"],
        ["pace rule", "22.0 %", "40.0 %", "0.790", "0.770", "–"],
    ]


def test_the_card_is_self_contained_well_formed_and_labels_nobody(html):
    page = Page(html)
    assert page.unbalanced == []
    assert len(page.ids) == len(set(page.ids))
    assert "http:" not in html
    assert "https:" not in html
    assert all(link.startswith("#") for link in page.links)
    assert LABELS.search(page.text) is None


def test_equal_input_gives_equal_bytes(html, document, metrics, tmp_path):
    assert write_model_card(document, metrics, tmp_path / "b.html").read_text(encoding="utf-8") == html


def test_metrics_without_a_column_are_refused(document, metrics, tmp_path):
    with pytest.raises(DataError, match="metrics for a model card must have the column 'brier'"):
        write_model_card(document, metrics.drop(columns="brier"), tmp_path / "card.html")


def test_a_card_can_be_written_before_any_result(document, tmp_path):
    path = write_model_card(document, None, tmp_path / "card.html")
    assert "No results were given for this card." in path.read_text(encoding="utf-8")


def test_stretches_of_the_year_are_named_by_first_and_last_day_everywhere(document, metrics, tmp_path):
    calibration = pd.DataFrame(
        {
            "contestant": "additive",
            "rows": "all",
            "period": ["all", "0-20", "20-"],
            "expected": 0.3,
            "observed": 0.3,
            "slope": 1.0,
        }
    )
    path = write_model_card(document, metrics, tmp_path / "card.html", calibration=calibration)
    page = Page(path.read_text(encoding="utf-8"))
    assert [cells[2] for cells in page.table_under("Does 30\u00a0% mean 30\u00a0%?")[1:]] == [
        "all",
        "0–19",
        "20–",
    ]
    assert {"School days 0–19", "School days 20–"} <= {words for _, words in page.headings}

"""The card says what the document, the evidence and the record say, alike on the page and in Markdown."""

from __future__ import annotations

import html as escaped
import json
import re
from dataclasses import replace

import pytest
from page_reader import Page
from sample_audit import sample_evidence, sample_record
from test_style import LABELS

from early_id.exceptions import DataError
from early_id.models import AdditiveModel, Axis, FeatureInfo, Pair, Period, Term
from early_id.reports import CardEvidence, write_model_card


def step(name, edges, values):
    return Term(name, "step", edges=edges, values=values, missing=0.0, mean=0.0)


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
def evidence(document):
    return sample_evidence(document)


@pytest.fixture(scope="module")
def card(document, evidence, tmp_path_factory):
    """The card before anybody signed."""
    return write_model_card(document, tmp_path_factory.mktemp("card") / "card.html", evidence=evidence)


@pytest.fixture(scope="module")
def html(card):
    return card.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def signed(document, evidence, tmp_path_factory):
    """The card after María Ruiz signed."""
    path = tmp_path_factory.mktemp("signed") / "card.html"
    return write_model_card(document, path, evidence=evidence, signed=sample_record(evidence))


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
    card = write_model_card(AdditiveModel("x", document.features, [period]), tmp_path / "card.html")
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
        ["additive (this model)", "34.0 % (31.0–37.0 %)", "40.0 %", "0.790", "0.770", "0.110"],
        ["pace rule", "22.0 % (31.0–37.0 %)", "40.0 %", "0.790", "0.770", "–"],
    ]


def test_calibration_is_of_the_model_by_period_and_reach_is_of_everybody(html):
    page = Page(html)
    assert page.table_under("Does 30\u00a0% mean 30\u00a0%?")[1:] == [
        ["all", "all", "31.1 %", "35.5 %", "1.08 (0.91–1.25)"],
        ["0–19", "all", "32.2 %", "36.6 %", "0.97 (0.71–1.23)"],
        ["20–", "all", "33.3 %", "–", "–"],
    ]
    assert page.table_under("Who was reached in time")[1:] == [
        ["additive (this model)", "2,400", "44.1 %", "21.7 %", "3.5"],
        ["pace rule", "2,400", "31.4 %", "–", "–"],
    ]


def test_data_are_said_with_their_window_size_source_and_what_is_unknown(html, evidence):
    text = Page(html).text
    audit = json.loads(evidence.audit)
    overall = audit["overall"][0]
    for words in (
        "CALPADS files",
        "about 3,600 students in 11,800 student weeks, 3,200 of which ended with the outcome",
        "about 4,800 students in 20,500 student weeks, 2,300 of them with the outcome",
        "5.1 %",
        f"Without a score: {overall['not_scored_text']}",
    ):
        assert words in text
    for row in audit["excluded"]:
        assert f"{row['reason']} ({row['text']})" in text


def test_groups_that_were_looked_at_while_learning_are_named(document, html, tmp_path):
    assert "Weighed while learning" not in html
    weighed = replace(document, provenance={**document.provenance, "reweighed_by": "low_income"})
    card = write_model_card(weighed, tmp_path / "card.html")
    assert "by group and outcome (low income)" in Page(card.read_text(encoding="utf-8")).text


def test_equity_is_that_of_the_published_audit(html, evidence):
    audit = json.loads(evidence.audit)
    page = Page(html)
    counted = {row[0].lower(): row[1:3] for row in page.table_under("How many groups were judged")[1:]}
    for word, counts in counted.items():
        for metric, count in zip(("recall", "not_scored"), counts, strict=True):
            own = [row for row in audit["verdicts"] if row["metric"] == metric and row["verdict"] == word]
            assert int(count) == len(own)
    (gap,) = (row for row in audit["verdicts"] if row["verdict"] == "gap" and row["group"] == "B")
    said = f"between −{-100 * gap['low_simultaneous']:.1f} and −{-100 * gap['high_simultaneous']:.1f}"
    assert said in page.text
    unjudged = [row for row in audit["verdicts"] if row["verdict"] in ("cannot tell", "suppressed")]
    assert len(page.table_under("What could not be told")) == 1 + len(unjudged) > 1


def test_before_a_sign_off_the_card_says_that_nobody_has_signed(card):
    for form in (card, card.with_suffix(".md")):
        text = form.read_text(encoding="utf-8")
        assert "Nobody has signed this model for these lists." in text
        assert "Signed by" not in text


def test_after_a_sign_off_both_forms_say_who_when_until_and_what_was_accepted(signed, evidence):
    record = sample_record(evidence)
    page = Page(signed.read_text(encoding="utf-8"))
    markdown = plain(signed.with_suffix(".md").read_text(encoding="utf-8"))
    head = "Signed by María Ruiz <equity>, reviewer on 2024-09-01, for lists up to 2025-06-30."
    for text in (page.text, markdown):
        assert "Nobody has signed" not in text
        for words in (
            head,
            record["audit_sha256"],
            record["sha256"],
            "25 students per school, 40 in school 1",
        ):
            assert words in text
    accepted = [
        ["Team: B", "exception", "feed mended | in May", "2025-01-31"],
        [
            "School: Oak | Elm School (school 1) (weeks on the list)",
            "acknowledged",
            "the principal reads every list",
            "as the sign-off",
        ],
    ]
    assert page.table_under("Sign-off")[1:] == accepted
    assert accepted in [
        table[1:] for table in tables_of(signed.with_suffix(".md").read_text(encoding="utf-8"))
    ]


def plain(markdown: str) -> str:
    """Markdown without its signs, as a reader sees it."""
    text = re.sub(r"(?m)^(#+|-) ", "", markdown).replace("**", "")
    return escaped.unescape(re.sub(r"\\([\\`*_\[\]|~#])", r"\1", text))


def tables_of(markdown: str) -> list[list[list[str]]]:
    tables: list[list[list[str]]] = []
    inside = False
    for line in markdown.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        if not inside:
            tables.append([])
        inside = True
        cells = [plain(cell.strip()) for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if set("".join(cells)) != {"-"}:
            tables[-1].append([cell.replace("\u00a0", " ") for cell in cells])
    return tables


@pytest.mark.parametrize("which", ["card", "signed"])
def test_the_page_and_the_markdown_say_the_same(which, request):
    path = request.getfixturevalue(which)
    page = Page(path.read_text(encoding="utf-8"))
    markdown = path.with_suffix(".md").read_text(encoding="utf-8")
    assert tables_of(markdown) == [
        [[cell.replace("\u00a0", " ") for cell in row] for row in table] for table in page.tables
    ]
    headings = [line.lstrip("#").strip() for line in markdown.splitlines() if re.match(r"#{1,3} ", line)]
    assert [plain(line) for line in headings] == [words for _, words in page.headings]
    # Every number of one form is in the other.
    number = re.compile(r"\d[\d.,]*")
    shown = page.text.replace("Skip to the content", "")
    assert set(number.findall(plain(markdown))) == set(number.findall(shown))


def test_every_table_of_the_markdown_is_one(card):
    for table in tables_of(card.with_suffix(".md").read_text(encoding="utf-8")):
        assert len(table) > 1
        assert len({len(row) for row in table}) == 1


def test_no_number_is_made_up(card, evidence, document):
    """With the evidence taken away, no results, no group and no size is left."""
    bare = write_model_card(document, card.parent / "bare.html")
    text = Page(bare.read_text(encoding="utf-8")).text
    assert "No results were given for this card." in text
    assert "No audit was given for this card." in text
    assert "%" not in text.replace("grades 25\u00a0%", "").replace("grades 25 %", "")


def test_the_card_is_self_contained_well_formed_and_labels_nobody(html, card, signed):
    for form in (html, signed.read_text(encoding="utf-8")):
        page = Page(form)
        assert page.unbalanced == []
        assert len(page.ids) == len(set(page.ids))
        assert "http:" not in form
        assert "https:" not in form
        assert "<script" not in form
        assert all(link.startswith("#") for link in page.links)
        assert {link[1:] for link in page.links} <= set(page.ids)
        assert LABELS.search(page.text) is None
    assert LABELS.search(card.with_suffix(".md").read_text(encoding="utf-8")) is None


@pytest.mark.parametrize(
    "use",
    [
        "discipline",
        "placement",
        "grading",
        "access to",
        "immigration",
        "police",
        "special education",
        "diagnosis",
    ],
)
def test_what_it_is_not_for_is_said(html, use):
    page = Page(html).text
    assert use in page[page.index("Not for") :].lower()


def test_equal_input_gives_equal_bytes(html, document, evidence, tmp_path):
    again = CardEvidence.from_json(evidence.to_json(), evidence.audit)
    path = write_model_card(document, tmp_path / "b.html", evidence=again)
    assert path.read_text(encoding="utf-8") == html


def test_metrics_without_a_column_are_refused(document, evidence, tmp_path):
    less = replace(evidence, metrics=evidence.metrics.drop(columns="brier"))
    with pytest.raises(DataError, match="metrics for a model card must have the column 'brier'"):
        write_model_card(document, tmp_path / "card.html", evidence=less)
    assert not list(tmp_path.iterdir())


def test_an_audit_of_another_document_or_a_record_of_another_audit_is_refused(document, evidence, tmp_path):
    other = AdditiveModel("x", document.features, document.periods)
    with pytest.raises(DataError, match="expected an audit of the document"):
        write_model_card(other, tmp_path / "card.html", evidence=evidence)
    record = sample_record(evidence) | {"audit_sha256": "0" * 64}
    with pytest.raises(DataError, match="expected the audit that 'María Ruiz <equity>, reviewer' signed"):
        write_model_card(document, tmp_path / "card.html", evidence=evidence, signed=record)


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"format": "other"}'])
def test_what_is_no_evidence_is_refused(text):
    with pytest.raises(DataError, match="audit again"):
        CardEvidence.from_json(text, "{}")

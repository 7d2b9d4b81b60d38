"""Every number and day in a sentence, counted again from the tables by plain loops."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from functools import cache
from typing import Any

import pandas as pd
import pytest
from oracle import Oracle
from small import small_district

from early_id.district import District
from early_id.explain import reasons
from early_id.explain._grammar import grammar_of
from early_id.models import AdditiveModel, FeatureInfo, Period, Term
from early_id.panel import CATALOG, FEATURE_PHRASES, LANGUAGES, LIST_PHRASES, build_panel, phrase_of

SAID = sorted(FEATURE_PHRASES)
ABSENT = ("excused", "unexcused", "suspension_out")
# Words that stand for a count of nothing, and for one of one.
WORDS = re.compile(
    r"\b(no|none|never|all|every|each|latest|nunca|ning[uú]n\w*|todas las|[uú]ltimo|cada uno)\b",
    re.IGNORECASE,
)


@cache
def world(seed: int) -> tuple[Any, Oracle]:
    tables = small_district(seed)
    days = pd.to_datetime(tables["calendar"]["day"])
    dates = [str(day.date()) for day in days.quantile([0.6, 0.85, 0.97])]
    return build_panel(District.from_frames(tables), as_of=dates), Oracle(tables)


@cache
def counted(seed: int, student: str, at: date) -> Counted:
    oracle = world(seed)[1]
    return Counted(oracle, at, cohort(seed, at)[student])


@cache
def cohort(seed: int, at: date) -> dict[str, dict]:
    return world(seed)[1].cohort(at)


def says_one(name: str, weight: float) -> AdditiveModel:
    """Only this feature raises every score, or lowers it; a second one is there to make room for strengths."""
    term = Term(name, "step", (), (weight,), 0.0, mean=0.0)
    return AdditiveModel("x", [FeatureInfo.from_catalogue(CATALOG, name)], [Period(0, None, 0.0, (term,))])


def days_and_numbers(text: str, language: str) -> tuple[list[date], list[float]]:
    grammar = grammar_of(language)
    pattern = grammar.date.format(day=r"(?P<day>\d+)", month=r"(?P<month>\w+)", year=r"(?P<year>\d{4})")
    days = [
        date(int(one["year"]), grammar.months.index(one["month"]) + 1, int(one["day"]))
        for one in re.finditer(pattern, text)
        if one["month"] in grammar.months
    ]
    rest = re.sub(pattern, " ", text)
    return days, [float(number) for number in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", rest)]


class Counted:
    """What a sentence about a row speaks of, from the tables alone."""

    def __init__(self, oracle: Oracle, at: date, row: dict) -> None:
        self.oracle, self.at, self.row = oracle, at, row
        self.student, self.year = row["student_id"], row["school_year"]
        self.values = oracle.features(at, row)

    def facts(self, name: str, days: list[date]) -> dict[str, float]:
        """By placeholder; the days that the sentence names bound what is counted."""
        feature = CATALOG[name]
        start, end = self.window(name)
        if feature.aggregate not in {"since", "latest"}:
            start = days[0] if days else start
            end = days[1] if len(days) > 1 else end
        value = self.values[name]
        found = {"value": value, **getattr(self, feature.table)(feature, start, end)}
        if "of" in found and not feature.against:
            assert found["count"] / found["of"] == pytest.approx(value, abs=1e-12)
        if "before" in found:
            change = found["count"] / found["of"] - found["before"] / found["before_of"]
            assert change == pytest.approx(value, abs=1e-12)
        return found

    def window(self, name: str) -> tuple[date, date]:
        row, window = self.row, CATALOG[name].window
        if window == "prior_year":
            return self.oracle.past_first(row), row["first"] - timedelta(days=1)
        if window == "first_month":
            return row["first"], row["past"][:20][-1]
        if window == "term":
            return self.oracle.term_first(row), row["last"]
        return (row["first"] if window == "year" else self.oracle.window(row, int(window))), row["last"]

    def absences(self, feature: Any, start: date, end: date) -> dict[str, float]:
        selected = [
            r
            for r in self.oracle.exceptions(self.at, self.student, start, end)
            if self.is_a(r, feature.where)
        ]
        if feature.aggregate in {"streak", "longest"}:
            return {"count": self.values[feature.name]}
        if feature.aggregate == "since":
            newest = max((r["occurred_on"] for r in selected), default=None)
            return {
                "count": self.submitted(newest + timedelta(days=1) if newest else start, end),
                "to": newest,
            }
        found: dict[str, Any] = {"count": len(selected)}
        if feature.over == "absent":
            others = self.oracle.exceptions(self.at, self.student, start, end)
            found["of"] = sum(self.is_a(r, "absent") for r in others)
        elif feature.over and feature.window == "prior_year":
            found["of"] = self.oracle.submitted(
                self.at, self.student, self.year - 1, date.min, self.row["first"]
            )
        elif feature.over:
            found["of"] = self.submitted(start, end)
        if feature.against:
            first = (
                self.row["first"]
                if feature.against == "before"
                else self.oracle.window(self.row, 2 * feature.window)
            )
            last = self.oracle.window(self.row, feature.window) - timedelta(days=1)
            rows = self.oracle.exceptions(self.at, self.student, first, last)
            found["before"] = sum(self.is_a(r, feature.where) for r in rows)
            found["before_of"] = self.submitted(first, last)
        return found

    def submitted(self, start: date, end: date) -> int:
        return self.oracle.submitted(self.at, self.student, self.year, start, end)

    def is_a(self, r: dict, where: str) -> bool:
        whole = r["kind"] in ABSENT and self.oracle.sort(r) == "absent"
        return {
            "absent": whole,
            "unexcused": whole and r["kind"] == "unexcused",
            "monday_friday": whole and r["occurred_on"].isoweekday() in (1, 5),
            "tardy": r["kind"] == "tardy",
            "partial": self.oracle.sort(r) == "partial",
        }[where]

    def grades(self, feature: Any, start: date, end: date) -> dict[str, Any]:
        rows = [r for r in self.oracle.records(self.at, self.row) if start <= r["day"] <= end]
        marked = [r for r in rows if r["hundredths"] is not None]
        if feature.aggregate == "latest":
            return {"to": max((r["day"] for r in marked), default=None)}
        work = [
            r
            for r in rows
            if r["kind"] == "assignment" and (r["hundredths"] is not None or r["mark"] is not None)
        ]
        handed = [r for r in work if not r["missing"]]
        finals = [r for r in rows if r["core_final"]]
        courses: dict[str, list[int]] = {}
        for r in marked:
            if r["core"]:
                courses.setdefault(r["course_id"], []).append(r["hundredths"])
        lists = {
            "missing": [r for r in work if r["missing"]],
            "late": [r for r in handed if r["due_on"] is not None and r["assessed_on"] > r["due_on"]],
            "handed_in": handed,
            "failed_core": [r for r in finals if r["hundredths"] < 6000],
            "passed_core": [r for r in finals if r["hundredths"] >= 6000],
        }
        if feature.aggregate == "low_courses":
            return {"count": sum(sum(own) < 6000 * len(own) for own in courses.values())}
        found = {"count": len(lists[feature.where])} if feature.where in lists else {}
        if feature.over:
            found["of"] = len({"work": work, "handed_in": handed, "core_final": finals}[feature.over])
        if feature.aggregate == "mean" and not feature.against:
            own = finals if feature.where == "core_final" else marked
            mean = sum(r["hundredths"] for r in own) / len(own) / 100
            assert mean == pytest.approx(self.values[feature.name], abs=1e-9)
        return found

    def incidents(self, feature: Any, start: date, end: date) -> dict[str, Any]:
        own = [
            r for r in self.oracle.seen("incidents", self.at)
            if r["student_id"] == self.student and r["basis"] == "objective" and start <= r["occurred_on"] <= end
        ]  # fmt: skip
        if feature.aggregate == "since":
            return {"to": max((r["occurred_on"] for r in own), default=None)}
        return {"count": sum(r["suspension_days"] for r in own) if feature.column else len(own)}

    def enrollments(self, feature: Any, start: date, end: date) -> dict[str, Any]:
        if not feature.over:
            return {"count": self.values[feature.name]}
        fed = self.oracle.fed(self.at, self.row, self.row["past"])
        return {"count": min(self.submitted(self.row["first"], end), len(fed)), "of": len(fed)}


def check(text: str, template: str, expected: dict[str, Any], unit: str, language: str) -> None:
    """Hold the digits and days of a text against what was counted, in the order of the template."""
    days, numbers = days_and_numbers(text, language)
    if "to" in expected and days:
        assert days == [expected["to"]], text
    if re.search(r"\b1 (of|de) 1\b", text) and re.search(r"all but|todas menos", template, re.IGNORECASE):
        # "All but 0 of 1" is said as "1 of 1".
        expected = {**expected, "count": expected["of"] - expected["count"]}

    def written(found: re.Match[str]) -> str:
        if found[1] in {"from_", "to"}:
            return "x"
        value = float(expected[found[1]])
        if found[1] != "value":
            return str(value)
        assert unit == "points"
        # "Fell by 3.0" and not "changed by -3.0", "3.0 points below" and not "-3.0 points against".
        moved = re.search(r"\b(rose|fell|above|below|subieron|bajaron|encima|debajo)\b", text)
        assert not moved or (moved[1] in {"fell", "below", "bajaron", "debajo"}) == (value < 0)
        return f"{abs(value) if moved else value:.1f}"

    _, wanted = days_and_numbers(re.sub(r"\{(\w+)\}", written, template), language)
    if numbers != wanted:
        # Said in words: "never", "no incident", "all 12", "the latest school day".
        assert WORDS.search(text), (text, expected)
        left = iter(wanted)
        skipped = []
        for number in numbers:
            for other in left:
                if other == number:
                    break
                skipped.append(other)
            else:
                raise AssertionError((text, expected))
        assert {*skipped, *left} <= {0.0, 1.0}, (text, expected)


@pytest.mark.parametrize("name", SAID)
def test_every_number_of_a_sentence_is_counted_again_from_the_tables(name: str) -> None:
    panel, _ = world(0)
    scored = panel.frame["not_scored"].isna()
    X, facts = panel.design(panel.frame[scored]), panel.facts[scored.to_numpy()]
    seen = 0
    only = {name: CATALOG[name]}
    for kind, column, weight in (("reason", "reason_1", 1.0), ("strength", "strength", -1.0)):
        if not phrase_of(name, kind):
            continue
        said = {
            lang: reasons(says_one(name, weight), X, facts, catalog=only, language=lang)[column]
            for lang in LANGUAGES
        }
        other = {lang: re.split(r"\{", LIST_PHRASES["in_school_since"][lang])[0] for lang in LANGUAGES}
        assert said["en"].isna().equals(said["es"].isna())
        for place, (student, _, as_of) in enumerate(X.index):
            at = as_of.date()
            row = counted(0, student, at)
            for language in LANGUAGES:
                text, template = said[language].iloc[place], phrase_of(name, kind, language)
                if not isinstance(text, str):
                    continue
                if kind == "strength" and (
                    text.startswith(other[language]) or text == LIST_PHRASES["no_strength"][language]
                ):
                    continue
                if (
                    kind == "reason"
                    and not re.search(r"\{(from_|to)\}", template)
                    and CATALOG[name].window != "prior_year"
                ):
                    template = LIST_PHRASES["dates"][language].replace("{phrase}", template)
                days, _ = days_and_numbers(text, language)
                check(text, template, row.facts(name, days), CATALOG[name].unit, language)
                seen += 1
    assert seen >= 2 or name in {"absence_rate_first_month"}, seen


def test_days_in_school_are_counted_again_from_the_tables() -> None:
    panel, _ = world(0)
    scored = panel.frame["not_scored"].isna()
    X, facts = panel.design(panel.frame[scored]), panel.facts[scored.to_numpy()]
    for language in LANGUAGES:
        texts = reasons(says_one("incidents_year", -1.0), X, facts, catalog={}, language=language)["strength"]
        told = 0
        for place, (student, _, as_of) in enumerate(X.index):
            days, numbers = days_and_numbers(texts.iloc[place], language)
            if not days:
                assert texts.iloc[place] == LIST_PHRASES["no_strength"][language]
                continue
            at = as_of.date()
            row = counted(0, student, at)
            absent = row.absences(CATALOG["absence_rate_year"], days[0], row.row["last"])
            assert numbers == [absent["of"] - absent["count"], absent["of"]]
            assert not math.isnan(absent["of"])
            told += 1
        assert told > 20

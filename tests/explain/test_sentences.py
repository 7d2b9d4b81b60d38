from __future__ import annotations

import math
import re
from datetime import date
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from early_id.config import Language
from early_id.exceptions import ConfigError
from early_id.explain import sentence
from early_id.explain._sentences import placeholders
from early_id.panel import CATALOG, FEATURE_PHRASES, LANGUAGES, LIST_PHRASES, phrase_of

WINDOW = {"from_": pd.Timestamp("2024-10-12"), "to": pd.Timestamp("2024-11-08")}
FACTS = {"count": 3, "of": 20, "value": 4.0, "before": 2, "before_of": 20, **WINDOW}
# "0 of 12 assignments" is how people say it; "0 times", "all 1" and "changed by -18.5" are not.
AWKWARD = {
    "en": r"\b0 (?!of\b)[a-z]|\ball 1\b|only 0|changed by|last 1 |1 [a-z ]*days\b|1 school day in a row",
    "es": r"\b0 (?!de\b)[a-z]|\btodas las 1\b|solo 0|cambiaron|últimos 1 |\b1 (?!de\b)\w+s\b|\ba el ",
}


def test_the_sentence_of_the_contract() -> None:
    text = sentence(
        "Absent {count} of the last {of} school days ({from_} to {to})", {"count": 3.0, "of": 20, **WINDOW}
    )
    assert text == "Absent 3 of the last 20 school days (12 Oct 2024 to 8 Nov 2024)"


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("{count} days suspended", {"count": 1}, "1 day suspended"),
        ("{count} days suspended", {"count": 21}, "21 days suspended"),
        ("{count} days suspended", {"count": 1.5}, "1.5 days suspended"),
        ("{count} days suspended", {"count": 0}, "No day suspended"),
        (
            "Absent {count} school days since {from_}",
            {"count": 1, **WINDOW},
            "Absent 1 school day since 12 Oct 2024",
        ),
        ("{count} recorded incidents", {"count": 1}, "1 recorded incident"),
        ("Mean below 60 in {count} core courses", {"count": 1}, "Mean below 60 in 1 core course"),
        (
            "Late {count} times in the last 20 school days",
            {"count": 1},
            "Late 1 time in the last 20 school days",
        ),
        ("{count} of {of} assignments", {"count": 1, "of": 12}, "1 of 12 assignments"),
        ("{count} of {of} school days", {"count": 1, "of": 1}, "1 of 1 school day"),
        ("Absent only {count} of {of} days", {"count": 0, "of": 20}, "Absent on none of 20 days"),
        ("Only {count} late days", {"count": 0}, "No late day"),
        (
            "Only {count} partial days since {from_}",
            {"count": 0, **WINDOW},
            "No partial day since 12 Oct 2024",
        ),
        (
            "Only {count} unexcused days in {of} school days this year",
            {"count": 0, "of": 41},
            "No unexcused day in 41 school days this year",
        ),
        (
            "Only {count} assignments open from the last 20 school days",
            {"count": 0},
            "No assignment open from the last 20 school days",
        ),
        ("{count} assignments handed in this year", {"count": 0}, "No assignment handed in this year"),
        ("{count} of {of} assignments", {"count": 0, "of": 12}, "0 of 12 assignments"),
        (
            "Late only {count} times in the last 20 school days",
            {"count": 0},
            "Never late in the last 20 school days",
        ),
        (
            "Late {count} times in the last 20 school days",
            {"count": 0.5},
            "Late 0.5 times in the last 20 school days",
        ),
        (
            "Absent only {count} school days since {from_}",
            {"count": 0, **WINDOW},
            "Absent on no school day since 12 Oct 2024",
        ),
        (
            "Absent only {count} of the last {of} school days",
            {"count": 0, "of": 20},
            "Absent on none of the last 20 school days",
        ),
        ("Last absent {count} school days ago", {"count": 0}, "Absent on the latest school day"),
        ("Last absent {count} school days ago", {"count": 10}, "Last absent 10 school days ago"),
        (
            "All but {count} of {of} assignments handed in by the due day",
            {"count": 0, "of": 1},
            "1 of 1 assignment handed in by the due day",
        ),
        ("All but {count} of {of} assignments", {"count": 0, "of": 12}, "All 12 assignments"),
        ("All but {count} of {of} assignments", {"count": 2, "of": 12}, "All but 2 of 12 assignments"),
        ("No incident since {from_}", WINDOW, "No incident since 12 Oct 2024"),
    ],
)
def test_singular_plural_and_nothing(template: str, values: dict[str, Any], text: str) -> None:
    assert sentence(template, values) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-18.5, "Marks fell by 18.5 points"),
        (4.04, "Marks rose by 4.0 points"),
        (-100, "Marks fell by 100.0 points"),
    ],
)
def test_a_change_says_which_way_it_went(value: float, text: str) -> None:
    assert sentence("Marks changed by {value} points", {"value": value}, unit="points") == text


@pytest.mark.parametrize("feature", CATALOG.values(), ids=lambda feature: feature.name)
@pytest.mark.parametrize(("count", "of"), [(0, 1), (0, 20), (1, 1), (1, 20), (3, 20)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_template_of_the_catalogue_says_what_nobody_would(
    feature: Any, count: int, of: int, language: str
) -> None:
    facts = {"count": count, "of": of, "value": -18.5, "before": 1, "before_of": 20, **WINDOW}
    for kind in ("reason", "strength"):
        # A count of nothing where more is better is no strength, where more is worse no reason: `reasons` leaves it out.
        if count == 0 and feature.direction == (-1 if kind == "strength" else 1):
            continue
        text = (
            sentence(phrase_of(feature.name, kind, language), facts, unit=feature.unit, language=language)
            or ""
        )
        assert not re.search(AWKWARD[language], text, re.IGNORECASE), text


@pytest.mark.parametrize("feature", sorted(FEATURE_PHRASES))
def test_both_languages_have_every_phrase_with_the_same_placeholders(feature: str) -> None:
    assert set(FEATURE_PHRASES[feature]) <= {"reason", "strength"}
    for words in FEATURE_PHRASES[feature].values():
        assert set(words) == set(LANGUAGES)
        english, *others = (placeholders(words[language]) for language in LANGUAGES)
        assert all(other == english for other in others)
        assert len(set(words.values())) == len(LANGUAGES)


def test_a_configuration_may_ask_for_every_language() -> None:
    assert get_args(Language) == LANGUAGES


def test_every_feature_of_the_catalogue_that_can_be_said_is_said_in_both_languages() -> None:
    assert set(FEATURE_PHRASES) <= set(CATALOG)
    assert {name for name, feature in CATALOG.items() if feature.phrase or feature.strength} == set(
        FEATURE_PHRASES
    )
    for name, words in LIST_PHRASES.items():
        assert set(words) == set(LANGUAGES), name
        places = [set(re.findall(r"\{\w+\}", words[language])) for language in LANGUAGES]
        assert places[0] == places[1], name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_knows_the_singular_of_all_it_counts(language: str) -> None:
    """With a count of 1 no phrase keeps a plural behind the number."""
    for name, words in FEATURE_PHRASES.items():
        for kinds in words.values():
            many = sentence(
                kinds[language], {**FACTS, "count": 7}, unit=CATALOG[name].unit, language=language
            )
            one = sentence(kinds[language], {**FACTS, "count": 1}, unit=CATALOG[name].unit, language=language)
            behind = re.search(r"\b7 (\w+s)\b", many or "")
            if behind and behind[1] not in {"las", "los"}:
                assert f"1 {behind[1]} " not in f"{one} ", (name, one)


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("Faltó {count} días de clases", {"count": 1}, "Faltó 1 día de clases"),
        (
            "Faltó solo {count} días de clases desde el {from_}",
            {"count": 0, **WINDOW},
            "No faltó ningún día de clases desde el 12 de octubre de 2024",
        ),
        ("Faltó {count} de los últimos {of} días", {"count": 1, "of": 1}, "Faltó el último día"),
        (
            "Faltó solo {count} de los últimos {of} días",
            {"count": 0, "of": 20},
            "No faltó ninguno de los últimos 20 días",
        ),
        ("Asistió a cada uno de los últimos {of} días", {"of": 1}, "Asistió al último día"),
        ("Llegó tarde {count} veces", {"count": 1}, "Llegó tarde 1 vez"),
        ("Llegó tarde solo {count} veces", {"count": 0}, "Nunca llegó tarde"),
        ("{count} incidentes registrados", {"count": 1}, "1 incidente registrado"),
        ("Solo {count} faltas sin justificar", {"count": 0}, "Ninguna falta sin justificar"),
        ("Solo {count} días de asistencia parcial", {"count": 0}, "Ningún día de asistencia parcial"),
        (
            "Promedio por debajo de 60 en {count} materias básicas",
            {"count": 1},
            "Promedio por debajo de 60 en 1 materia básica",
        ),
        ("Entregó todas menos {count} de {of} tareas", {"count": 0, "of": 12}, "Entregó todas las 12 tareas"),
        ("Entregó todas menos {count} de {of} tareas", {"count": 0, "of": 1}, "Entregó 1 de 1 tarea"),
        ("{count} de {of} tareas", {"count": 0, "of": 12}, "0 de 12 tareas"),
        (
            "Las calificaciones cambiaron {value} puntos",
            {"value": -18.5},
            "Las calificaciones bajaron 18.5 puntos",
        ),
        (
            "Las calificaciones cambiaron {value} puntos",
            {"value": 4.04},
            "Las calificaciones subieron 4.0 puntos",
        ),
    ],
)
def test_spanish_as_people_write_it(template: str, values: dict[str, Any], text: str) -> None:
    assert sentence(template, values, unit="points", language="es") == text


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(ConfigError, match=r"a language of the phrases, got 'fr'; known are 'en', 'es'"):
        sentence("Late {count} times", {"count": 1}, language="fr")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (71.25, "points", "71.2"),
        (54, "points", "54.0"),
        (0.125, "share", "12.5 %"),
        (0.2, "share", "20 %"),
        (3.0, "days", "3"),
        (2.5, "days", "2.5"),
        (2.0000000001, "count", "2"),
        (-4.04, "points", "-4.0"),
        (-0.0, "count", "0"),
    ],
)
def test_a_value_is_written_in_its_unit(value: float, unit: str, text: str) -> None:
    assert sentence("{value}", {"value": value}, unit=unit) == text


@pytest.mark.parametrize(
    "day", [date(2024, 10, 12), "2024-10-12", np.datetime64("2024-10-12"), WINDOW["from_"]]
)
def test_a_date_may_come_in_any_form(day: Any) -> None:
    assert sentence("since {from_}", {"from_": day}) == "Since 12 Oct 2024"


@pytest.mark.parametrize("unknown", [None, math.nan, math.inf, pd.NA, pd.NaT, "many", np.float64("nan")])
@pytest.mark.parametrize("key", ["count", "of", "value"])
def test_an_unknown_number_leaves_no_sentence(key: str, unknown: Any) -> None:
    assert sentence(f"Absent {{{key}}} days", {key: unknown}) is None


@pytest.mark.parametrize(
    "unknown", [None, pd.NaT, math.nan, np.datetime64("NaT", "D"), np.float64("nan"), pd.NA]
)
def test_an_unknown_date_leaves_no_sentence(unknown: Any) -> None:
    assert sentence("since {from_}", {"from_": unknown}) is None
    assert sentence("since {from_}", {}) is None
    assert sentence("", {}) is None


@given(
    count=st.one_of(st.none(), st.floats(), st.integers(-5, 400)),
    of=st.one_of(st.none(), st.floats(), st.integers(-5, 400)),
    day=st.one_of(st.none(), st.just(pd.NaT), st.dates(date(1990, 1, 1), date(2100, 1, 1))),
)
def test_never_prints_what_is_not_a_number(count: Any, of: Any, day: Any) -> None:
    text = sentence("Absent {count} of {of} days since {from_}", {"count": count, "of": of, "from_": day})
    if text is not None:
        assert not {"nan", "inf", "NaT", "None", "{", "}"} & set(text.replace("since", "").split())
        assert all(math.isfinite(float(each)) for each in (count, of))


@pytest.mark.parametrize(
    "template", ["Absent {cuont} days", "Absent {} days", "Absent {count:.2f}", "Absent {count!r}"]
)
def test_an_unknown_placeholder_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match=r"Expected a known placeholder"):
        sentence(template, {"count": 1})


def test_a_template_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"Expected a template with \{count\}"):
        sentence("Absent {count days", {"count": 1})

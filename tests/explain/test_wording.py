from __future__ import annotations

import pytest

from early_id.exceptions import ConfigError
from early_id.explain import NO_STRENGTH, check_wording
from early_id.explain._sentences import placeholders, sentence
from early_id.panel import CATALOG, LANGUAGES, LIST_PHRASES, phrase_of

FACTS = {
    "of": 20.0,
    "value": 0.5,
    "before": 2.0,
    "before_of": 20.0,
    "from_": "2025-08-14",
    "to": "2025-11-16",
}


@pytest.mark.parametrize(
    "text",
    [
        "Student at risk",
        "An at-risk youth",
        "High risk of absence",
        "a high-risk case",
        "Likely dropout",
        "drop-out candidate",
        "Problem in class",
        "behaviour PROBLEMS",
        "A failing student",
        "failed pupils",
        "habitual truant",
        "defiance in class",
        "disruptive on 3 days",
        "weak student",
        "low performer",
        "under-achiever",
        "unmotivated since 3 Oct",
        "Estudiante en riesgo",
        "alto riesgo de ausencia",
        "PROBLEMAS en clase",
        "posible desertor",
        "alumna floja",
        "materias reprobadas",
        "Will be absent 12 days",
        "Likely absent again",
        "Predicted to miss 20 days",
        "Probably absent 3 days",
        "Faltará 12 días",
        "Probablemente faltó",
        "In foster care since 3 Oct",
        "English learner since 2023",
        "A boy, absent 3 days",
        "students with disabilities",
        "Familia sin hogar",
        "Estudiante con discapacidad",
        "A chronic absentee",
        "Chronically absent this year",
        "Ausentista crónico",
        "Repetidor de grado",
        "Might be absent again",
        "On pace to miss 20 days",
        "Va a faltar más días",
        "Podría repetir el grado",
        "Está por reprobar",
        "Autistic since 2023",
    ],
)
def test_labels_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"never label a child, name a group or foretell, got '.*' in "):
        check_wording(text)


@pytest.mark.parametrize(
    "text",
    [
        "Absent 3 of the last 20 school days",
        "2 core courses below 60",
        NO_STRENGTH,
        "Asterisk",
        "2 days suspended",
        "Faltó 3 de los últimos 20 días de clases",
        LIST_PHRASES["no_strength"]["es"],
        "Absent 3 days since 4 May 2025",
    ],
)
def test_facts_are_accepted(text: str) -> None:
    assert check_wording(text) == text


@pytest.mark.parametrize("feature", CATALOG.values(), ids=lambda feature: feature.name)
@pytest.mark.parametrize("count", [0.0, 1.0, 7.0])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_of_the_catalogue_states_a_fact(feature, count, language) -> None:
    for kind in ("reason", "strength"):
        template = phrase_of(feature.name, kind, language)
        check_wording(template)
        text = sentence(template, {"count": count, **FACTS}, unit=feature.unit, language=language)
        assert (text is None) == (template == "")
        if text is not None:
            check_wording(text)
            assert "{" not in text


@pytest.mark.parametrize("feature", CATALOG.values(), ids=lambda feature: feature.name)
def test_every_reason_of_the_catalogue_carries_a_number_or_its_day(feature) -> None:
    facts = {"to"} if feature.aggregate == "since" else {"count", "value"}
    assert not feature.phrase or placeholders(feature.phrase) & facts


@pytest.mark.parametrize(
    ("name", "count", "phrase", "strength"),
    [
        (
            "absence_streak",
            3,
            "Absent 3 school days in a row up to the latest day on record by 16 Nov 2025",
            None,
        ),
        ("longest_absence_60d", 4, "Absent 4 school days in a row at one time since 14 Aug 2025", None),
        ("unexcused_share_year", 0, None, "No unexcused day this year"),
        ("unexcused_days_20d", 0, None, "No unexcused day since 14 Aug 2025"),
        (
            "unexcused_days_20d",
            1,
            "1 unexcused day since 14 Aug 2025",
            "Only 1 unexcused day since 14 Aug 2025",
        ),
        ("tardies_year", 0, None, "Never late this year"),
        ("prior_tardies", 1, "Late 1 time last year", "Late only 1 time last year"),
        ("late_work_20d", 0, None, "No assignment handed in after the due day since 14 Aug 2025"),
        ("failed_finals_year", 1, "1 final mark in core courses below 60 this year", None),
        ("enrolled_share_year", 31, "31 school days enrolled this year", None),
        ("prior_schools", 2, "Enrolled in 2 schools last year", None),
    ],
)
def test_sentences_read_as_people_speak(name, count, phrase, strength) -> None:
    facts = {"count": count, **FACTS}
    for template, text in ((CATALOG[name].phrase, phrase), (CATALOG[name].strength, strength)):
        assert text is None or sentence(template, facts, unit=CATALOG[name].unit) == text

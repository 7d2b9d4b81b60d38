"""How each feature is said: the words of the signed document, completed by the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from early_id.exceptions import ConfigError, did_you_mean, examples
from early_id.explain._grammar import grammar_of
from early_id.explain._sentences import placeholders
from early_id.explain._wording import check_wording
from early_id.panel import FEATURE_PHRASES, LANGUAGES, LIST_PHRASES, phrase_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd

    from early_id.models import AdditiveModel


@dataclass(frozen=True)
class Words:
    """How one feature is said."""

    name: str
    concept: str
    domain: str
    direction: int
    unit: str
    changeable: bool
    compares: bool
    phrase: str
    strength: str
    held_back: bool
    language: str


def check_held_back(names: Collection[str], document: AdditiveModel, catalog: Mapping[str, Any]) -> None:
    """Refuse to hold back what is no feature, concept or domain: a slip of the pen would let it be said."""
    known = {
        name
        for one in (*document.features, *catalog.values())
        for name in (one.name, one.concept, one.domain)
        if name
    }
    unknown = sorted(set(names) - known)
    if unknown:
        msg = (
            f"Expected features, concepts or domains to hold back, got {examples(unknown)}; "
            f"{did_you_mean(unknown[0], known)}"
        )
        raise ConfigError(msg)


def words_of(
    document: AdditiveModel,
    catalog: Mapping[str, Any],
    held_back: Collection[str] = (),
    language: str = LANGUAGES[0],
) -> list[Words]:
    """Take the words of the signed document first; the catalogue fills in what it does not carry.

    A document carries English. In another language the words are those of `phrases.yaml`; a feature that is not there
    is said as the document says it.
    """
    found = []
    for info in document.features:
        declared = catalog.get(info.name)
        domain = info.domain or getattr(declared, "domain", "")
        english = info.phrase or getattr(declared, "phrase", ""), getattr(declared, "strength", "")
        found.append(
            Words(
                name=info.name,
                concept=info.concept or info.name,
                domain=domain,
                direction=info.direction or getattr(declared, "direction", 0),
                unit=info.unit or getattr(declared, "unit", ""),
                changeable=info.changeable,
                compares=bool(getattr(declared, "against", "")),
                held_back=not {info.name, info.concept, domain}.isdisjoint(held_back),
                **_spoken(info.name, *english, declared, language),
            )
        )
    return found


def improvements(
    catalog: Mapping[str, Any],
    X: pd.DataFrame,
    words: list[Words],
    held_back: Collection[str] = (),
    language: str = LANGUAGES[0],
) -> list[Words]:
    """Find features that compare with the time before, known for the rows but not used by the document."""
    used = {word.name for word in words}
    return [
        Words(
            name=f.name,
            concept=f.concept,
            domain=f.domain,
            direction=f.direction,
            unit=f.unit,
            changeable=f.changeable,
            compares=True,
            held_back=not {f.name, f.concept, f.domain}.isdisjoint(held_back),
            **_spoken(f.name, f.phrase, f.strength, f, language),
        )
        for f in catalog.values()
        if f.against and f.name in X.columns and f.name not in used
    ]


def _spoken(name: str, phrase: str, strength: str, declared: Any, language: str) -> dict[str, str]:
    """Choose the words of a language: those given are English."""
    grammar_of(language)
    if language == LANGUAGES[0] or name not in FEATURE_PHRASES:
        language = LANGUAGES[0]
    else:
        phrase, strength = phrase_of(name, "reason", language), phrase_of(name, "strength", language)
    return {
        "phrase": _dated(check_wording(phrase), declared, language),
        "strength": check_wording(strength),
        "language": language,
    }


def _dated(phrase: str, declared: Any, language: str) -> str:
    """Give a phrase without a date the dates of its window; "last year" is a date in words."""
    last_year = getattr(declared, "window", None) == "prior_year"
    if not phrase or last_year or placeholders(phrase) & {"from_", "to"}:
        return phrase
    dates: str = LIST_PHRASES["dates"][language]
    return dates.replace("{phrase}", phrase)

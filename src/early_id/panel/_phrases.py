"""The words for facts, in every language: one file, `phrases.yaml`, with the languages below each phrase."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import yaml

_FILE = yaml.load(
    Path(__file__).with_name("phrases.yaml").read_text(encoding="utf-8"),
    Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader),  # noqa: S506 - both are safe
)
#: The first one is said by default.
LANGUAGES: tuple[str, ...] = tuple(_FILE["languages"])
#: Words of each feature that can be said, by kind ("reason" or "strength") and language.
FEATURE_PHRASES: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType(_FILE["features"])
#: What a list says besides, by language.
LIST_PHRASES: Mapping[str, Mapping[str, str]] = MappingProxyType(_FILE["lists"])


def phrase_of(feature: str, kind: str, language: str = LANGUAGES[0]) -> str:
    """Give the words of a feature as a reason or as a strength; "" where there are none.

    >>> phrase_of("incidents_year", "reason", "es")
    '{count} incidentes registrados este año escolar'
    >>> phrase_of("incidents_year", "strength")
    ''
    """
    return FEATURE_PHRASES.get(feature, {}).get(kind, {}).get(language, "")

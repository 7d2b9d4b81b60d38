"""Words that people typed: compared without blanks around them, and in capitals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def plain(text: Any) -> Any:
    r"""Put a word in capitals and take the blanks off its ends.

    Capitals come first: Spark reads two of the blanks that Ibis lists, `\v` and `\f`, as the letters v and f, and
    would make `alse` of `false`.
    """
    return text.upper().strip()


def is_one_of(text: Any, words: Iterable[str]) -> Any:
    """Condition: a text is one of the words, whatever its case and the blanks around it."""
    return plain(text).isin(tuple(word.upper() for word in words))

"""Words that people typed: compared without blanks around them, and in capitals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_BLANKS = r"[ \t\n\x0B\f\r]+"


def plain(text: Any) -> Any:
    r"""Put a word in capitals and take the blanks off its ends.

    By a pattern and not by `strip`: Spark reads two of the blanks that Ibis lists, `\v` and `\f`, as the letters v and
    f, and would make `alse` of `false`. Each blank is named because engines differ in what `\s` holds.
    """
    return text.re_replace(rf"^{_BLANKS}|{_BLANKS}$", "").upper()


def is_one_of(text: Any, words: Iterable[str]) -> Any:
    """Condition: a text is one of the words, whatever its case and the blanks around it."""
    return plain(text).isin(tuple(word.upper() for word in words))

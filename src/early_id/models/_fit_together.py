"""Whether the parts of a document fit together."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from early_id.exceptions import DataError, examples
from early_id.models._pairs import same_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.models._parts import Period


def check_features(names: Sequence[str]) -> None:
    """Refuse a document without features, or with two of one name."""
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice or not names:
        msg = (
            "a document needs features of distinct names, "
            f"but {'has none' if not names else f'repeats {examples(twice)}'}; correct it."
        )
        raise DataError(msg)


def check_pairs(period: Period, first: Period, names: Sequence[str]) -> None:
    """Refuse a pair of features the document has not, or has as another type, there twice, or not in every period."""
    pairs = [pair.name for pair in period.pairs]
    if pairs != [pair.name for pair in first.pairs]:
        msg = (
            f"{period.name} needs the pairs of the first period in their order, but has {examples(pairs) or 'none'}; "
            "correct it."
        )
        raise DataError(msg)
    numeric = {term.feature: term.numeric for term in period.terms}
    for place, pair in enumerate(period.pairs):
        for axis in (pair.first, pair.second):
            if numeric.get(axis.feature) != axis.numeric:
                what = (
                    "text in one and a number in the other" if axis.feature in numeric else "no such feature"
                )
                msg = (
                    f"pair {pair.name!r} must be of the document's features, but {axis.feature!r} is {what}; "
                    "correct it."
                )
                raise DataError(msg)
        taken = (*names, *pairs[:place])
        if pair.name in taken or any(same_features(pair, other) for other in period.pairs[:place]):
            msg = (
                f"a pair of features needs one table and a name of its own, but {pair.name!r} is there twice; "
                "correct it."
            )
            raise DataError(msg)


def check_periods(periods: Sequence[Period]) -> None:
    """Refuse periods that do not follow each other from the first school day on."""
    if periods and periods[0].from_day != 0:
        msg = f"periods must begin with school day 0, but the first one is {periods[0].name!r}; correct the document."
        raise DataError(msg)
    gaps = [b.name for a, b in itertools.pairwise(periods) if a.to_day != b.from_day]
    if gaps or not periods:
        what = f"{examples(gaps)} does not begin where the one before ends" if periods else "there is none"
        msg = f"periods must follow each other without gap or overlap, but {what}; correct the document."
        raise DataError(msg)


def check_terms(period: Period, first: Period, names: Sequence[str]) -> None:
    """Refuse a period whose terms are not those of the features, or of another type than in the first period."""
    found = tuple(term.feature for term in period.terms)
    if found != tuple(names):
        wrong = [a for a, b in zip(found, names, strict=False) if a != b] or [f"{len(found)} terms"]
        msg = (
            f"{period.name} needs one term per feature in their order ({len(names)}), "
            f"but has {examples(wrong)}; correct it."
        )
        raise DataError(msg)
    mixed = [a.feature for a, b in zip(period.terms, first.terms, strict=True) if a.numeric != b.numeric]
    if mixed:
        msg = (
            f"{examples(mixed)} is text in one period and a number in another; "
            "a feature has one type all year."
        )
        raise DataError(msg)

"""Up to three reasons and one strength for every row of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from early_id.exceptions import DataError, examples
from early_id.explain._sentences import number, placeholders, sentence
from early_id.explain._words import Words, check_held_back, improvements, words_of
from early_id.panel import LANGUAGES, LIST_PHRASES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from early_id.models import AdditiveModel
    from early_id.panel import Feature

NO_STRENGTH = LIST_PHRASES["no_strength"][LANGUAGES[0]]
_FACTS = {
    "count": "count",
    "of": "of",
    "before": "before",
    "before_of": "before_of",
    "from_": "from",
    "to": "to",
}
_N_REASONS = 3
# Of what raises the score: a concept that carries less is no reason for it.
_LEAST_SHARE = 0.1
# A change is written with one decimal: a smaller one would be said as "by 0.0".
_LEAST_CHANGE = 0.05
# pandas 3's `str`, by the name that pandas 2.3 knows too.
_TEXT = pd.StringDtype(na_value=np.nan)


def reasons(
    document: AdditiveModel,
    X: pd.DataFrame,
    facts: pd.DataFrame,
    *,
    catalog: Mapping[str, Feature] | None = None,
    attendance: str = "absence_rate_year",
    held_back: Collection[str] = (),
    language: str = LANGUAGES[0],
) -> pd.DataFrame:
    """Say in dated facts why each row is on the list, and what is going well.

    Parameters
    ----------
    document : AdditiveModel
        The document that scored the rows.
    X : DataFrame of shape (n, ...)
        The rows, with the document's features and `school_day`.
    facts : DataFrame
        Has the rows of `X`; columns ``<feature>__count``, ``__of``, ``__from`` and ``__to``.
    catalog : mapping of str to Feature, default=early_id.panel.CATALOG
        Gives the strengths, and the words the document does not carry.
    attendance : str
        Feature whose facts are days absent out of days enrolled, for the last resort "days in school".
    held_back : collection of str, default=()
        Features, concepts or domains that are never said, neither as a reason nor as a strength.
    language : {"en", "es"}, default="en"
        What reasons and strengths are written in.

    Returns
    -------
    DataFrame
        Index of `X`; columns

        - ``reason_1`` … ``reason_3``: missing where there are fewer
        - ``strength``: never missing
        - ``leading_domain``: domain of the first reason; without reasons, the one that raises the score most;
          missing if none does
        - ``domains``: number of domains among the reasons

    Raises
    ------
    DataError
        If a row of `X` has no facts.
    ConfigError
        If a phrase labels a child or has an unknown placeholder, `held_back` names what nobody knows, or the language
        is not known.

    Notes
    -----
    A reason is a concept: the Shapley values of its features, overlapping windows of one thing, are added up. Those
    count that raise the score and carry at least a tenth of all that raises it; they are ordered by how much, what
    student and family can change before what they cannot, and each is said by the feature that raises it most among
    those that can be said. What a pair of features adds is shared between the two as their Shapley values say, here
    and in `AdditiveModel.to_ibis` alike. A strength comes from the most negative
    Shapley value that can be said and whose concept is no reason; else from a feature that got better against the
    time before; else the days in school; else it is `NO_STRENGTH`. A sentence is left out where one of its
    numbers is unknown, or where it would not be true: a feature that compares a window with the time before
    needs a change in the right direction, a strength without a number ("No incident this year") a count of 0, and one
    that says "only" or "all but" at most half of the total.

    Examples
    --------
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> days = Term("late", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0, mean=-0.2)
    >>> info = FeatureInfo("late", domain="attendance", direction=1, changeable=True,
    ...                    phrase="Late {count} times since {from_}")
    >>> document = AdditiveModel("chronic_absence", [info], [Period(0, None, -1.0, (days,))])
    >>> facts = pd.DataFrame({"late__count": [3], "late__from": [pd.Timestamp("2025-08-14")]})
    >>> reasons(document, pd.DataFrame({"late": [3.0]}), facts)["reason_1"][0]
    'Late 3 times since 14 Aug 2025'
    """
    if catalog is None:
        from early_id.panel import CATALOG

        catalog = CATALOG
    known = _aligned(facts, X)
    check_held_back(held_back, document, catalog)
    words = words_of(document, catalog, held_back, language)
    extra = improvements(catalog, X, words, held_back, language)
    days = catalog.get(attendance)
    quiet = {attendance, getattr(days, "concept", ""), getattr(days, "domain", "")} & set(held_back)
    table = _Facts(X, known, [*words, *extra], "" if quiet else attendance, language)
    improved = [word for word in (*words, *extra) if word.compares and word.direction]
    values = document.shapley_values(X).to_numpy()
    rows = [_row(table, i, values[i], words, improved) for i in range(len(X))]
    columns = [*(f"reason_{k + 1}" for k in range(_N_REASONS)), "strength", "leading_domain"]
    texts = pd.DataFrame([row[:-1] for row in rows], index=X.index, columns=columns, dtype=_TEXT)
    return texts.assign(domains=np.array([row[-1] for row in rows], dtype=np.int64))


class _Facts:
    """The numbers behind the sentences, by feature and row position; made once, because rows are many."""

    def __init__(
        self, X: pd.DataFrame, facts: pd.DataFrame, words: list[Words], attendance: str, language: str
    ) -> None:
        self.language = language
        self.columns: dict[str, dict[str, Any]] = {}
        for word in words:
            of_feature = {
                key: facts[f"{word.name}__{column}"].to_numpy()
                for key, column in _FACTS.items()
                if f"{word.name}__{column}" in facts.columns
            }
            self.columns[word.name] = {**of_feature, "value": X[word.name].to_numpy()}
        names = {key: f"{attendance}__{column}" for key, column in _FACTS.items()}
        self.attendance = {
            key: facts[name].to_numpy() for key, name in names.items() if name in facts.columns
        }

    def of(self, name: str, row: int) -> dict[str, Any]:
        """Facts of one feature in one row."""
        return {key: column[row] for key, column in self.columns[name].items()}

    def days(self, row: int) -> dict[str, Any]:
        """Facts of days in school, counted from the feature whose facts are days absent."""
        found = {key: column[row] for key, column in self.attendance.items()}
        absent, enrolled = number(found.get("count")), number(found.get("of"))
        if absent is None or enrolled is None or enrolled - absent <= 0:
            return {}
        return {**found, "count": enrolled - absent}


def _row(table: _Facts, row: int, values: Any, words: list[Words], improved: list[Words]) -> tuple[Any, ...]:
    raised = _raised(values, words)
    found = _reasons(table, row, raised, values, words)
    said: list[str | None] = [text for _, text in found]
    said += [None] * (_N_REASONS - len(said))
    # A strength from a concept that is also a reason would contradict it.
    given = {word.concept for word, _ in found}
    lowering = [words[j] for j in np.argsort(values, kind="stable") if values[j] < 0]
    strength = _strength(table, row, [word for word in (*lowering, *improved) if word.concept not in given])
    domain = found[0][0].domain if found else _strongest_domain(values, words)
    return (*said, strength, domain or None, len({word.domain for word, _ in found}))


def _raised(values: Any, words: list[Words]) -> dict[str, float]:
    """Say how far each concept raises the score, over all its windows together; the most first."""
    total: dict[str, float] = {}
    for value, word in zip(values, words, strict=True):
        total[word.concept] = total.get(word.concept, 0.0) + float(value)
    return {concept: value for concept, value in sorted(total.items(), key=lambda one: -one[1]) if value > 0}


def _reasons(
    table: _Facts, row: int, raised: Mapping[str, float], values: Any, words: list[Words]
) -> list[tuple[Words, str]]:
    """Say the concepts that carry enough of what raises the score, each by the feature that raises it most."""
    least = _LEAST_SHARE * sum(raised.values())
    order = [j for j in np.argsort(-values, kind="stable") if values[j] > 0]
    found = []
    for concept in (concept for concept, value in raised.items() if value >= least):
        own = [words[j] for j in order if words[j].concept == concept and not words[j].held_back]
        texts = ((word, _said(word, word.phrase, table.of(word.name, row), good=False)) for word in own)
        said = next(((word, text) for word, text in texts if text is not None), None)
        if said is not None:
            found.append(said)
    # Of equal rank: the concept that raises the score more stays in front.
    return sorted(found, key=lambda one: not one[0].changeable)[:_N_REASONS]


def _strength(table: _Facts, row: int, candidates: list[Words]) -> str:
    for word in candidates:
        text = None if word.held_back else _said(word, word.strength, table.of(word.name, row), good=True)
        if text is not None:
            return text
    language = table.language
    for name in ("in_school_since", "in_school"):
        text = sentence(LIST_PHRASES[name][language], table.days(row), language=language)
        if text is not None:
            return text
    nothing: str = LIST_PHRASES["no_strength"][language]
    return nothing


def _said(word: Words, template: str, facts: Mapping[str, Any], *, good: bool) -> str | None:
    """Write the sentence if its numbers are known and it is true."""
    value, count = number(facts.get("value")), number(facts.get("count"))
    if value is None or not template:
        return None
    if word.compares and word.direction * value * (-1 if good else 1) <= 0:
        return None
    used = placeholders(template)
    if word.compares and "value" in used and abs(value) < _LEAST_CHANGE:
        return None
    amount = value if count is None else count
    if good and word.direction > 0 and not used & {"count", "value"} and amount != 0:
        return None
    # "Only 9 of 10" and "all but 9 of 10" are no strengths.
    total = number(facts.get("of"))
    if good and word.direction > 0 and total is not None and 2 * amount > total:
        return None
    # A count of nothing is neither a reason where more raises the score nor a strength where more lowers it.
    if "count" in used and amount == 0 and word.direction == (-1 if good else 1):
        return None
    return sentence(template, facts, unit=word.unit, language=word.language)


def _strongest_domain(values: Any, words: list[Words]) -> str:
    total: dict[str, float] = {}
    for value, word in zip(values, words, strict=True):
        # What is not said is not hinted at either.
        if not word.held_back:
            total[word.domain] = total.get(word.domain, 0.0) + float(value)
    best = max(total, key=lambda domain: total[domain], default="")
    return best if total.get(best, 0.0) > 0 else ""


def _aligned(facts: pd.DataFrame, X: pd.DataFrame) -> pd.DataFrame:
    if facts.index.equals(X.index):
        return facts
    missing = X.index.difference(facts.index)
    if len(missing) or not facts.index.is_unique:
        got = f"none for {examples(map(str, missing))}" if len(missing) else "some rows twice"
        msg = f"Expected facts for every row of X, got {got}; take X and facts from the same panel."
        raise DataError(msg)
    return facts.loc[X.index]

"""How much a tolerance is at this list size, and which groups would be behind on lists of other sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from early_id.reports._words import group_words, plural, share

#: A tolerance that is at least this part of what the lists hold of everybody is said to be large.
_LARGE = 0.5
#: So many of the hidden groups are named, and of these not who is only in no group.
_NAMED = 3
_REST = frozenset({"no", "n", "false", "unknown"})


def scale(content: Mapping[str, Any]) -> list[str]:
    """Put verdicts at the real list size into perspective, in sentences for the first screen; none where none is due.

    `content`: of an audit.json.
    """
    return [told for told in (_hidden(content), _tolerance(content), _other_sizes(content)) if told]


def _hidden(content: Mapping[str, Any]) -> str:
    """Name the largest groups of which it is hidden how often they are listed: most readers look for them first."""
    sizes = {(row["attribute"], row["group"]): row.get("students") for row in content["by_group"]}
    hidden = [
        row for row in content["verdicts"] if row["metric"] == "recall" and row["verdict"] == "suppressed"
    ]
    sized = [
        (size, group_words(row["attribute"], row.get("name", row["group"])))
        for row in hidden
        if (size := sizes.get((row["attribute"], row["group"]))) and row["group"].casefold() not in _REST
    ]
    if not sized:
        return ""
    large = sorted(sized, key=lambda own: (-own[0], own[1]))[:_NAMED]
    named = "; ".join(f"{name} ({size:,} students)" for size, name in large)
    return (
        f"It is hidden how often {plural(len(hidden), 'group')} were on the lists, among them {named}. Whether one of "
        "them is behind, this page cannot say."
    )


def _tolerance(content: Mapping[str, Any]) -> str:
    """Say where the tolerance is a large part of all that the lists hold.

    >>> _tolerance({"overall": [{"recall": 0.058}], "about": {"tolerance": 0.05}})[:72]
    'These lists hold 5.8 % of the weeks of all students who turned out to ne'
    >>> _tolerance({"overall": [{"recall": 0.4}], "about": {"tolerance": 0.05}})
    ''
    """
    whole, tolerance = content["overall"][0].get("recall"), content["about"]["tolerance"]
    if whole is None or tolerance < _LARGE * whole:
        return ""
    return (
        f"These lists hold {share(whole)} of the weeks of all students who turned out to need outreach. Beside that "
        "the tolerance is large: a group could be on them far less than others, and pass. Read each difference against "
        "that share."
    )


def _other_sizes(content: Mapping[str, Any]) -> str:
    """Name the groups that would have a gap on lists of another size, and from which size on."""
    now = {
        (row["attribute"], row["group"])
        for row in content["verdicts"]
        if row["metric"] == "recall" and row["verdict"] == "gap"
    }
    behind: dict[tuple[str, str], list[int]] = {}
    for row in content["capacity_curve"]:
        key = (row["attribute"], row["group"])
        if row["verdict"] == "gap" and key not in now:
            behind.setdefault(key, []).append(row["percent"])
    if not behind:
        return ""
    named = [
        f"{group_words(*key)} ({_percents(sizes)})"
        for key, sizes in sorted(behind.items(), key=lambda item: (min(item[1]), item[0]))
    ]
    return f"On lists of other sizes there would be a gap for: {'; '.join(named)}."


def _percents(sizes: list[int]) -> str:
    """Write list sizes.

    >>> _percents([15, 20, 30]), _percents([15])
    ('from 15 % to 30 % of each school', '15 % of each school')
    """
    first, last = min(sizes), max(sizes)
    return f"{first} % of each school" if first == last else f"from {first} % to {last} % of each school"

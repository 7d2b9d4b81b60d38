"""The ways to act on a gap that are compared, in words: what each needs and how it is used, or why it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Way(NamedTuple):
    """One way to act on a gap: its title, whether scoring needs the group, and how it is used or why it is not."""

    title: str
    needs_group: bool
    usable: bool
    use: str


NOT_ALLOWED = "not promotable: uses a protected attribute when it scores"
#: In the order of the table. What is tried per concept or label has its name after a colon.
WAYS: Mapping[str, Way] = {
    "reweighing": Way(
        "Learn with weights that make groups alike in the outcome",
        needs_group=False,
        usable=True,
        use="can be trained and signed; in the configuration: mitigation.reweighing",
    ),
    "drop": Way(
        "Learn without",
        needs_group=False,
        usable=True,
        use="can be trained and signed; in the configuration: training.drop_features",
    ),
    "label": Way(
        "Learn another outcome:",
        needs_group=False,
        usable=True,
        use="can be trained and signed; in the configuration: label.name",
    ),
    "capacity": Way(
        "Move places between schools: one ranking for the county",
        needs_group=False,
        usable=True,
        use="needs no other model: schools get other numbers of places (capacity), and the audit is made again",
    ),
    "exponentiated_gradient": Way(
        "Exponentiated gradient, equal recall (fairlearn)",
        needs_group=False,
        usable=False,
        use="not promotable: a lottery among several models is no table that can be read and signed",
    ),
    "threshold_optimizer": Way(
        "A cut-off for each group, equal recall (fairlearn's threshold optimizer)",
        needs_group=True,
        usable=False,
        use=NOT_ALLOWED,
    ),
    "correlation_remover": Way(
        "Features made uncorrelated with the group (fairlearn)",
        needs_group=True,
        usable=False,
        use=NOT_ALLOWED,
    ),
    "group_cut_offs": Way(
        "Each group ranked by itself, places shared for equal recall",
        needs_group=True,
        usable=False,
        use=f"{NOT_ALLOWED}; ask counsel before anybody thinks of it",
    ),
}


def title_of(key: str) -> str:
    """Say in words what an alternative is.

    >>> title_of("drop:marks")
    'Learn without marks'
    """
    way, _, name = key.partition(":")
    return f"{WAYS[way].title} {name.replace('_', ' ')}" if name else WAYS[way].title

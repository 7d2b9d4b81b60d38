"""What a plot shows in words, for those who do not see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def describe(axes: Axes, text: str) -> None:
    """Keep the alternative text with the axes it describes, as their label (which is drawn nowhere)."""
    axes.set_label(text)


def alt_text(figure: Figure) -> str:
    """Put the alternative texts of a figure's plots one after the other.

    >>> from early_id.explain import new_figure
    >>> figure = new_figure(2, 1)
    >>> describe(figure.add_subplot(), "Bars of two features.")
    >>> alt_text(figure)
    'Bars of two features.'
    """
    return " ".join(str(axes.get_label()) for axes in figure.axes if axes.get_label() and axes.axison)

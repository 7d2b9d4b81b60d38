"""Static charts as inline SVG that take their colours from the page, in light and in dark."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

SHAPES = {
    "gap": "triangle-down",
    "pass": "circle",
    "cannot tell": "diamond",
    "suppressed": "square",
}
COLOURS = {name: f"var(--{name.replace(' ', '-')})" for name in SHAPES}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def recall_chart(rows: Sequence[Mapping[str, Any]], overall: float, *, width: int, labels: int) -> str:
    """Draw the recall of each group with its interval, one block per attribute, a line for everybody.

    `rows`: title (of the attribute), group, recall, recall_low, recall_high, verdict. The shape of a mark
    says the verdict as its colour does. `width`, `labels`: room for the marks and for the names, in pixels.
    """
    import altair as alt
    import pandas as pd

    columns = ["title", "group", "recall", "recall_low", "recall_high", "verdict"]
    data = pd.DataFrame(list(rows))[columns].assign(overall=overall)
    largest = max(overall, float(data["recall_high"].max()))
    scale = alt.Scale(domain=[0, min(1.0, largest * 1.04)], nice=False)
    heading = alt.Header(
        title=None,
        labelFontSize=14,
        labelFontWeight="bold",
        labelColor="var(--ink)",
        labelAnchor="start",
        labelPadding=2,
    )
    layers = alt.layer(*_marks(scale, labels), data=data).properties(width=width, height=alt.Step(26))
    chart = layers.facet(
        facet=alt.Facet("title:N", sort=list(data["title"].unique()), header=heading), columns=1, spacing=14
    ).resolve_scale(y="independent")
    chart = chart.configure(background="transparent", font=FONT, padding=2, view=alt.ViewConfig(stroke=None))
    # The structure is fixed and tested; checking it against the schema at every call takes most of the time.
    return to_svg(chart.to_dict(validate=False))


def _marks(scale: Any, labels: int) -> tuple[Any, ...]:
    import altair as alt

    names_axis = alt.Axis(
        domain=False,
        ticks=False,
        labelColor="var(--ink)",
        labelPadding=8,
        labelFontSize=13,
        labelLimit=labels - 18,  # the drawn width of a name can be a little more than is reckoned with
        minExtent=labels,
        maxExtent=labels,
    )
    share_axis = alt.Axis(
        format="%",
        tickCount=5,
        gridColor="var(--line)",
        domain=False,
        ticks=False,
        labelColor="var(--muted)",
        labelFontSize=13,
    )
    base = alt.Chart().encode(y=alt.Y("group:N", sort=None, title=None, axis=names_axis))
    everyone = (
        alt.Chart()
        .mark_rule(strokeDash=[4, 3], color="var(--accent)", strokeWidth=1.5)
        .encode(x=alt.X("mean(overall):Q", scale=scale, title=None, axis=share_axis))
    )
    interval = base.mark_rule(strokeWidth=2, color="var(--muted)").encode(
        x=alt.X("recall_low:Q", scale=scale, title=None, axis=share_axis), x2="recall_high:Q"
    )
    verdicts = list(SHAPES)
    mark = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=alt.X("recall:Q", scale=scale, title=None, axis=share_axis),
        shape=alt.Shape(
            "verdict:N",
            legend=None,
            scale=alt.Scale(domain=verdicts, range=[SHAPES[name] for name in verdicts]),
        ),
        color=alt.Color(
            "verdict:N",
            legend=None,
            scale=alt.Scale(domain=verdicts, range=[COLOURS[name] for name in verdicts]),
        ),
    )
    return everyone, interval, mark


def to_svg(spec: dict[str, Any]) -> str:
    """Turn a Vega-Lite specification into SVG that can stand inside a page."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(spec)
    # Inside a page the namespaces are implied, and the page carries the words for a screen reader.
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'\s(?:role|aria-[a-z]+)="[^"]*"', "", svg)
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def curve_chart(rows: Sequence[Mapping[str, Any]], *, columns: int, width: int) -> str:
    """Draw the recall of each group at each list size, a small picture per group, the dashed line everybody.

    `rows`: panel (title of the picture), percent, recall, recall_low, recall_high, everyone. The band is the 95 %
    interval.
    """
    import altair as alt
    import pandas as pd

    data = pd.DataFrame(list(rows))
    axis: dict[str, Any] = {
        "labelColor": "var(--muted)",
        "labelFontSize": 12,
        "domain": False,
        "ticks": False,
    }
    x = alt.X(
        "percent:Q",
        title=None,
        axis=alt.Axis(labelExpr="datum.value + ' %'", grid=False, values=[1, 5, 10, 20, 30], **axis),
    )
    y_axis = alt.Axis(format="%", tickCount=3, gridColor="var(--line)", **axis)
    base = alt.Chart().encode(x=x)
    layers = (
        base.mark_area(opacity=0.25, color="var(--accent)").encode(
            y=alt.Y("recall_low:Q", title=None, axis=y_axis), y2="recall_high:Q"
        ),
        base.mark_line(strokeDash=[4, 3], color="var(--muted)", strokeWidth=1.5).encode(
            y=alt.Y("everyone:Q", title=None, axis=y_axis)
        ),
        base.mark_line(
            color="var(--accent)", strokeWidth=2, point={"color": "var(--accent)", "size": 30}
        ).encode(y=alt.Y("recall:Q", title=None, axis=y_axis)),
    )
    heading = alt.Header(
        title=None, labelFontSize=13, labelFontWeight="bold", labelColor="var(--ink)", labelAnchor="start"
    )
    chart = (
        alt.layer(*layers, data=data)
        .properties(width=width, height=110)
        .facet(facet=alt.Facet("panel:N", sort=list(data["panel"].unique()), header=heading), columns=columns)
        .configure(background="transparent", font=FONT, padding=2, view=alt.ViewConfig(stroke=None))
    )
    return to_svg(chart.to_dict(validate=False))

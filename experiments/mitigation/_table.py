"""The study as tables to read."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from early_id.fairness import WAYS, Changed


def table(found: Mapping[str, Changed]) -> str:
    """Write one table per attribute: the group furthest behind today, the widest difference, what it costs."""
    return "\n\n".join(_one(attribute, changed) for attribute, changed in found.items()) + "\n"


def _one(attribute: str, changed: Changed) -> str:
    today = changed.groups[changed.groups["alternative"] == "today"]
    group = str(today.sort_values("gap")["group"].iloc[0])
    lines = [
        f"### {attribute}: {group} against everyone else",
        "",
        "| list | difference in recall, points | change | widest difference | precision | change "
        "| of today's list |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in changed.lists.to_dict("records"):
        cells = changed.groups[changed.groups["alternative"] == row["alternative"]].set_index("group")
        own = cells.loc[group]
        widest = cells["gap"].abs().idxmax()
        title = "as it is" if row["alternative"] == "today" else _title(row["alternative"])
        change = "" if row["alternative"] == "today" else _points(own, "gap_change")
        cost = "" if row["alternative"] == "today" else _points(pd.Series(row), "precision_change")
        lines.append(
            f"| {title} | {_points(own, 'gap')} | {change} | {widest}: {100 * cells.loc[widest, 'gap']:+.1f} | "
            f"{100 * row['precision']:.1f} % | {cost} | {100 * row['overlap']:.0f} % |"
        )
    return "\n".join(lines)


def _title(key: str) -> str:
    way, _, more = key.partition(":")
    return WAYS[way].title + (", with hindsight" if more else "")


def _points(row: pd.Series, name: str) -> str:
    return f"{100 * row[name]:+.1f} ({100 * row[f'{name}_low']:+.1f} to {100 * row[f'{name}_high']:+.1f})"

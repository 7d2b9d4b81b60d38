"""Where a difference comes from and what would help, in lines of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from early_id.reports._words import figure, group_words, label_words, plural, points, signed

Row = Mapping[str, Any]
#: Parts of a split that are smaller change no list.
_LEAST = 0.01
#: Of other attributes than the one the alternatives are about so many parts are told.
_LARGEST = 3
_SCORE = "score"
NOT_PRINTED = "–"
_ORDER = ("gap", "cannot tell", "suppressed", "pass")


def what_if(content: Mapping[str, Any]) -> dict[str, Any]:
    """Give a line per alternative, today's first, those that cannot be used last.

    Parameters
    ----------
    content : mapping
        Of an audit.json; without alternatives there are no lines.

    Returns
    -------
    dict
        group: whom it is about, "" where that may not be said; told: in a sentence what came of it; rows; usable and
        compared: those of them that can be signed, and those that cannot; not_learned: what could not be tried.
    """
    about = content["about"]
    attribute, group = about.get("alternatives_attribute"), about.get("alternatives_group")
    cells: dict[str, dict[str, Row]] = {}
    for row in content.get("mitigation_groups", ()):
        cells.setdefault(row["alternative"], {})[row["group"]] = row
    tried = content.get("mitigation", ())
    rows = [_line(row, cells.get(row["alternative"], {}), group) for row in tried if row["learned"]]
    rows.sort(key=lambda row: (row["place"], not row["usable"]))
    return {
        "group": group_words(attribute, group) if group else "",
        "rows": rows,
        "told": _told(rows),
        "usable": [row for row in rows if row["usable"]],
        "compared": [row for row in rows if not row["usable"]],
        "not_learned": [row["title"] for row in tried if not row["learned"]],
    }


def _line(row: Row, groups: Mapping[str, Row], group: str | None) -> dict[str, Any]:
    own = groups.get(str(group), {})
    today = row["alternative"] == "today"
    printed = [cell for cell in groups.values() if cell["gap"] is not None]
    worst = min(printed, key=lambda cell: float(cell["gap"]), default=None)
    return {
        "title": row["title"],
        "place": 0 if today else 1,
        "usable": row["usable"],
        "use": "" if today else row["use"],
        "gap": _points(own, "gap"),
        "gap_change": "" if today else _points(own, "gap_change"),
        "closes": (own.get("gap_change_low") or 0) > 0,
        "worst": "–" if worst is None else f"{worst['group']} ({points(worst['gap'])})",
        "precision": figure(row, "precision"),
        "precision_change": "" if today else _points(row, "precision_change"),
        "overlap": "" if today else figure(row, "overlap"),
    }


def _told(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say which alternatives lessen the difference, beyond chance, and can be used, of those of which it may be said.

    >>> _told([])
    ''
    """
    tried = [row for row in rows if row["place"]]
    if not tried:
        return ""
    ways = plural(len(tried), "way", "ways")
    printed = [row for row in tried if row["gap_change"] != NOT_PRINTED]
    if not printed:
        return (
            f"Whether any of the {ways} tried lessens the difference may not be printed: too few students stand behind "
            "it."
        )
    of = f"Of the {ways} tried"
    if len(printed) < len(tried):
        of += f" the difference may be printed for {len(printed)}; of these"
    closing = [row["title"] for row in tried if row["closes"] and row["usable"]]
    best = [row["title"] for row in tried if row["closes"] and not row["usable"]]
    words = (
        f"{of}, these lessen the difference by more than chance and could be used: {'; '.join(closing)}."
        if closing
        else f"{of}, none that could be used lessens the difference by more than chance."
    )
    return words + (f" These lessen it and cannot be used: {'; '.join(best)}." if best else "")


def split_lines(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Give what each concept adds to the difference in mean scores, small parts together, the sum last."""
    about = content["about"]
    whom = (about.get("alternatives_attribute"), about.get("alternatives_group"))
    rows = _splits(content).get(whom, [])
    parts = [row for row in rows if row["name"] != _SCORE]
    large = [row for row in parts if abs(row["gap"]) >= _LEAST]
    rest = sum(float(row["gap"]) for row in parts) - sum(float(row["gap"]) for row in large)
    lines = [_part(row, row["name"]) for row in large]
    small = len(parts) - len(large)
    if small:
        lines.append(
            {"name": f"{plural(small, 'other concept')}, together", "gap": signed(rest, 2), "range": "–"}
        )
    return lines + [_part(row, "Together") for row in rows if row["name"] == _SCORE]


def split_by_attribute(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give for each other attribute the group told of, its difference in mean scores, and what adds most to it."""
    about = content["about"]
    whom = (about.get("alternatives_attribute"), about.get("alternatives_group"))
    lines = []
    for (attribute, group), rows in sorted(_splits(content).items()):
        parts = sorted((row for row in rows if row["name"] != _SCORE), key=lambda row: -abs(row["gap"]))
        whole = [row for row in rows if row["name"] == _SCORE]
        if (attribute, group) != whom and parts and whole:
            lines.append(
                {
                    "name": group_words(attribute, group),
                    "whole": _part(whole[0], "Together"),
                    "parts": [_part(row, row["name"]) for row in parts[:_LARGEST]],
                }
            )
    return lines


def _splits(content: Mapping[str, Any]) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in content.get("attribution", ()):
        found.setdefault((row["attribute"], row["group"]), []).append(row)
    return found


#: Smaller differences are not looked into: they are within what the audit lets pass.
_LOOKED_AT = 0.02


def school_lines(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Say of the groups that are behind how much of it lies between schools, the furthest behind first."""
    rows = [row for row in content.get("schools_part", ()) if row["gap"] <= -_LOOKED_AT]
    return [
        {
            "name": group_words(row["attribute"], row["group"]),
            "gap": points(row["gap"]),
            "between": _points(row, "between"),
            "within": _points(row, "within"),
        }
        for row in sorted(rows, key=lambda row: (row["gap"], row["attribute"], row["group"]))
    ]


def profile(content: Mapping[str, Any]) -> dict[str, Any]:
    """Give a line per group of what drives its lists, everybody first, and the domains in the order of their share.

    A group of which nothing is printed has no line.
    """
    rows = list(content.get("reason_profile", ()))
    whole = {row["domain"]: float(row["share"]) for row in rows if row["attribute"] == "all"}
    domains = sorted({row["domain"] for row in rows}, key=lambda name: (-whole.get(name, 0.0), name))
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        around = f"{100 * row['share_low']:.0f}–{100 * row['share_high']:.0f} %"
        text = f"{100 * row['share']:.0f} % ({around})"
        lines.setdefault((row["attribute"], row["group"]), {})[row["domain"]] = text
    return {
        "domains": domains,
        "rows": [
            {
                "name": "All students" if key[0] == "all" else group_words(*key),
                "shares": [own.get(name, "0 %") for name in domains],
            }
            for key, own in lines.items()
        ],
    }


def label_lines(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say for each other outcome how many verdicts it moves, and which."""
    by_label: dict[str, list[Row]] = {}
    for row in content.get("label_view", ()):
        by_label.setdefault(row["label"], []).append(row)
    return [
        {
            "label": label_words(label),
            "told": f"{_counts(rows, 'verdict')} by the outcome of this page; {_counts(rows, 'other_verdict')} by "
            f"{label_words(label)}.",
            "moved": [
                {**row, "name": group_words(row["attribute"], row["group"])}
                for row in sorted(rows, key=lambda row: _ORDER.index(row["other_verdict"]))
                if row["verdict"] != row["other_verdict"]
            ],
        }
        for label, rows in by_label.items()
    ]


def _counts(rows: Sequence[Row], column: str) -> str:
    """Count verdicts in words.

    >>> _counts([{"verdict": "gap"}, {"verdict": "pass"}, {"verdict": "pass"}], "verdict")
    '1 gap, 0 cannot tell, 0 suppressed, 2 pass'
    """
    found = [row[column] for row in rows]
    return ", ".join(f"{found.count(word)} {word}" for word in _ORDER)


def _part(row: Row, name: str) -> dict[str, str]:
    return {
        "name": name,
        "gap": signed(row["gap"], 2),
        "range": f"{signed(row['low'], 2)} to {signed(row['high'], 2)}",
    }


def _points(row: Row, name: str) -> str:
    if row.get(name) is None:
        return NOT_PRINTED
    return f"{points(row[name])} ({points(row[f'{name}_low'])} to {points(row[f'{name}_high'])})"

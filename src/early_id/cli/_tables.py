"""Results as rows of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from early_id.district import CheckResult
    from early_id.fairness import Audit
    from early_id.pipeline import FlagResult
    from early_id.pipeline._demo import DemoResult

Shown = tuple[str, list[str], list[list[str]]]


def _number(value: float, digits: int = 3) -> str:
    return "–" if pd.isna(value) else f"{value:.{digits}f}"


def metrics_table(metrics: pd.DataFrame, rows: str = "onset") -> Shown:
    """Show every contestant at the same list size on rows where the event is still ahead."""
    own = metrics[metrics["rows"] == rows]
    columns = ["auroc", "auroc_within_school", "average_precision", "precision", "recall"]
    shown = [[str(row["contestant"]), *(_number(row[name]) for name in columns)] for _, row in own.iterrows()]
    title = (
        f"Backtest at the same list size, rows with the event still ahead (n = {int(own['n_rows'].max()):,})"
    )
    return title, ["contestant", "AUROC", "within school", "avg. precision", "precision", "recall"], shown


def verdict_table(audit: Audit) -> Shown:
    """Count the audit's verdicts."""
    counts = audit.verdict().counts
    return "Equity audit", ["verdict", "groups"], [[name, str(n)] for name, n in counts.items()]


def lists_table(result: FlagResult) -> Shown:
    """Count the lists of one date, school by school."""
    schools = result.lists.schools
    fresh = result.lists.lists.groupby("school_id")["status"].agg(lambda status: int((status == "new").sum()))
    rows = [
        [str(row.school_name), str(row.enrolled), str(row.listed), str(int(fresh.get(row.school_id, 0))),
         str(row.enrolled - row.scored)]
        for row in schools.itertuples()
    ]  # fmt: skip
    day = result.lists.as_of.date().isoformat()
    return f"Lists of {day}", ["school", "enrolled", "listed", "new", "not scored"], rows


def demo_tables(result: DemoResult) -> list[Shown]:
    """Show the demo's outcome: models, verdicts, lists."""
    weeks = [
        [week.lists.as_of.date().isoformat(), str(len(week.lists.lists)), str((week.lists.lists["status"] == "new").sum()),
         str(len(week.lists.resolved)), str(len(week.lists.not_scored)), str(week.folder)]
        for week in result.weeks
    ]  # fmt: skip
    return [
        metrics_table(result.trained.metrics),
        verdict_table(result.audit),
        ("Lists written", ["week", "listed", "new", "resolved", "not scored", "folder"], weeks),
    ]


def check_tables(result: CheckResult) -> list[Shown]:
    """Show a check: files reconciled, rules that found something."""
    files = [
        [str(row["file"]), *(f"{row[name]:,}" for name in ("rows_in", "rows_out", "quarantined", "ignored"))]
        for _, row in result.files.iterrows()
    ]
    found = result.rules[result.rules["rows"] > 0]
    rules = [
        [
            row["code"],
            row["severity"],
            row["title"],
            f"{row['rows']:,}",
            f"{row['share']:.2%}",
            str(row["examples"]),
        ]
        for _, row in found.iterrows()
    ]
    return [
        ("Files", ["file", "rows in", "rows out", "quarantined", "ignored"], files),
        ("Rules that found something", ["rule", "severity", "title", "rows", "share", "examples"], rules),
    ]


def frame_table(title: str, frame: pd.DataFrame) -> Shown:
    """Show a frame as it is."""
    rows = [
        [_number(cell) if isinstance(cell, float) else str(cell) for cell in row]
        for row in frame.itertuples(index=False)
    ]
    return title, [str(name) for name in frame.columns], rows

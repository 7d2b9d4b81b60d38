"""Results as rows of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from early_id.config import Capacity
    from early_id.district import CheckResult
    from early_id.evaluation import QualityCheck
    from early_id.fairness import Audit
    from early_id.pipeline import FlagResult
    from early_id.pipeline._demo import DemoResult

Shown = tuple[str, list[str], list[list[str]]]


def _number(value: float, digits: int = 3) -> str:
    return "–" if pd.isna(value) else f"{value:.{digits}f}"


def metrics_table(metrics: pd.DataFrame, capacity: Capacity, rows: str = "onset") -> Shown:
    """Show every contestant at the same list size on rows where the event is still ahead."""
    own = metrics[metrics["rows"] == rows]
    columns = ["auroc", "auroc_within_school", "precision", "recall", "precision_county"]
    shown = [
        [str(row["contestant"]), *(_estimate(row, name) for name in columns)] for _, row in own.iterrows()
    ]
    counts = own[["n_rows", "n_students", "n_positives"]].max()
    title = (
        f"Backtest with lists of {_size(capacity)}, where the outcome is still ahead: about {counts['n_rows']:,} rows "
        f"of {counts['n_students']:,} students, {counts['n_positives']:,} with the outcome"
    )
    title += "; in brackets 95 % intervals over students"
    return title, ["contestant", "AUROC", "within school", "precision", "recall", "precision, county"], shown


def _estimate(row: pd.Series, name: str) -> str:
    """Write a figure with its interval in as few letters as a screen has."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    ends = "" if pd.isna(low) else f" ({low:.2f}–{high:.2f})".replace("0.", ".")
    return f"{_number(row[name])}{ends}"


def _size(capacity: Capacity) -> str:
    """Say a list size in words."""
    if isinstance(capacity, str):
        return f"{capacity} of each school"
    if isinstance(capacity, int):
        return f"{capacity} students of each school"
    return "each school's own size"


#: What each verdict asks of the person who signs.
_ASKS = {
    "gap": "an exception by name, with a reason and an end date",
    "pass": "nothing",
    "cannot tell": "an acknowledgement by name, with a reason",
    "suppressed": "an exception, as for a gap: too few students to print, so one may be hidden",
}


def verdict_table(audit: Audit) -> Shown:
    """Count the audit's verdicts per metric, and say what each asks of the person who signs."""
    counts = audit.verdicts.groupby(["verdict", "metric"]).size()
    rows = [
        [verdict, *(str(counts.get((verdict, metric), 0)) for metric in ("recall", "not_scored")), asks]
        for verdict, asks in _ASKS.items()
    ]
    columns = ["verdict", "groups, recall", "groups, not scored", "a sign-off needs"]
    return f"Equity audit: {audit.verdict()}", columns, rows


def quality_table(checks: Sequence[QualityCheck]) -> Shown:
    """Show every bar of the gate with its verdict."""
    rows = [[check.name, check.verdict, check.found] for check in checks]
    cleared, missed, untold = (
        sum(check.verdict == word for check in checks) for word in ("pass", "fail", "cannot tell")
    )
    title = (
        f"Gate: {cleared} of {len(checks)} bars cleared, {missed} missed, {untold} cannot be told; a sign-off has to "
        "name the last two"
    )
    return title, ["bar", "verdict", "found (95 % interval)"], rows


def gate_lines(audit: Path) -> list[str]:
    """Name the groups a sign-off has to name, as `promote` takes them."""
    from early_id.tracking import gate_cells

    cells = gate_cells(audit.read_text(encoding="utf-8"))
    lines = []
    for option, needed in cells.items():
        names = dict.fromkeys(cell.group_name for cell in needed)
        if names:
            lines.append(f"--{option} (of `early-id promote`) is needed for: {', '.join(names)}")
    return lines


def lists_table(result: FlagResult) -> Shown:
    """Count the lists of one date, school by school."""
    schools = result.lists.schools
    fresh = result.lists.lists.groupby("school_id")["status"].agg(lambda status: int((status == "new").sum()))
    behind = {
        row.school_id: "–" if pd.isna(row.days_behind) else str(row.days_behind)
        for row in result.freshness.itertuples()
    }
    rows = [
        [str(row.school_id), str(row.school_name), str(row.enrolled), str(row.places), str(row.listed),
         str(int(fresh.get(row.school_id, 0))), str(row.enrolled - row.scored), behind[row.school_id]]
        for row in schools.itertuples()
    ]  # fmt: skip
    title = f"Lists of {result.lists.as_of.date().isoformat()}: students per school"
    columns = ["school_id", "school", "enrolled", "places", "listed", "new", "not scored", "days behind"]
    return title, columns, rows


def demo_tables(result: DemoResult) -> list[Shown]:
    """Show the demo's outcome: models, verdicts, lists."""
    weeks = []
    for week in result.weeks:
        lists = week.lists.lists
        counts = (
            len(lists),
            (lists["status"] == "new").sum(),
            len(week.lists.resolved),
            len(week.lists.not_scored),
        )
        weeks.append([week.lists.as_of.date().isoformat(), *(str(n) for n in counts), str(week.folder)])
    return [
        metrics_table(result.trained.metrics, result.trained.backtest.capacity),
        quality_table(result.trained.quality),
        verdict_table(result.audit),
        ("Lists written", ["week", "students listed", "new", "resolved", "not scored", "folder"], weeks),
    ]


def check_tables(result: CheckResult) -> list[Shown]:
    """Show a check: files reconciled, rules that found something."""
    files = [
        [str(row["file"]), *(f"{row[name]:,}" for name in ("rows_in", "rows_out", "quarantined", "ignored"))]
        for _, row in result.files.iterrows()
    ]
    shown: list[Shown] = [("Files", ["file", "rows in", "rows out", "quarantined", "ignored"], files)]
    rules = [
        [
            row["code"],
            row["severity"],
            row["title"],
            f"{row['rows']:,}",
            _share(row["share"]),
            "".join(row["examples"][:1]),
        ]
        for _, row in result.rules.iterrows()
    ]
    if rules:
        columns = ["rule", "severity", "title", "rows", "of its file", "example"]
        shown.append(("Rules that found something", columns, rules))
    return shown


def _share(share: float) -> str:
    """Write a share so that one row among many is not shown as none; a rule about the whole has none."""
    if share == 0:
        return "–"
    return f"{share:.2%}" if share >= 0.0001 else "< 0.01%"


def check_lines(result: CheckResult) -> list[str]:
    """Say why rows were left out, what each rule means and what to do, and what the data can support."""
    lines = [
        f"{row['file']}: left out {row['ignored_because']}"
        for _, row in result.files.iterrows()
        if row["ignored"]
    ]
    for _, row in result.rules.iterrows():
        lines.append(f"{row['code']}, why: {row['cause']}")
        lines += [f"{row['code']}: {example}" for example in row["examples"]]
        lines.append(f"{row['code']}, what to do: {row['remedy']}")
    for kind in ("labels", "features"):
        lines += [
            f"{kind.removesuffix('s')} {name}: {answer}" for name, answer in result.capabilities[kind].items()
        ]
    lines.append(f"how often: {result.capabilities['cadence']}")
    assumed = {name: share for name, share in result.capabilities["known_at_imputed"].items() if share > 0}
    for name, share in assumed.items():
        lines.append(f"{name}: the day a record became known was assumed for {share:.1%} of the rows")
    for name, reason in result.capabilities["absent"].items():
        lines.append(f"{name}: no rows to work with ({reason})")
    if not len(result.rules):
        lines.append(f"All {int(result.files['rows_out'].sum()):,} rows keep every rule.")
    return lines


def broken_rules(result: CheckResult, out: Path | None) -> str:
    """Say which rules of severity error were broken, where the rows went, and what to do."""
    codes = list(result.rules.loc[result.rules["severity"] == "error", "code"])
    said = f"Expected no rule of severity error to be broken, got {', '.join(codes)}; "
    if result.quarantine and out is not None:
        said += f"the rows held back are written to {out / 'quarantine'}, with the codes they break; "
    elif result.quarantine:
        said += "the rows held back are written to a folder if you add --out DIR; "
    if "EID-FILE-012" in codes:
        return said + "mend that table first, the others were not judged without it."
    return said + "correct them where they come from, or go on with the good rows only."


def explanation_tables(frame: pd.DataFrame) -> list[Shown]:
    """Show Shapley values: one table per level for the county, or one for a student; leave out what adds nothing."""
    if "level" in frame:
        return [
            (
                f"By {level}",
                [str(level), "mean absolute value, log-odds", "mean value, log-odds"],
                [
                    [row["name"], _number(row["importance"]), _number(row["mean_value"])]
                    for _, row in own.iterrows()
                ],
            )
            for level, own in frame[frame["importance"] > 0].groupby("level", sort=False)
        ]
    from early_id.panel import CATALOG

    units = [CATALOG[name].unit if name in CATALOG else "" for name in frame["feature"]]
    shown = frame.assign(unit=units)[frame["log_odds"] != 0]
    rows = [
        [row["feature"], _value(row["value"]), row["unit"], _number(row["log_odds"])]
        for _, row in shown.iterrows()
    ]
    title = "Shapley values, log-odds (features that add nothing are left out)"
    return [(title, ["feature", "value", "unit", "log-odds"], rows)]


def _value(value: float) -> str:
    """Write a figure with no more digits than it has; unknown is not zero."""
    return "unknown" if pd.isna(value) else f"{value:.3f}".rstrip("0").rstrip(".")

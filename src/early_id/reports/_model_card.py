"""The model card: what the model is, its tables in words, how well it did, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from early_id.exceptions import DataError, examples
from early_id.reports._contestants import contestants, places, reaches_more
from early_id.reports._page import render, write_page
from early_id.reports._words import interval, number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DIRECTIONS = {1: "more never lowers the points", -1: "more never raises the points", 0: ""}
METRICS = ("contestant", "rows", "precision", "recall", "auroc", "auroc_within_school", "brier")


class Document(Protocol):
    """What the card reads of an additive model."""

    @property
    def label(self) -> str:
        """The outcome it looks ahead to."""

    @property
    def sha256(self) -> str:
        """Hash that a reviewer signs."""

    @property
    def provenance(self) -> dict[str, Any]:
        """Where it comes from."""

    @property
    def periods(self) -> Sequence[Any]:
        """Periods of the school year with their counts."""

    def to_frame(self) -> pd.DataFrame:
        """One row per period, feature and bin."""


def write_model_card(
    document: Document,
    metrics: pd.DataFrame | None,
    path: str | Path,
    *,
    calibration: pd.DataFrame | None = None,
    contestant: str | None = None,
) -> Path:
    """Write what a school board needs to know about a model, its tables included.

    Parameters
    ----------
    document : AdditiveModel
        The model.
    metrics : DataFrame or None
        `Backtest.metrics(...)`: every contestant at the same list size.
    path : str or Path
        The file to write, whole or not at all. Its folder must exist.
    calibration : DataFrame, optional
        `Backtest.calibration()`.
    contestant : str, optional
        Name of the model among the contestants of the metrics; with it the card says whom its lists hold.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If the metrics lack a column.
    ConfigError
        If the folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> days = Term("absent_days", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0)
    >>> document = AdditiveModel("chronic_absence", [FeatureInfo("absent_days")], [Period(0, None, -1.0, (days,))])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     card = write_model_card(document, None, f"{folder}/card.html")
    ...     "2 or more" in card.read_text(encoding="utf-8")
    True
    """
    table = document.to_frame()
    return write_page(
        render(
            "model_card.html.j2",
            {
                "label": document.label,
                "sha256": document.sha256,
                "n_features": table.loc[table["kind"] != "pair", "feature"].nunique(),
                "facts": _facts(document.provenance),
                "contestants": _contestants(metrics),
                "places": places(metrics, contestant),
                "reaches_more": reaches_more(metrics, contestant),
                "calibration": [] if calibration is None else _calibration(calibration),
                "periods": [_period(period, table) for period in document.periods],
            },
        ),
        path,
    )


def _calibration(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return [
        {**row, "slope_range": interval(row, "slope", lambda slope: number(slope, 2))}
        for row in frame.to_dict("records")
    ]


def _contestants(metrics: pd.DataFrame | None) -> list[dict[str, Any]]:
    if metrics is None:
        return []
    missing = [name for name in METRICS if name not in metrics.columns]
    if missing:
        msg = f"the metrics for a model card must have the column {examples(missing)}; give Backtest.metrics(…)."
        raise DataError(msg)
    return contestants(metrics)


def _facts(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say in words what is known about the training data."""
    facts = []
    if "train_years" in provenance:
        facts.append(("School years", ", ".join(str(year) for year in provenance["train_years"])))
    if "data_window" in provenance:
        facts.append(("Dates", " to ".join(str(day) for day in provenance["data_window"])))
    if "trained_on" in provenance:
        late = provenance.get("embargo") == "none"
        words = "some outcomes used were not known yet" if late else "no outcome known later was used"
        facts.append(("As of", f"{provenance['trained_on']}: {words}"))
    imputed = provenance.get("imputed_known_at") or {}
    assumed = {table: share for table, share in sorted(imputed.items()) if share}
    if assumed:
        words = ", ".join(f"{table} {100 * share:.0f} %" for table, share in assumed.items())
        facts.append(("Date of record assumed", f"{words} of the rows"))
    return facts


def _period(period: Any, table: pd.DataFrame) -> dict[str, Any]:
    own = table.loc[table["period"] == period.name]
    terms, silent = [], []
    for feature, bins in own.groupby("feature", sort=False):
        if bins["points"].abs().max() == 0:
            silent.append(_plain(str(feature)))
            continue
        spread = int(bins["points"].max() - bins["points"].min())
        first = bins.iloc[0]
        terms.append(
            {
                "name": _plain(str(feature)),
                "unit": first["unit"],
                "note": DIRECTIONS[int(first["direction"])],
                "bins": _joined(bins) if first["kind"] != "pair" else _cells(bins),
                "spread": spread,
            }
        )
    terms.sort(key=lambda term: (-term["spread"], term["name"]))
    size = (
        f"Learned from {period.n_students:,} students in {period.n_rows:,} student weeks, {period.n_events:,} of which "
        "ended with the outcome."
    )
    return {
        "name": period.name.capitalize(),
        "size": size if period.n_rows else "",
        "terms": terms,
        "silent": silent,
    }


def _joined(bins: pd.DataFrame) -> list[dict[str, str]]:
    """Bins in words, neighbours with the same points as one."""
    joined: list[dict[str, Any]] = []
    for row in bins.to_dict("records"):
        ordered = pd.notna(row["from"])
        flat = row["log_odds"] == row["log_odds_to"]
        last = joined[-1] if joined else None
        if last and ordered and flat and last["flat"] and last["points"] == f"{row['points']:+d}":
            last["to"] = row["to"]
        else:
            joined.append(
                {
                    **{str(name): value for name, value in row.items()},
                    "points": f"{row['points']:+d}",
                    "flat": ordered and flat,
                }
            )
    return [{"words": _words(row), "points": row["points"].replace("-", "−")} for row in joined]


def _cells(cells: pd.DataFrame) -> list[dict[str, str]]:
    """Cells of two features in words; those below half a point are said as one."""
    told = cells.loc[cells["points"] != 0]
    rows = [
        {"words": str(row["bin"]), "points": f"{row['points']:+d}".replace("-", "−")}
        for row in told.to_dict("records")
    ]
    return [*rows, {"words": "otherwise", "points": "+0"}] if len(told) < len(cells) else rows


def _words(row: Mapping[str, Any]) -> str:
    if pd.isna(row["from"]):
        return str(row["bin"])
    low, high = (f"{row[end]:g}" for end in ("from", "to"))
    if low == "-inf":
        return "any value" if high == "inf" else f"below {high}"
    return f"{low} or more" if high == "inf" else f"{low} to below {high}"


def _plain(name: str) -> str:
    return name.replace("_", " ").capitalize()

"""Explain: what a model looks at in the whole county, or why one student's score is what it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from early_id.config import Config, ListsConfig
from early_id.evaluation import write_atomic
from early_id.exceptions import DataError
from early_id.explain import explain as shapley
from early_id.explain import global_importance, importance_svg, reasons
from early_id.flags import catalog_of, scope_of
from early_id.models import AdditiveModel
from early_id.panel import Panel, build_panel
from early_id.pipeline._tracker import tracker_of
from early_id.pipeline._train import Tell, district_of, silent
from early_id.tracking import load_document


def explain(
    config: Config,
    *,
    model: str = "@champion",
    student: str | None = None,
    as_of: str | None = None,
    out: Path | None = None,
    tell: Tell = silent,
) -> tuple[str, pd.DataFrame]:
    """Explain a model's scores on one date.

    Parameters
    ----------
    config : Config
    model : str
        "@candidate", "@champion" or a version number.
    student : str, optional
        One student's id; without it the whole county is summed up.
    as_of : str, optional
        A date; default is the last Sunday with data.
    out : Path, optional
        Folder for the table as CSV and, for the county, a plot as SVG.

    Returns
    -------
    title, table
        For the county mean absolute Shapley values per feature; for a student the value and the Shapley value of
        each feature, in log-odds, largest first.

    Raises
    ------
    DataError
        If the student has no score on the date.
    """
    tell("Loading the model")
    document = load_document(model, tracker_of(config))
    tell("Building the panel")
    district = district_of(config, None)
    day = as_of or (pd.Timestamp(district.data_until) + pd.offsets.Week(weekday=6, n=0)).date().isoformat()
    panel = build_panel(district, as_of=[day], catalog=catalog_of(document), scope=scope_of(document))
    tell("Explaining")
    scored = panel.frame[panel.frame["not_scored"].isna()]
    if student is not None:
        title, frame = _one(document, panel, scored, student, day, config.lists)
    else:
        frame = global_importance(document, panel.design(scored))
        title = f"What the scores of {day} rest on (mean absolute Shapley value, log-odds)"
    if out is not None:
        write_atomic(out / "explanation.csv", frame.to_csv(index=False, lineterminator="\n").encode())
        if student is None:
            write_atomic(out / "explanation.svg", importance_svg(frame))
    return title, frame


def _one(
    document: AdditiveModel, panel: Panel, scored: pd.DataFrame, student: str, day: str, lists: ListsConfig
) -> tuple[str, pd.DataFrame]:
    """Explain one student's row."""
    row = scored[scored["student_id"] == student]
    if row.empty:
        unscored = panel.frame.loc[panel.frame["student_id"] == student, "not_scored"].dropna()
        why = unscored.iloc[0] if len(unscored) else "the student is not enrolled then"
        msg = f"Expected a student with a score on {day}, got {student!r}: {why}; choose another date or student."
        raise DataError(msg)
    row = row.iloc[:1]
    X = panel.design(row)
    found = shapley(document, X)
    facts = panel.facts.iloc[row.index]
    words = reasons(document, X, facts, held_back=lists.held_back, language=lists.language).iloc[0]
    frame = pd.DataFrame(
        {"feature": found.feature_names, "value": found.data[0], "log_odds": found.values[0]}
    )
    frame = frame.sort_values("log_odds", key=abs, ascending=False, ignore_index=True)
    given = [words[f"reason_{n}"] for n in (1, 2, 3)]
    said = "; ".join(text for text in given if isinstance(text, str))
    probability = document.predict_proba(X)[0, 1]
    return f"Score {probability:.6f} on {day}. {said}. Strength: {words['strength']}", frame

"""Explain: what a model looks at in the whole county, or why one student's score is what it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from early_id.config import Config, ListsConfig
from early_id.evaluation import write_atomic
from early_id.exceptions import ConfigError, DataError
from early_id.explain import (
    against_svg,
    beeswarm_svg,
    compare_importance,
    global_importance,
    importance_svg,
    reasons,
    terms_svg,
    waterfall_svg,
)
from early_id.explain import explain as shapley
from early_id.flags import catalog_of, scope_of
from early_id.models import AdditiveModel
from early_id.panel import Panel, build_panel
from early_id.pipeline._intervals import read_intervals
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
    against: str | None = None,
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
        Folder for the table as CSV and the plots as SVG, each with its text for those who do not see it. Of the county:
        what matters, by feature and by domain, the tables, and a beeswarm; of a student: two waterfalls.
    against : str, optional
        Another model, such as "@previous", to hold this one against on the same rows; only of the county.

    Returns
    -------
    title, table
        For the county mean absolute Shapley values per feature; for a student the value and the Shapley value of
        each feature, in log-odds, largest first.

    Raises
    ------
    DataError
        If the student has no score on the date.
    ConfigError
        If `against` is asked for without a folder, or for one student.
    """
    tell("Loading the model")
    if against is not None and (student is not None or out is None):
        msg = "Expected a county and a folder where two models are compared; leave out the student and name a folder."
        raise ConfigError(msg)
    tracker = tracker_of(config)
    document = load_document(model, tracker)
    other = None if against is None else load_document(against, tracker)
    tell("Building the panel")
    district = district_of(config, None)
    day = as_of or (pd.Timestamp(district.data_until) + pd.offsets.Week(weekday=6, n=0)).date().isoformat()
    catalog = catalog_of(document) | ({} if other is None else catalog_of(other))
    panel = build_panel(district, as_of=[day], catalog=catalog, scope=scope_of(document))
    tell("Explaining")
    scored = panel.frame[panel.frame["not_scored"].isna()]
    if student is not None:
        title, frame = _one(document, panel, scored, student, day, config.lists)
    else:
        frame = global_importance(document, panel.design(scored))
        title = f"What the scores of {day} rest on (mean absolute Shapley value, log-odds)"
    if out is not None:
        files = {"explanation.csv": _csv(frame)}
        if student is None:
            sure = read_intervals(document, model, tracker=tracker, models=config.models)
            if sure is None:
                tell(
                    "The tables are drawn without intervals: none are kept; train with training.bags to have them"
                )
            files |= _pictures(document, panel.design(scored), frame, sure)
        else:
            files |= _waterfalls(document, panel.design(scored[scored["student_id"] == student].iloc[:1]))
        if other is not None:
            compared = compare_importance(document, other, panel.design(scored))
            names = (model, str(against))
            files |= {"against.csv": _csv(compared), "against.svg": against_svg(compared, names=names)}
        for name, content in files.items():
            write_atomic(out / name, content)
    return title, frame


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _pictures(
    document: AdditiveModel, X: pd.DataFrame, frame: pd.DataFrame, intervals: pd.DataFrame | None
) -> dict[str, bytes]:
    """Draw what the scores of a county rest on."""
    return {
        "explanation.svg": importance_svg(frame),
        "domains.svg": importance_svg(frame, level="domain"),
        "beeswarm.svg": beeswarm_svg(document, X),
        "terms.svg": terms_svg(document, X, intervals=intervals),
    }


def _waterfalls(document: AdditiveModel, X: pd.DataFrame) -> dict[str, bytes]:
    """Draw one student's score, exactly and for reading, and by domain."""
    row = shapley(document, X)[0]
    return {
        "waterfall.svg": waterfall_svg(row),
        "waterfall_domains.svg": waterfall_svg(shapley(document, X, level="domain")[0]),
        "waterfall_probability.svg": waterfall_svg(row, scale="probability"),
    }


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

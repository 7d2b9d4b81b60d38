"""Scores of a county in the engine against scikit-learn's: 250,000 rows of 40 features, one run.

Run: python -m experiments.benchmarks.scoring [--rows 250000] [--features 40] [--repeats 5] [--out TABLE.md]

The default learner and HistGradientBoosting learn from the same 20,000 rows; then the document scores the rows as a
query over a table of DuckDB, and the booster scores them as an array. Both start from where their rows already lie.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from early_id.models import MonotoneAdditiveClassifier

TRAINING_ROWS = 20_000


def students(rows: int, features: int) -> tuple[pd.DataFrame, pd.Series]:
    """Draw features that share a cause, a tenth of the cells unknown, and an outcome that follows from all."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=(rows, 1))
    cells = common + rng.normal(size=(rows, features))
    weights = np.linspace(1, 0, features) / features**0.5
    outcome = rng.random(rows) < 1 / (1 + np.exp(1.5 - cells @ weights))
    cells[rng.random(cells.shape) < 0.1] = np.nan
    X = pd.DataFrame(cells, columns=[f"feature_{place}" for place in range(features)])
    return X, pd.Series(outcome.astype(int), index=X.index)


def seconds(work: Callable[[], object], repeats: int) -> float:
    work()  # once for nothing: the first time everything is still being loaded
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Print the table of seconds and the ratio, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--features", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    X, y = students(options.rows, options.features)
    training = X.head(TRAINING_ROWS), y.head(TRAINING_ROWS)
    document = MonotoneAdditiveClassifier(directions=None).fit(*training).document_
    booster = HistGradientBoostingClassifier(random_state=0).fit(training[0].to_numpy(), training[1])
    array = X.to_numpy()
    start = time.perf_counter()
    query = document.to_sql(table="rows", keys=(), reasons=0)
    written = time.perf_counter() - start
    with duckdb.connect() as connection:
        connection.register("arriving", X)
        connection.execute("CREATE TABLE rows AS FROM arriving")
        engine = seconds(
            lambda: connection.execute(f"CREATE OR REPLACE TABLE scores AS {query}"), options.repeats
        )
        found = connection.sql("FROM scores").fetchnumpy()["score"]
    numpy = seconds(lambda: document.predict_proba(X), options.repeats)
    theirs = seconds(lambda: booster.predict_proba(array), options.repeats)
    apart = float(np.abs(np.sort(found) - np.sort(document.decision_function(X))).max())
    bins = sum(len(term.values) for term in document.periods[0].terms)
    table = "\n".join(
        [
            f"{options.rows:,} rows of {options.features} features, {bins:,} bins, {booster.n_iter_} trees; medians of",
            f"{options.repeats} runs on one machine with 2 processors. Made by",
            f"`python -m experiments.benchmarks.scoring --rows {options.rows} --features {options.features}`.",
            "",
            "| what | seconds | share of scikit-learn's |",
            "|---|---|---|",
            f"| `HistGradientBoostingClassifier.predict_proba` | {theirs:.2f} | 1.00 |",
            f"| the document in DuckDB (`to_sql`) | {engine:.2f} | {engine / theirs:.2f} |",
            f"| the document in NumPy (`predict_proba`) | {numpy:.2f} | {numpy / theirs:.2f} |",
            "",
            f"The query is written once, in {written:.1f} seconds. The engine's scores differ from NumPy's by "
            f"{apart:.0e} at most.",
        ]
    )
    print(table)
    if options.out:
        options.out.write_text(table + "\n")


if __name__ == "__main__":
    main()

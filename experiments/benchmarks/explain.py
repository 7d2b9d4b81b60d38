"""Shapley values of a county against shap's own: 250,000 rows of 40 features, one run.

Run: python -m experiments.benchmarks.explain [--rows 250000] [--features 40] [--repeats 5] [--out TABLE.md]

The default learner learns from 20,000 rows, and its document explains all. `shap.TreeExplainer` explains the very trees
the document's tables were read off, on their bin codes: by the paths of the trees, the fastest way it has, and with 100
rows as background, the number it takes by itself. The last is timed on fewer rows and told per row.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np

from early_id.explain import explain
from early_id.models import MonotoneAdditiveClassifier
from experiments.benchmarks.scoring import TRAINING_ROWS, seconds, students

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # importing shap warns about matplotlib, about itself
    import shap

_BACKGROUND = 100


def main() -> None:
    """Print the table of seconds and the ratios, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--features", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--their-rows", type=int, default=1_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    X, y = students(options.rows, options.features)
    training = X.head(TRAINING_ROWS), y.head(TRAINING_ROWS)
    model = MonotoneAdditiveClassifier(directions=None, calibrate=False).fit(*training)
    document, (fit,) = model.document_, model.fits_
    ours = seconds(lambda: explain(document, X), options.repeats)
    codes = fit.bins.matrix(fit.bins.codes(X.head(options.their_rows).to_numpy()))
    by_paths = shap.TreeExplainer(fit.boosters[0], feature_perturbation="tree_path_dependent")
    background = shap.maskers.Independent(codes, max_samples=_BACKGROUND)
    by_rows = shap.TreeExplainer(fit.boosters[0], background)
    scale = options.rows / len(codes)
    theirs = {
        name: scale * seconds(lambda found=found: found.shap_values(codes, check_additivity=False), 1)
        for name, found in (("paths of the trees", by_paths), (f"{_BACKGROUND} rows of background", by_rows))
    }
    their_values = by_rows.shap_values(codes, check_additivity=False)
    for indicator, j in enumerate(fit.bins.unknown.tolist()):
        their_values[:, j] += their_values[:, options.features + indicator]
    compared = X.iloc[_rows_of(background, codes)]
    apart = float(
        np.abs(
            their_values[:, : options.features] - explain(document, X.head(len(codes)), compared).values
        ).max()
    )
    table = "\n".join(
        [
            f"{options.rows:,} rows of {options.features} features, {fit.boosters[0].n_iter_} trees; ours the median "
            f"of {options.repeats} runs, shap's",
            f"measured on {len(codes):,} rows and scaled up; one machine with 2 processors. Made by",
            f"`python -m experiments.benchmarks.explain --rows {options.rows} --features {options.features}`.",
            "",
            "| what | seconds | times ours |",
            "|---|---|---|",
            f"| `early_id.explain` | {ours:.2f} | 1 |",
            *(
                f"| `shap.TreeExplainer`, {name} | {took:,.0f} | {took / ours:,.0f} |"
                for name, took in theirs.items()
            ),
            "",
            f"With the same {_BACKGROUND} rows of background the values differ by {apart:.0e} at most (log-odds).",
        ]
    )
    print(table)
    if options.out:
        options.out.write_text(table + "\n")


def _rows_of(masker: object, codes: np.ndarray) -> list[int]:
    """Find which rows shap drew as its background."""
    place = {row.tobytes(): number for number, row in enumerate(codes)}
    return [place[row.tobytes()] for row in np.ascontiguousarray(masker.data)]


if __name__ == "__main__":
    main()

"""The equity audit of a county: 250,000 students on 10 dates, 12 attributes and all pairs of them, 2,000 replicates.

Run: python -m experiments.benchmarks.audit [--students 250000] [--dates 10] [--replicates 2000] [--out TABLE.md]

The rows are made up in NumPy: students differ lastingly in risk, a list of each school's first twentieth is drawn on
every date, a student's rows stop counting once the event has happened. One student in twenty changes school between
the dates and one in fifty the value of some attribute. Schools, districts and grade bands are audited besides.
What is timed is the whole `audit_frame` (groups attached to 2.5 million rows, counting, rates, resampling, masking) and
in it the resampling alone: all intervals of gaps from counts per student, recall and not scored of single groups,
recall of crossed ones, the displayed metrics. Then fairlearn's `MetricFrame(n_boot=…)` and ours take the same smaller
task: one row per student, recall of every single attribute.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame
from sklearn.metrics import recall_score

from early_id.evaluation import list_at_capacity
from early_id.fairness import _run, audit_frame
from early_id.fairness._counted import count_rows
from early_id.fairness._gaps import Resampling, family_gaps

#: How many values each of the twelve attributes has; the commonest has about half of the students.
VALUES = (2, 2, 2, 2, 2, 2, 3, 3, 4, 5, 6, 8)
SCHOOLS, DISTRICTS = 40, 5
FIRST_DAY = pd.Timestamp("2026-09-27")
#: Of all students: those who change school between the dates, and those whose value of an attribute changes.
MOVE, CHANGE = 0.05, 0.02
#: What is aimed at.
SECONDS, GIGABYTES, TIMES = 60.0, 3.0, 1000.0


def make_rows(students: int, dates: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make up rows with lists, and groups.

    One student in fifty has no value of an attribute, one row in a hundred no score; some change school or group.
    """
    rng = np.random.default_rng(0)
    ids = np.array([f"s{number:07d}" for number in range(students)])
    school = rng.integers(0, SCHOOLS, students)
    risk = rng.normal(size=students) + 0.3 * rng.normal(size=SCHOOLS)[school]
    after = np.where(rng.random(students) < MOVE, rng.integers(0, SCHOOLS, students), school)
    moved = rng.integers(1, max(dates, 2), students)
    changing = np.where(rng.random(students) < CHANGE, rng.integers(0, len(VALUES), students), len(VALUES))
    changed = FIRST_DAY + pd.to_timedelta(7 * rng.integers(1, max(dates, 2), students) - 3, unit="D")
    groups = []
    for place, count in enumerate(VALUES):
        share = np.r_[0.5, np.full(count - 1, 0.5 / (count - 1))]
        value = rng.choice(count, students, p=share)
        risk += 0.1 * (value == 0)
        known = rng.random(students) >= 0.02
        until = pd.Series(changed - pd.Timedelta(days=1)).where(changing == place)
        own = pd.DataFrame(
            {
                "student_id": ids,
                "attribute": f"attribute_{place:02d}",
                "value": value.astype(str),
                "valid_from": pd.Timestamp("2020-07-01"),
                "valid_to": until,
            }
        )[known]
        later = own[own["valid_to"].notna()]
        follow = ((later["value"].astype(int) + 1) % count).astype(str)
        later = later.assign(
            value=follow, valid_from=later["valid_to"] + pd.Timedelta(days=1), valid_to=pd.NaT
        )
        groups.extend([own, later])
    outcome = rng.random(students) < 1 / (1 + np.exp(1.2 - 1.5 * risk))
    event = np.where(
        outcome, rng.integers(1, dates + 4, students), dates + 9
    )  # the date by which it has happened
    frames = []
    for date in range(dates):
        score = risk + rng.normal(size=students)
        at = np.where(date >= moved, after, school)
        missing = rng.random(students) < 0.01
        frames.append(
            pd.DataFrame(
                {
                    "student_id": ids,
                    "school_id": np.char.add("school ", at.astype(str)),
                    "district_id": np.char.add("district ", (at % DISTRICTS).astype(str)),
                    "as_of": FIRST_DAY + pd.Timedelta(days=7 * date),
                    "grade_level": school % 13,
                    "score": np.where(missing, np.nan, score),
                    "label": outcome.astype(float),
                    "onset": event > date,
                    "unknown_share": rng.integers(0, 3, students) / 40,
                    "feed_days_behind": (at % 4).astype(float),
                }
            )
        )
    rows = pd.concat(frames, ignore_index=True)
    rows["listed"] = list_at_capacity(rows, "5%").to_numpy()
    whole = pd.concat(groups, ignore_index=True)
    return rows, whole


class Clock:
    """Seconds of the wall and of the processor since it was made."""

    def __init__(self) -> None:
        self.start = time.perf_counter(), time.process_time()

    def stop(self) -> tuple[float, float]:
        """Return both."""
        return time.perf_counter() - self.start[0], time.process_time() - self.start[1]


@contextmanager
def timed(name: str) -> Iterator[list[float]]:
    """Time a step of `audit_frame`; what is yielded holds its seconds and processor seconds once it has run."""
    work = getattr(_run, name)
    taken: list[float] = []

    def step(*arguments: Any, **named: Any) -> Any:
        clock = Clock()
        found = work(*arguments, **named)
        taken.extend(clock.stop())
        print(name, taken, file=sys.stderr, flush=True)
        return found

    with patch.object(_run, name, step):
        yield taken


def against_fairlearn(students: int, replicates: int, theirs: int) -> tuple[float, float, int]:
    """Seconds a replicate of ours and of fairlearn's, on the same rows; and how many point estimates differ."""
    rows, groups = make_rows(students, 1)
    counted = count_rows(rows, groups)
    clock = Clock()
    gaps = family_gaps(
        counted.segments,
        counted.singles,
        metric="recall",
        family="single",
        resampling=Resampling(replicates, 0),
    )
    ours = clock.stop()[0] / replicates
    judged = (rows["label"].notna() & rows["onset"]).to_numpy()
    truth, listed = rows["label"].to_numpy()[judged], rows["listed"].to_numpy()[judged]
    seconds, differ = 0.0, 0
    for attribute in counted.attributes:
        features = np.array(attribute.groups)[attribute.codes[judged]]
        clock = Clock()
        peer = MetricFrame(
            metrics=recall_score,
            y_true=truth,
            y_pred=listed,
            sensitive_features=features,
            n_boot=theirs,
            ci_quantiles=[0.025, 0.975],
            random_state=0,
        )
        seconds += clock.stop()[0]
        own = gaps.loc[gaps["attribute"] == attribute.name].set_index("group")["rate"]
        differ += int((own != peer.by_group.loc[own.index]).sum())
    return ours, seconds / theirs, differ


def main() -> None:
    """Print the table, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=250_000)
    parser.add_argument("--dates", type=int, default=10)
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--peer-students", type=int, default=10_000)
    parser.add_argument("--peer-replicates", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows, groups = make_rows(options.students, options.dates)
    with timed("count_rows") as counting, timed("_all_gaps") as resampled:
        clock = Clock()
        gaps = audit_frame(rows, groups=groups, resampling=(options.replicates, 0)).gaps
        whole = clock.stop()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    ours, theirs, differ = against_fairlearn(
        options.peer_students, options.replicates, options.peer_replicates
    )
    table = "\n".join(
        [
            f"{options.students:,} students on {options.dates} dates ({len(rows):,} rows), {len(VALUES)} attributes",
            f"with 2 to {max(VALUES)} values, {SCHOOLS} schools, {len(gaps):,} gaps, {options.replicates:,}",
            "replicates. One run on one machine with 2 processors. Made by",
            f"`python -m experiments.benchmarks.audit --students {options.students} --dates {options.dates} "
            f"--replicates {options.replicates}`.",
            "",
            "| what | seconds | processor seconds | aim |",
            "|---|---|---|---|",
            f"| resampling alone | {resampled[0]:.1f} | {resampled[1]:.1f} | ≤ {SECONDS:g} |",
            f"| counting alone | {counting[0]:.1f} | {counting[1]:.1f} | |",
            f"| whole `audit_frame`, with both and masking | {whole[0]:.1f} | {whole[1]:.1f} | |",
            "",
            f"Peak memory {peak:.1f} GB, rows and groups included (aim ≤ {GIGABYTES:g}).",
            "",
            f"| {options.peer_students:,} rows, one per student, recall of {len(VALUES) + 3} attributes "
            "| seconds a replicate |",
            "|---|---|",
            f"| `MetricFrame(n_boot={options.peer_replicates})`, one for each attribute | {theirs:.3f} |",
            f"| this library, {options.replicates:,} replicates, with gaps and simultaneous intervals | {ours:.6f} |",
            "",
            f"That is {theirs / ours:,.0f} times as fast (aim ≥ {TIMES:,.0f}). Point estimates that differ from "
            f"`MetricFrame`'s on these rows: {differ}.",
        ]
    )
    print(table)
    if options.out:
        options.out.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

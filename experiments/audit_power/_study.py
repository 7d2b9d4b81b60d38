"""The study: plants, worlds and counties in turn; what is done stays done."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

from early_id.evaluation import write_atomic
from early_id.models import AdditiveModel
from experiments.audit_power._audits import audit_singles
from experiments.audit_power._plants import PLANTS, Plant
from experiments.audit_power._pool import Pool, fit_document, make_pool

#: Counties drawn from one world.
COUNTIES = 100


def run(
    out: Path,
    *,
    counties: int,
    students: int,
    plants: Sequence[str],
    tell: Callable[[str], None],
    replicates: int = 2000,
) -> pd.DataFrame:
    """Audit so many counties of each plant and return one row per cell of every audit in `out`, earlier ones too.

    What a county gave is a file in `out`; a county that has its file is not run again.
    """
    for name in plants:
        for world in range(1, 2 + (counties - 1) // COUNTIES):
            numbers = range((world - 1) * COUNTIES, min(world * COUNTIES, counties))
            paths = {number: out / "cells" / f"{name}-{students}-{number:03d}.parquet" for number in numbers}
            wanted = [number for number, path in paths.items() if not path.exists()]
            # On a busy machine threads inside one product wait for each other.
            with threadpool_limits(1):
                if wanted:
                    tell(f"Plant {name}, world {world}: simulating")
                    document = _document(out, PLANTS[name], students)
                    pool = make_pool(PLANTS[name], document, students=students, seed=world)
                for number in wanted:
                    tell(f"Plant {name}, county {number}")
                    cells = audit_county(pool, PLANTS[name], students, number, replicates=replicates)
                    _keep(cells.assign(world=world), paths[number])
    files = sorted((out / "cells").glob(f"*-{students}-*.parquet"))
    return pd.concat([pd.read_parquet(path) for path in files], ignore_index=True)


def audit_county(pool: Pool, plant: Plant, students: int, number: int, *, replicates: int) -> pd.DataFrame:
    """Draw a county and, where asked for, smaller ones, and audit each, by other outcomes too where there are any."""
    parts = []
    for share in plant.shares:
        rows, attributes, _ = pool.county(plant.times * students // share, (number, share))
        outcomes = {"recorded": rows}
        if plant.other:
            outcomes["independent"] = rows.assign(label=rows["other_label"], onset=rows["other_onset"])
        for outcome, judged in outcomes.items():
            found = audit_singles(
                judged, attributes, metrics=plant.metrics, replicates=replicates, seed=number
            )
            parts.append(found.assign(plant=plant.name, county=number, share=share, outcome=outcome))
    return pd.concat(parts, ignore_index=True)


def _document(out: Path, plant: Plant, students: int) -> AdditiveModel:
    """Train the plant's model once; it is kept beside the cells."""
    path = out / "models" / f"{plant.name}-{students}.json"
    if not path.exists():
        write_atomic(path, fit_document(plant, students=students).to_json().encode())
    return AdditiveModel.from_json(path.read_text(encoding="utf-8"))


def _keep(cells: pd.DataFrame, path: Path) -> None:
    content = io.BytesIO()
    cells.to_parquet(content, index=False)
    write_atomic(path, content.getvalue())

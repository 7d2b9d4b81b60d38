"""A second view of the gaps: how far they would move had other schools been in the county."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from early_id.fairness._counts import MEASURES, RATES
from early_id.fairness._gaps import CONFIDENCE, percentiles, rate_and_rest
from early_id.fairness._groups import PLACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from early_id.fairness._counts import Floats, Segments
    from early_id.fairness._gaps import Resampling
    from early_id.fairness._groups import Attribute

#: With fewer schools a resample of them says little about other schools.
MIN_SCHOOLS = 20
SCHOOL = "school"
_COLUMNS = ("attribute", "group", "low_schools", "high_schools")


def school_view(
    segments: Segments, attributes: Sequence[Attribute], *, metric: str, resampling: Resampling
) -> pd.DataFrame:
    """Resample whole schools, all their students with them, and give the 95 % interval of each group's gap.

    Answers: is the difference one of this county's schools, or would it be there with other schools too? Percentile
    intervals, one group at a time. Empty with fewer than 20 schools; schools and districts have no such view.

    Returns
    -------
    DataFrame
        attribute, group, low_schools, high_schools (missing where a group is in no resampled school too often to tell).
    """
    places = {attribute.name: place for place, attribute in enumerate(attributes)}
    if SCHOOL not in places or len(attributes[places[SCHOOL]].groups) < MIN_SCHOOLS:
        return pd.DataFrame(columns=list(_COLUMNS))
    school = segments.codes[:, places[SCHOOL]]
    n_schools = len(attributes[places[SCHOOL]].groups)
    rng = np.random.default_rng((resampling.seed, len(MEASURES) + 1, MEASURES.index(RATES[metric][0])))
    weights = rng.multinomial(n_schools, np.full(n_schools, 1 / n_schools), resampling.replicates)
    frames = []
    for attribute in attributes:
        if attribute.name in PLACES:
            continue
        codes, size = segments.codes[:, places[attribute.name]], len(attribute.groups)
        k, n = (
            weights @ _by_school(segments.counts[:, MEASURES.index(name)], school, codes, (n_schools, size))
            for name in RATES[metric]
        )
        low, high = _interval(k, n)
        frames.append(
            pd.DataFrame(
                {
                    "attribute": attribute.name,
                    "group": list(attribute.groups),
                    "low_schools": low,
                    "high_schools": high,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _by_school(values: np.ndarray, school: np.ndarray, codes: np.ndarray, shape: tuple[int, int]) -> Floats:
    cell = school * shape[1] + codes
    return np.bincount(cell, weights=values, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)


def _interval(k: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Take the percentiles of the gap; missing where more than a twentieth of the resamples hold nobody to compare."""
    rate, other = rate_and_rest(k, n)
    gaps = rate - other
    enough = np.isfinite(gaps).mean(axis=0) >= CONFIDENCE
    low, high = percentiles(gaps)
    return np.where(enough, low, np.nan), np.where(enough, high, np.nan)

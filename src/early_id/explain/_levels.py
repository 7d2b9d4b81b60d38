"""Features that belong together, added up: overlapping windows of one concept, all of a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from early_id.exceptions import ConfigError, did_you_mean

if TYPE_CHECKING:
    from early_id.models import AdditiveModel

Level = Literal["feature", "concept", "domain"]
LEVELS: tuple[Level, ...] = get_args(Level)
#: A feature that no domain is named for.
NO_DOMAIN = "other"


def names_at(document: AdditiveModel, level: Level) -> list[str]:
    """Name what each feature of a document belongs to, in the order of the features."""
    if level not in LEVELS:
        msg = f"Expected a level of {', '.join(LEVELS)}, got {level!r}; {did_you_mean(level, LEVELS)}"
        raise ConfigError(msg)
    return [
        {"feature": info.name, "concept": info.concept, "domain": info.domain or NO_DOMAIN}[level]
        for info in document.features
    ]


def summed(document: AdditiveModel, values: pd.DataFrame, level: Level) -> pd.DataFrame:
    """Add up the columns of what belongs together; one column per feature, concept or domain, in first order."""
    names = names_at(document, level)
    if level == "feature":
        return values
    return pd.DataFrame(
        {name: values.loc[:, [one == name for one in names]].sum(axis=1) for name in dict.fromkeys(names)},
        index=values.index,
    )

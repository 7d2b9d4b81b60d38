"""Which way each feature may move the score, and how it is described."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from early_id.exceptions import ConfigError, did_you_mean, examples
from early_id.models._parts import FeatureInfo

Directions = Literal["catalogue"] | Mapping[str, int] | None


def describe_features(names: Sequence[str], directions: Directions) -> tuple[FeatureInfo, ...]:
    """Describe the features of a model to be.

    Parameters
    ----------
    names : sequence of str
        Column names.
    directions : "catalogue", mapping of name to -1, 0 or 1, or None
        "catalogue" takes direction, concept and words from the panel's catalogue; a column that is not in it
        is free and described by its name. A mapping gives directions; columns it does not name are free.
        None: all free.

    Raises
    ------
    ConfigError
        If the mapping names no such column or holds another number.

    Examples
    --------
    >>> [feature.direction for feature in describe_features(["absent_days", "credits"], {"absent_days": 1})]
    [1, 0]
    """
    if directions is None:
        return tuple(FeatureInfo(name) for name in names)
    if isinstance(directions, str):
        if directions != "catalogue":
            msg = (
                f"directions must be 'catalogue', a mapping or None, but is {directions!r}; "
                f"{did_you_mean(directions, ['catalogue'])}"
            )
            raise ConfigError(msg)
        from early_id.panel import CATALOG  # only this choice needs the panel

        return tuple(FeatureInfo.from_catalogue(CATALOG, name) for name in names)
    if not isinstance(directions, Mapping):
        msg = f"directions must be 'catalogue', a mapping or None, but is {directions!r}; name columns and -1, 0 or 1."
        raise ConfigError(msg)
    unknown = [name for name in directions if name not in names]
    if unknown:
        msg = (
            f"directions names {examples(unknown)}, which is no feature column of X; "
            f"{did_you_mean(unknown[0], names)}"
        )
        raise ConfigError(msg)
    wrong = [name for name, direction in directions.items() if direction not in (-1, 0, 1)]
    if wrong:
        msg = f"directions must be -1, 0 or 1, but {wrong[0]!r} has {directions[wrong[0]]!r}; correct it."
        raise ConfigError(msg)
    return tuple(FeatureInfo(name, direction=directions.get(name, 0)) for name in names)

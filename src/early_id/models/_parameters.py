"""What the parameters of a learner may be, said in one place and checked before any work is done."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

import numpy as np

from early_id.exceptions import ConfigError

Rule = tuple[str, Callable[[Any], bool]]


def _whole(least: int, most: float = math.inf) -> Rule:
    words = f"a whole number from {least} {'on' if most == math.inf else f'to {most}'}"
    return words, lambda value: _is(value, Integral) and least <= value <= most


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)  # True is 1 to Python and a slip to people


#: The booster tells no more than 255 values apart. A card of more than ten lines is not filled in by hand. One fold or
#: none would leave a model uncalibrated in silence.
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "n_knots": _whole(2),
        "max_features": _whole(1, 10),
        "max_points": _whole(1, 100),
        "max_bins": _whole(2, 255),
        "max_iter": _whole(1),
        "max_leaf_nodes": _whole(2),
        "min_samples_leaf": _whole(1),
        "bags": _whole(1),
        "outer_bags": _whole(1),
        "max_rounds": _whole(1),
        "interactions": _whole(0),
        "folds": _whole(2),
        "C": ("a number above 0", lambda value: _is(value, Real) and value > 0),
        "learning_rate": ("a finite number above 0", lambda value: _is(value, Real) and 0 < value < math.inf),
        "l2_regularization": (
            "a finite number from 0 on",
            lambda value: _is(value, Real) and 0 <= value < math.inf,
        ),
        "calibrate": ("True or False", lambda value: isinstance(value, bool | np.bool_)),
    }
)


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Refuse a parameter that no fit could mean; `directions` and `periods` are checked against the rows.

    Raises
    ------
    ConfigError
        Naming the parameter.

    Examples
    --------
    >>> check_parameters({"bags": 0})
    Traceback (most recent call last):
    early_id.exceptions.ConfigError: bags must be a whole number from 1 on, but is 0; correct it.
    """
    for name, value in parameters.items():
        if name not in RULES:
            continue
        words, good = RULES[name]
        if not good(value):
            way_out = "correct it, or set calibrate=False" if name == "folds" else "correct it"
            msg = f"{name} must be {words}, but is {value!r}; {way_out}."
            raise ConfigError(msg)

"""Where a document comes from: anything JSON can hold, and nothing can change it afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from early_id.exceptions import DataError


def frozen(provenance: Mapping[str, Any]) -> Mapping[str, Any]:
    """Copy through JSON, so that a document in memory equals the one read back, and freeze the copy.

    Examples
    --------
    >>> frozen({"years": [2023], "parameters": {"bags": 1}})
    mappingproxy({'years': (2023,), 'parameters': mappingproxy({'bags': 1})})
    """
    try:
        copy = json.loads(json.dumps(thawed(provenance), allow_nan=False))
    except (TypeError, ValueError) as error:
        msg = (
            f"provenance must hold only what JSON can hold, but {error}; "
            "convert it to text or finite numbers."
        )
        raise DataError(msg) from error
    result: Mapping[str, Any] = _freeze(copy)
    return result


def thawed(value: Any) -> Any:
    """Give the dictionaries and lists that JSON and pickle know.

    Examples
    --------
    >>> thawed(frozen({"years": [2023]}))
    {'years': [2023]}
    """
    if isinstance(value, Mapping):
        return {key: thawed(one) for key, one in value.items()}
    return [thawed(one) for one in value] if isinstance(value, list | tuple) else value


def _freeze(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType({key: _freeze(one) for key, one in value.items()})
    return tuple(_freeze(one) for one in value) if isinstance(value, list) else value

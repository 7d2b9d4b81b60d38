"""What a district calls things: the YAML file of `--mapping`, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from early_id.config import KeysOnce
from early_id.exceptions import ConfigError

_Shape = TypeVar("_Shape", bound="MappingShape")


class MappingShape(BaseModel):
    """Base of what a source's mapping may hold: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Loader(KeysOnce, yaml.BaseLoader):
    """Text only, for a code 010 is no number, and every key once."""


def load_mapping(mapping: str | Path | Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Read a mapping file; none is an empty mapping.

    Raises
    ------
    ConfigError
        If there is no such file, or it does not hold a mapping.

    Examples
    --------
    >>> load_mapping(None), load_mapping({"absences": {}})
    ({}, {'absences': {}})
    """
    if mapping is None or isinstance(mapping, Mapping):
        return mapping or {}
    file = Path(mapping)
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - text only
    except OSError as error:
        msg = f"Expected a mapping file, but {str(file)!r} cannot be read ({error.strerror}); check the path."
        raise ConfigError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        msg = f"Expected YAML in the mapping file {str(file)!r}, got: {reason[:200]}; correct it there."
        raise ConfigError(msg) from error
    if not isinstance(content, Mapping):
        msg = (
            f"Expected names and values in the mapping file {str(file)!r}, got {type(content).__name__}; "
            "see docs/sources.md."
        )
        raise ConfigError(msg)
    return content


def shaped(mapping: Mapping[str, Any], shape: type[_Shape], source: str, under: str = "") -> _Shape:
    """Check a mapping, or the part of it `under` a key, against what a source understands.

    Raises
    ------
    ConfigError
        If it has a key the source does not know, or a value of another kind.
    """
    try:
        return shape.model_validate(mapping)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in ([under] if under else []) + list(first["loc"]))
        known = ", ".join(shape.model_fields)
        msg = (
            f"Expected a mapping as the source {source!r} understands it ({known}), got {where!r}: "
            f"{first['msg'].lower()}; see docs/sources.md."
        )
        raise ConfigError(msg) from error

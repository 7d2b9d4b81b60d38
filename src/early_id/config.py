"""What a job is told: one YAML file, checked before anything runs, unknown keys refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from early_id.exceptions import ConfigError, did_you_mean, examples

Capacity = str | int | dict[str, int]
_SHARE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
_FORMS = "a share such as '5%', a number of students such as 25, or numbers by school such as {'*': 25}"
_WANTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "keys and values",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "invalid_key": "a key in letters",
    "path_type": "a path",
    "string_type": "text",
    "tuple_type": "a list",
}
_KINDS = {"dict": "keys and values", "list": "a list", "str": "text", "NoneType": "nothing"}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DistrictConfig(_Part):
    """Where the district's tables are and how to read them."""

    path: Path
    source: Literal["folder", "oulad"] = "folder"


class TrackingConfig(_Part):
    """Where experiments, models and sign-offs are recorded."""

    uri: str = "sqlite:///mlflow.db"
    experiment: str = "early_id"


class LabelConfig(_Part):
    """Which outcome is predicted and how it is counted; see `early_id.panel.Label`."""

    name: str = "chronic_absence"
    lag_days: int = Field(14, ge=0)
    partial_days: Literal["ignored", "fraction"] = "ignored"
    scope: Literal["county", "school"] = "county"


class TrainingConfig(_Part):
    """Which years, which contestants.

    `every_weeks` thins the training years to one as-of date in so many weeks: neighbouring weeks of a student are
    nearly the same row. The test years are always weekly, as the lists are.
    """

    train_years: tuple[int, ...] | None = None
    test_years: tuple[int, ...] | None = None
    every_weeks: int = Field(2, ge=1)
    drop_features: tuple[str, ...] = ()
    learners: tuple[Literal["monotone", "logistic"], ...] = ("monotone", "logistic")
    rules: tuple[Literal["pace", "prior_year"], ...] = ("pace", "prior_year")
    ceiling: bool = True
    seed: int = 0


class AuditConfig(_Part):
    """How the equity audit judges."""

    tolerance: float = Field(0.05, gt=0, lt=1)
    replicates: int = Field(2000, ge=200)
    reference: dict[str, str] = {}


class ListsConfig(_Part):
    """Where weekly lists go and who is suggested for which leading reason."""

    out: Path = Path("flags")
    roles: dict[str, str] = {
        "attendance": "family navigator",
        "discipline": "behavioral health coach",
        "grades": "peer specialist",
        "mobility": "family navigator",
        "many": "clinician screening",
    }


class Config(_Part):
    """Everything one district's jobs need.

    Paths are taken from the folder of the file they are written in.
    """

    district: DistrictConfig
    capacity: Capacity
    purpose: str = (
        "Outreach by the school's mental-health and wellness team to students named here; no other use."
    )
    models: Path = Path("models")
    tracking: TrackingConfig = TrackingConfig()
    label: LabelConfig = LabelConfig()
    training: TrainingConfig = TrainingConfig()
    audit: AuditConfig = AuditConfig()
    lists: ListsConfig = ListsConfig()

    @field_validator("capacity", mode="before")
    @classmethod
    def _capacity(cls, value: object) -> Capacity:
        try:
            return read_capacity(value)
        except ConfigError as error:
            raise ValueError(str(error)) from None


def read_capacity(value: object) -> Capacity:
    """Check how many students a school's team can reach, in any of its forms.

    Parameters
    ----------
    value : object
        A share such as "5%", a whole number of students, or whole numbers by school_id ("*": all other schools).

    Raises
    ------
    ConfigError
        If it is none of these, no place is left on a list, or a school_id is a number.

    Examples
    --------
    >>> read_capacity("5%"), read_capacity({"*": 25, "0101": 40})
    ('5%', {'*': 25, '0101': 40})
    """
    numbers = value if isinstance(value, dict) else {"*": value}
    if isinstance(value, str):
        share = _SHARE.fullmatch(value)
        right = share is not None and 0 < float(share[1]) <= 100
    elif unquoted := [name for name in numbers if not isinstance(name, str)]:
        # YAML reads 0101 as a number, in base eight at that: the id it was is gone.
        msg = (
            f"Expected the ids of schools in quotes, got the numbers {examples(unquoted)}; write '0101': 25, since "
            "without quotes a leading zero is lost."
        )
        raise ConfigError(msg)
    else:
        right = bool(numbers) and all(type(n) is int and n >= 1 for n in numbers.values())
    if not right:
        msg = f"Expected {_FORMS}, each at least one place and at most 100 %, got {value!r}; correct the capacity."
        raise ConfigError(msg)
    return value  # type: ignore[return-value]


def load_config(path: str | Path) -> Config:
    r"""Read and check a configuration file.

    Parameters
    ----------
    path : str or Path
        A YAML file.

    Raises
    ------
    ConfigError
        If the file is missing, is no YAML, holds an unknown key (the nearest known one is named) or a wrong value.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "county.yaml")
    >>> _ = file.write_text("district: {path: data}\ncapacity: 25\n")
    >>> load_config(file).label.name
    'chronic_absence'
    """
    path = Path(path)
    if not path.is_file():
        msg = (
            f"Expected a configuration file at {str(path)!r}, found none; "
            "check the path, or write one: see configs/county.yaml."
        )
        raise ConfigError(msg)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"Expected YAML in {path.name}, got text that cannot be read{_line(error)}; correct it there."
        raise ConfigError(msg) from error
    if not isinstance(content, dict):
        msg = f"Expected keys and values in {path.name}, got {_kind(content)}; see configs/county.yaml."
        raise ConfigError(msg)
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        raise ConfigError(_sentence(path.name, error)) from None
    return _anchored(config, path.resolve().parent)


def _line(error: Exception) -> str:
    """Say where a parser stumbled, if it knows."""
    mark = getattr(error, "problem_mark", None)
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _kind(value: object) -> str:
    name = type(value).__name__
    return _KINDS.get(name, f"the value {value!r}")


def _sentence(file: str, error: ValidationError) -> str:
    """One sentence about what is wrong: a misspelt key first, since it also makes another one missing."""
    errors = error.errors()
    first = next((found for found in errors if found["type"] == "extra_forbidden"), errors[0])
    place = [str(part) for part in first["loc"]]
    where = ".".join(place)
    if first["type"] == "extra_forbidden":
        return f"Expected known keys in {file}, got {where!r}: {did_you_mean(place[-1], _keys(place[:-1]))}"
    if first["type"] == "missing":
        return f"Expected the key {where!r} in {file}, found none; add it, see configs/county.yaml."
    if first["type"] == "value_error":
        return f"{first['msg'].removeprefix('Value error, ').removesuffix('.')} (in {file})."
    got = repr(first["input"]) if first["input"] is not None else "nothing"
    return f"Expected {_wanted(first, place)} for {where!r} in {file}, got {got}; correct it there."


def _wanted(found: Any, place: list[str]) -> str:
    """Say what was expected in words of a YAML file, not of Python."""
    kind = found["type"]
    if kind == "model_type":
        return f"keys and values ({', '.join(_keys(place))})"
    if kind in _WANTED:
        return _WANTED[kind]
    text = str(found["msg"]).removeprefix("Input should be ")
    return f"a number {text}" if kind.startswith(("greater", "less")) else text


def _keys(place: list[str]) -> list[str]:
    part: Any = Config
    for name in place:
        part = part.model_fields[name].annotation
    return list(part.model_fields)


def _anchored(config: Config, folder: Path) -> Config:
    """Make the paths of a configuration absolute, from the folder of its file."""
    uri = config.tracking.uri
    prefix = "sqlite:///"
    if uri.startswith(prefix) and not uri.startswith(prefix + "/"):
        uri = f"{prefix}{folder / uri.removeprefix(prefix)}"
    return config.model_copy(
        update={
            "district": config.district.model_copy(update={"path": folder / config.district.path}),
            "models": folder / config.models,
            "tracking": config.tracking.model_copy(update={"uri": uri}),
            "lists": config.lists.model_copy(update={"out": folder / config.lists.out}),
        }
    )

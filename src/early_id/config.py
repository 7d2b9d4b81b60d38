"""What a job is told: one YAML file, checked before anything runs, unknown keys refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from early_id.exceptions import ConfigError, did_you_mean

Capacity = str | int | dict[str, int]


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

    @field_validator("capacity")
    @classmethod
    def _capacity(cls, value: Capacity) -> Capacity:
        if isinstance(value, dict) and not value:
            msg = "expected a number of students, a share such as '5%', or schools with numbers"
            raise ValueError(msg)
        return value


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
        msg = f"Expected a configuration file at {str(path)!r}, found none; name one with --config, see configs/."
        raise ConfigError(msg)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"Expected YAML in {path.name}, got text that cannot be read: {str(error).splitlines()[0]}."
        raise ConfigError(msg) from error
    if not isinstance(content, dict):
        msg = f"Expected keys and values in {path.name}, got {type(content).__name__}; see configs/ for an example."
        raise ConfigError(msg)
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        raise ConfigError(_sentence(path.name, error)) from None
    return _anchored(config, path.resolve().parent)


def _sentence(file: str, error: ValidationError) -> str:
    """One sentence about the first thing that is wrong; a misspelt key names the nearest known one."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    where = ".".join(place)
    if first["type"] == "extra_forbidden":
        return f"Expected known keys in {file}, got {where!r}: {did_you_mean(place[-1], _keys(place[:-1]))}"
    if first["type"] == "missing":
        return f"Expected the key {where!r} in {file}, found none; add it, see configs/ for an example."
    reason = first["msg"].removeprefix("Value error, ")
    return f"Expected a valid value for {where!r} in {file}, got {first['input']!r}: {reason}."


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

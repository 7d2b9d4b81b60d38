"""Plants: ways in which a county's records can mislead, for tests of the audit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from early_id.district._simulate._groups import ATTRIBUTES
from early_id.exceptions import ConfigError, did_you_mean, examples


class _Plant(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    attribute: str
    value: str

    def model_post_init(self, _context: Any) -> None:
        if self.attribute not in ATTRIBUTES:
            msg = f"Expected a simulated attribute, got {self.attribute!r}: {did_you_mean(self.attribute, ATTRIBUTES)}"
            raise ConfigError(msg)
        if self.value not in ATTRIBUTES[self.attribute]:
            known = did_you_mean(self.value, ATTRIBUTES[self.attribute])
            msg = f"Expected a value of {self.attribute}, got {self.value!r}: {known}"
            raise ConfigError(msg)


class LateRecords(_Plant):
    """Absences of one group become known this many school days later."""

    school_days: int = Field(ge=1, le=60)


class UnderRecording(_Plant):
    """A share of one group's absences is never recorded, so neither features nor labels see it."""

    share: float = Field(gt=0, lt=1)


class SubjectiveOverRecording(_Plant):
    """One group has `factor` times as many subjective incidents on record as took place."""

    factor: float = Field(gt=1, le=20)


class FeedOutage(_Plant):
    """The schools that serve most of one group send no attendance for a stretch of every school year.

    The stretch begins on `from_school_day` (counted from 1); its rows arrive `late_days` calendar days after its end.
    """

    from_school_day: int = Field(ge=1, le=170)
    school_days: int = Field(ge=1, le=120)
    late_days: int = Field(default=21, ge=1, le=120)


class Bias(BaseModel):
    """What is wrong with a simulated county's records; the truth never changes, but for `equal_groups`.

    Attributes
    ----------
    late_records, under_recording, subjective_over_recording, feed_outage : mapping, optional
        The plants. Every one names a group by `attribute` and `value`.
    equal_groups : bool, default False
        All groups share one risk distribution: the county in which an audit must find no gap.

    Examples
    --------
    >>> plant = {"attribute": "race_ethnicity", "value": "Black", "school_days": 15}
    >>> Bias(late_records=plant).late_records.school_days
    15
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    late_records: LateRecords | None = None
    under_recording: UnderRecording | None = None
    subjective_over_recording: SubjectiveOverRecording | None = None
    feed_outage: FeedOutage | None = None
    equal_groups: bool = False


_KEYS = {
    *Bias.model_fields,
    *(
        name
        for plant in (LateRecords, UnderRecording, SubjectiveOverRecording, FeedOutage)
        for name in plant.model_fields
    ),
}


def load_bias(path: str | Path) -> Bias:
    """Read the plants from a YAML file.

    Raises
    ------
    ConfigError
        If the file is not there, is not a mapping, or has an unknown key or an impossible value.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"Expected a YAML file of plants at {path}, but there is none; check the path."
        raise ConfigError(msg)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        msg = f"Expected YAML in {path}, but it does not parse ({str(error).splitlines()[0]}); mend the file."
        raise ConfigError(msg) from error
    if not isinstance(raw, dict):
        known = examples(sorted(Bias.model_fields))
        msg = f"Expected a mapping of plants in {path}, got {type(raw).__name__}; known keys are {known}."
        raise ConfigError(msg)
    try:
        return Bias.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(_sentence(path, error)) from error


def _sentence(path: Path, error: ValidationError) -> str:
    # A misspelt key also leaves its right name missing: say the misspelling.
    first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"Unknown key {where!r} in {path}: {did_you_mean(str(first['loc'][-1]), _KEYS)}"
    return f"Expected another value for {where!r} in {path}, got {first['input']!r}: {first['msg']}."

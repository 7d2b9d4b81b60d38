"""What a job is told: one YAML file, checked before anything runs, unknown keys refused."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from early_id.exceptions import ConfigError, did_you_mean, examples

Capacity = str | int | dict[str, int]
Learner = Literal["monotone", "logistic", "scorecard", "ebm"]
Rule = Literal["pace", "prior_year", "year_to_date", "last_mark", "school_mean", "abc"]
Alternative = Literal[
    "reweighing",
    "drop",
    "label",
    "exponentiated_gradient",
    "threshold_optimizer",
    "correlation_remover",
    "group_cut_offs",
]
ALTERNATIVES: tuple[Alternative, ...] = get_args(Alternative)
LABELS = ("chronic_absence", "course_failure", "suspension")
#: In which facts are said; `phrases.yaml` of `early_id.panel` has the words.
Language = Literal["en", "es"]
#: Who is suggested to reach out, by the domain of the reasons; "many" where they span several.
ROLES: Mapping[str, str] = MappingProxyType(
    {
        "attendance": "family navigator",
        "discipline": "behavioral health coach",
        "grades": "peer specialist",
        "mobility": "family navigator",
        "many": "clinician screening",
    }
)
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
    "string_pattern_mismatch": "words",
    "string_too_short": "text",
    "string_type": "text",
    "too_short": "at least one entry",
    "tuple_type": "a list",
}
_KINDS = {"dict": "keys and values", "list": "a list", "str": "text", "NoneType": "nothing"}


#: The sources a district can be read from; `early_id.district` reads them.
SOURCES = ("folder", "calpads", "edfi", "oneroster", "oulad")


class _Part(BaseModel):
    # The text below a key is its meaning in docs/config.md.
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class DistrictConfig(_Part):
    """Where the district's tables are and how to read them."""

    path: Path
    """Folder of the district's tables or exports, such as the tables `early-id check --out` wrote."""
    source: str = "folder"
    """How they are read: folder, calpads, edfi, oneroster, oulad, or a file of Python with a source of your own."""
    mapping: Path | None = None
    """YAML file with what the district calls its files, columns and words; see docs/sources.md."""

    @field_validator("source")
    @classmethod
    def _named(cls, source: str) -> str:
        if source in SOURCES or source.endswith(".py"):
            return source
        msg = (
            f"Expected one of the sources {', '.join(SOURCES)}, or a file of Python such as my_sis.py, "
            f"for 'district.source', got {source!r}"
        )
        raise ValueError(msg)


class TrackingConfig(_Part):
    """Where experiments, models and sign-offs are recorded."""

    uri: str = Field("sqlite:///mlflow.db", min_length=1)
    """MLflow's store: a SQLite file (artifacts lie in `mlartifacts` beside it) or the address of a tracking server."""
    experiment: str = "early_id"
    """Name under which MLflow groups the runs."""


class LabelConfig(_Part):
    """Which outcome is predicted and how it is counted; see `early_id.panel.Label`."""

    name: str = "chronic_absence"
    """The outcome: chronic_absence, course_failure, suspension (sensitive), or `outcome:<name>` of table outcomes."""
    lag_days: int = Field(14, ge=0)
    """Days after the end of the label's window from which its records count as complete."""
    partial_days: Literal["ignored", "fraction"] = "ignored"
    """Whether a part of a day absent counts: not at all, as the state counts, or as that part."""
    scope: Literal["county", "school"] = "county"
    """Whether what happened in other schools of the county counts, or only in the row's own school."""

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if name not in LABELS and not re.fullmatch(r"outcome:\S.*", name):
            known = [*LABELS, "outcome:<name>"]
            msg = f"Expected a label this library can build in label.name, got {name!r}: {did_you_mean(name, known)}"
            raise ValueError(msg)
        return name


class TrainingConfig(_Part):
    """Which years, which contestants."""

    train_years: tuple[int, ...] | None = None
    """School years to learn from, by the year they end in; default: all before the test years that have a history."""
    test_years: tuple[int, ...] | None = None
    """School years to test on; default: the latest whose labels are complete."""
    every_weeks: int = Field(2, ge=1)
    """Training years are thinned to one date in so many weeks: neighbouring weeks of a student are nearly the same
    row. Test years are always weekly, as the lists are."""
    folds: int = Field(1, ge=1)
    """How many trainings of the past are replayed. What is registered, printed and audited is the latest."""
    fold_by: Literal["year", "term"] = "year"
    """Whether a fold tests a school year or a term."""
    histories: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Also train on only so many school years before each test, to see how much history helps."""
    drop_features: tuple[str, ...] = ()
    """Features of docs/features.md not to learn from."""
    learners: tuple[Learner, ...] = Field(("monotone", "logistic"), min_length=1)
    """What learns a document; see docs/learners.md. `ebm` needs the extra `early-id[ebm]`."""
    rules: tuple[Rule, ...] = ("pace", "prior_year", "school_mean")
    """Rules to be beaten; see docs/learners.md. prior_year and school_mean always run, unless what they read is
    dropped."""
    ceiling: bool = True
    """Whether two black boxes, boosting and a random forest, take part for comparison; they can never be deployed."""
    bags: int = Field(10, ge=0)
    """How often the chosen learner learns again from resampled students, to show how sure its tables are (terms.svg,
    intervals.csv): 0 or at least 2. Ten take two to three times as long as fitting it once."""
    search: dict[Learner, dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]]] = {}
    """Settings of a learner to try in all combinations, inside the training years and before the backtest."""
    max_imputed_share: float = Field(0.2, ge=0, le=1)
    """Where more than this share of a table's `known_at` is assumed, time safety reads "not proven", whatever the trial
    finds."""
    # scikit-learn takes no larger seed.
    seed: int = Field(0, ge=0, lt=2**32)
    """Equal seeds give equal models."""

    @field_validator("learners", "rules", "drop_features", "train_years", "test_years", "histories")
    @classmethod
    def _once(cls, values: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        twice = [value for value in values or () if (values or ()).count(value) > 1]
        if twice:
            msg = f"Expected every entry of a list of the training once, got {examples(twice)} again; leave it out."
            raise ValueError(msg)
        return values

    @model_validator(mode="after")
    def _apart(self) -> TrainingConfig:
        both = set(self.train_years or ()) & set(self.test_years or ())
        if both:
            msg = (
                f"Expected school years to test on that are not trained on, got {examples(sorted(both))} in both; "
                "take them out of training.train_years or training.test_years."
            )
            raise ValueError(msg)
        return self

    @field_validator("bags")
    @classmethod
    def _two_bags(cls, value: int) -> int:
        if value == 1:
            msg = "Expected 0 or at least 2 bags, got 1: one draw says nothing of how far draws differ."
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _searched(self) -> TrainingConfig:
        idle = [name for name in self.search if name not in self.learners]
        if idle:
            msg = f"Expected learners of training.learners in training.search, got {examples(idle)}; add them there."
            raise ValueError(msg)
        return self

    @property
    def candidates(self) -> int:
        """How many settings are tried before the backtest."""
        return sum(math.prod(map(len, grid.values())) for grid in self.search.values())


class GateConfig(_Part):
    """What a model has to clear before a reviewer is asked; see `early_id.evaluation.check_quality`."""

    better_than_rules: float = Field(0.0, ge=0, lt=1)
    """Early in the year the list's precision exceeds that of every rule by more than this: the lower end of the
    interval of the difference lies above it."""
    worse_than_rules: float = Field(0.01, ge=0, lt=1)
    """Over the whole year it is at most so far below that of any rule."""
    slope_overlaps: tuple[float, float] = (0.9, 1.1)
    """In every period the interval of the calibration slope overlaps this range."""
    slope_within: tuple[float, float] = (0.7, 1.4)
    """In every period the interval of the calibration slope lies inside this range."""
    below_ceiling: float = Field(0.02, ge=0, lt=1)
    """The AUROC is at most so far below that of the best black box."""
    within_school: float = Field(0.55, ge=0.5, lt=1)
    """In every period the lower end of the interval of the AUROC within schools lies above this."""
    time_safety: Literal["passed", "not proven"] = "passed"
    """The least that the proof of time safety has to say."""

    @field_validator("slope_overlaps", "slope_within")
    @classmethod
    def _range(cls, ends: tuple[float, float]) -> tuple[float, float]:
        if not 0 < ends[0] < ends[1]:
            msg = f"Expected a range of slopes of the gate as two numbers, the smaller above 0 first, got {list(ends)}."
            raise ValueError(msg)
        return ends


class AuditConfig(_Part):
    """How the equity audit judges."""

    tolerance: float = Field(0.05, gt=0, lt=1)
    """A larger difference that is certainly to a group's disadvantage is a gap; an interval within it is a pass."""
    replicates: int = Field(2000, ge=200)
    """Resamples of the students from which intervals are taken."""
    reference: dict[str, str] = {}
    """By attribute, a group that the others are compared with besides everyone else."""


class MitigationConfig(_Part):
    """What to do about a difference between groups, and what to compare; see docs/mitigation.md."""

    attribute: str | None = None
    """Attribute of the table `groups` that this is about; default: the one of the group the list is most surely behind
    for, of those of whom enough are listed and enough are not for a difference to be printed."""
    reweighing: bool = False
    """Whether learners learn with weights that make the groups of `attribute` alike in the outcome. Groups are looked
    at while learning, never when a score is made; the document says so."""
    alternatives: tuple[Alternative, ...] = ALTERNATIVES
    """What the audit compares with the list as it is; each trains the learner once or a few times more. An empty list
    tries nothing."""
    labels: tuple[str, ...] = ("chronic_absence", "course_failure")
    """Other outcomes by which the lists are judged and a model is learned, as far as the district's tables hold them;
    the label itself is left out."""

    @field_validator("labels")
    @classmethod
    def _labels(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(LabelConfig(name=name).name for name in labels)

    @model_validator(mode="after")
    def _about(self) -> MitigationConfig:
        if self.reweighing and self.attribute is None:
            msg = (
                "Expected mitigation.attribute, the attribute of the table groups to reweigh by, with "
                "mitigation.reweighing, got none; name it."
            )
            raise ValueError(msg)
        return self


class ListsConfig(_Part):
    """Where weekly lists go, who is suggested for which leading reason, and how old attendance may be."""

    out: Path = Path("flags")
    """Folder of the weekly lists; each outcome needs one of its own."""
    roles: dict[str, str] = Field(default_factory=lambda: dict(ROLES))
    """Who is suggested by the domain of the reasons, `many` where they span several; what is not named keeps its
    default."""
    language: Language = "en"
    """In which reasons and strengths are written: English or Spanish."""
    held_back: tuple[str, ...] = ()
    """Features, concepts or domains of docs/features.md that a list never says, such as discipline; they still count in
    the score."""
    max_days_behind: int = Field(10, ge=0)
    """A school whose attendance is more school days old than this gets no list; its students are named."""

    @field_validator("roles")
    @classmethod
    def _roles(cls, roles: dict[str, str]) -> dict[str, str]:
        unknown = [name for name in roles if name not in ROLES]
        if unknown:
            msg = f"Expected roles by domain in lists.roles, got {unknown[0]!r}: {did_you_mean(unknown[0], ROLES)}"
            raise ValueError(msg)
        return {**ROLES, **roles}


class Config(_Part):
    """Everything one district's jobs need.

    Paths are taken from the folder of the file they are written in.
    """

    district: DistrictConfig
    capacity: Capacity
    """How many students each school's team can reach in a week: a share such as "5%", a number such as 25, or numbers
    by school in quotes with "*" for all others."""
    purpose: str = Field(
        "Outreach by the school's mental-health and wellness team to students on the list; no other use.",
        pattern=r"\S",
    )
    """What the lists may be used for; printed in every export."""
    models: Path = Path("models")
    """Folder of the trained documents and their backtests, which hold rows of students."""
    tracking: TrackingConfig = TrackingConfig()
    label: LabelConfig = LabelConfig()
    training: TrainingConfig = TrainingConfig()
    gate: GateConfig = GateConfig()
    audit: AuditConfig = AuditConfig()
    mitigation: MitigationConfig = MitigationConfig()
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
            "check the path, or write one: see configs/chronic_absence.yaml."
        )
        raise ConfigError(msg)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        found = getattr(error, "problem", None) if isinstance(error, _DuplicateKey) else None
        found = found or f"text that cannot be read{_line(error)}"
        msg = f"Expected YAML in {path.name}, got {found}; correct it there."
        raise ConfigError(msg) from error
    if not isinstance(content, dict):
        msg = f"Expected keys and values in {path.name}, got {_kind(content)}; see configs/chronic_absence.yaml."
        raise ConfigError(msg)
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        raise ConfigError(_sentence(path.name, error)) from None
    return _anchored(config, path.resolve().parent)


class _DuplicateKey(yaml.MarkedYAMLError):
    """A key that is there twice: YAML itself would take the last one and say nothing."""


class KeysOnce(yaml.constructor.BaseConstructor):
    """Part of a YAML loader: every key may be there once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Make a mapping of a node, unless it names a key twice."""
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    line = key.start_mark.line + 1
                    problem = f"the key {key.value!r} twice, again at line {line}"
                    raise _DuplicateKey(problem=problem, problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


class _Loader(KeysOnce, yaml.SafeLoader):
    """Plain values only, and every key once."""


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
        return f"Expected the key {where!r} in {file}, found none; add it, see configs/chronic_absence.yaml."
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
    """Make the paths of a configuration absolute, from the folder of its file; `~` is the user's own."""

    def anchored(path: Path | str) -> Path:
        return Path(os.path.normpath(folder / Path(path).expanduser()))

    uri = config.tracking.uri
    prefix = "sqlite:///"
    if uri.startswith(prefix):
        uri = f"{prefix}{anchored(uri.removeprefix(prefix))}"
    elif "://" not in uri:
        uri = str(anchored(uri))
    district: dict[str, Path | str] = {"path": anchored(config.district.path)}
    if config.district.mapping is not None:
        district["mapping"] = anchored(config.district.mapping)
    if config.district.source.endswith(".py"):
        district["source"] = str(anchored(config.district.source))
    return config.model_copy(
        update={
            "district": config.district.model_copy(update=district),
            "models": anchored(config.models),
            "tracking": config.tracking.model_copy(update={"uri": uri}),
            "lists": config.lists.model_copy(update={"out": anchored(config.lists.out)}),
        }
    )

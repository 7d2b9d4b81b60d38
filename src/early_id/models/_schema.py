"""The document as JSON: one versioned schema, canonical text, a hash that any changed digit breaks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from early_id.exceptions import DataError, examples
from early_id.models._provenance import thawed

if TYPE_CHECKING:
    from early_id.models._document import AdditiveModel

#: Without pairs, and with them. A document is written in the first version that can say it, so that what was signed
#: before there were pairs keeps its text and its hash.
SCHEMAS = ("early-id/additive-model/1", "early-id/additive-model/2")
LIMIT = 1_000_000

Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**53)]


class _Strict(BaseModel):
    # Strict: text is not a number and True is not 1. Extra keys are refused: what is not read is not signed.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Feature(_Strict):
    name: str
    concept: str
    domain: str
    direction: Literal[-1, 0, 1]
    unit: str
    phrase: str
    changeable: bool


class _Term(_Strict):
    feature: str
    kind: Literal["step", "linear", "category"]
    edges: list[Number]
    values: list[Number]
    missing: Number
    mean: Number
    categories: list[str] | list[Number]


class _Calibration(_Strict):
    slope: Number
    intercept: Number
    folds: Count


class _Axis(_Strict):
    feature: str
    shares: list[Number]
    edges: list[Number]
    categories: list[str] | list[Number]


class _Pair(_Strict):
    first: _Axis
    second: _Axis
    values: list[list[Number]]
    mean: Number


class _Period(_Strict):
    from_day: Count
    to_day: Count | None
    intercept: Number
    terms: list[_Term]
    n_rows: Count
    n_students: Count
    n_events: Count
    calibration: _Calibration | None


class _PeriodWithPairs(_Period):
    pairs: Annotated[list[_Pair], Field(min_length=1)]


class _Document(_Strict):
    schema_: Annotated[str, Field(alias="schema")]
    sha256: str
    label: str
    features: list[_Feature]
    periods: list[_Period]
    provenance: dict[str, Any]


class _DocumentWithPairs(_Document):
    periods: list[_PeriodWithPairs]  # type: ignore[assignment]


_READERS: dict[str, type[_Document]] = dict(zip(SCHEMAS, (_Document, _DocumentWithPairs), strict=True))


def content(model: AdditiveModel) -> dict[str, Any]:
    """Return everything the hash covers: the whole document but the hash itself."""
    periods = [asdict(period) for period in model.periods]
    if not model.pair_names:
        for period in periods:
            del period["pairs"]
    return {
        "schema": SCHEMAS[bool(model.pair_names)],
        "label": model.label,
        "features": [asdict(feature) for feature in model.features],
        "periods": periods,
        "provenance": thawed(model.provenance),
    }


def digest(what: dict[str, Any]) -> str:
    """Return the SHA-256 of the canonical text."""
    return hashlib.sha256(_canonical(what).encode("ascii")).hexdigest()


def dumps(model: AdditiveModel) -> str:
    """Write the canonical text with the hash inside."""
    what = content(model)
    text = _canonical({**what, "sha256": digest(what)})
    if len(text) > LIMIT:
        msg = (
            f"a document may take {LIMIT:,} bytes, but this one takes {len(text):,}; "
            f"use fewer features{', pairs' if model.pair_names else ''} or bins."
        )
        raise DataError(msg)
    return text


def loads(text: str | bytes) -> AdditiveModel:
    """Read the text, check it against the schema, build the document and compare the hash."""
    raw = _parse(text)
    version = raw.get("schema")
    if version not in SCHEMAS:
        msg = (
            f"a document needs a schema among {examples(SCHEMAS)}, but this one has {version!r}; "
            "use the version of early_id that wrote it."
        )
        raise DataError(msg)
    try:
        read = _READERS[version].model_validate(raw)
    except ValidationError as error:
        _explain(error, version)
    model = _build(read)
    if model.sha256 != read.sha256:
        msg = (
            f"the document says its SHA-256 is {read.sha256[:12]}…, its content has {model.sha256[:12]}…: "
            "it was altered after it was written; take the signed original."
        )
        raise DataError(msg)
    return model


def _build(read: _Document) -> AdditiveModel:
    from early_id.models._document import AdditiveModel  # the document's methods need this module first
    from early_id.models._pairs import Axis, Pair
    from early_id.models._parts import Calibration, FeatureInfo, Period
    from early_id.models._terms import Term

    def term(part: _Term) -> Term:
        lists = {key: tuple(getattr(part, key)) for key in ("edges", "values", "categories")}
        return Term(part.feature, part.kind, missing=part.missing, mean=part.mean, **lists)

    def axis(part: _Axis) -> Axis:
        lists = {key: tuple(getattr(part, key)) for key in ("shares", "edges", "categories")}
        return Axis(part.feature, **lists)

    def pair(part: _Pair) -> Pair:
        return Pair(axis(part.first), axis(part.second), tuple(map(tuple, part.values)), part.mean)

    def period(part: _Period) -> Period:
        fields = part.model_dump(exclude={"terms", "calibration", "pairs"})
        calibration = Calibration(**part.calibration.model_dump()) if part.calibration else None
        pairs = part.pairs if isinstance(part, _PeriodWithPairs) else ()
        return Period(
            **fields,
            terms=tuple(term(one) for one in part.terms),
            calibration=calibration,
            pairs=tuple(pair(one) for one in pairs),
        )

    return AdditiveModel(
        label=read.label,
        features=tuple(FeatureInfo(**feature.model_dump()) for feature in read.features),
        periods=tuple(period(one) for one in read.periods),
        provenance=read.provenance,
    )


def _canonical(what: dict[str, Any]) -> str:
    # Python writes the shortest digits that read back to the same float64.
    return json.dumps(what, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _parse(text: str | bytes) -> dict[str, Any]:
    if not isinstance(text, str | bytes):
        msg = f"a model document must be text or bytes, but is a {type(text).__name__}; read the file first."
        raise DataError(msg)
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > LIMIT:
        msg = f"a document may take {LIMIT:,} bytes, but this text takes {size:,}; it is no model document."
        raise DataError(msg)
    try:
        raw = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_repeats)
    except (ValueError, RecursionError) as error:
        msg = f"a model document must be valid JSON, but {error}; take the file as early_id wrote it."
        raise DataError(msg) from error
    if not isinstance(raw, dict):
        msg = (
            f"a model document must be a JSON object, but is a {type(raw).__name__}; "
            "take the file as early_id wrote it."
        )
        raise DataError(msg)
    return raw


def _no_constant(name: str) -> NoReturn:
    msg = f"it holds {name}, which is not a finite number"
    raise ValueError(msg)


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        msg = f"it repeats the key {examples(key for key in keys if keys.count(key) > 1)}"
        raise ValueError(msg)
    return result


def _explain(error: ValidationError, version: str) -> NoReturn:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    what = {"extra_forbidden": "it is not a known key", "missing": "it is missing"}.get(
        first["type"], first["msg"]
    )
    msg = (
        f"the document does not fit schema {version!r} at {place!r}: {what} ({error.error_count()} places in "
        "all); correct it."
    )
    raise DataError(msg) from error

"""What a district adds to its CALPADS files: names, the ends of terms, and meanings of codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic import ConfigDict, Field

from early_id.district._sources._codes import code_sets, use_codes
from early_id.district._sources._mapping import MappingShape, shaped
from early_id.exceptions import ConfigError, did_you_mean, examples

if TYPE_CHECKING:
    import duckdb

#: Code sets whose meanings are read by the library: a district's own codes have to be given one of these.
_CLOSED = {
    "status": (),
    "grade": (),
    "exit": (),
    "completion": ("no_diploma", "graduate", "other"),
    "english": ("yes", "no", "unknown"),
    "special_education": ("yes", "no", "unknown"),
    "membership": (),
    "result": (),
    "yes_no": (),
    "basis": ("subjective", "objective"),
    "core": ("yes", "no"),
}


class CalpadsMapping(MappingShape):
    """The mapping file of the source `calpads`."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    schools: Mapping[str, str] = Field(default_factory=dict)
    districts: Mapping[str, str] = Field(default_factory=dict)
    terms: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)


def use_mapping(connection: duckdb.DuckDBPyConnection, mapping: Mapping[str, Any]) -> None:
    """Check the mapping and let queries ask it: `meaning(set, code)`, `school_names`, `district_names`, `term_ends`.

    Raises
    ------
    ConfigError
        If it has a key, a code set, a meaning or a day that is not understood.
    """
    own = shaped(mapping, CalpadsMapping, "calpads")
    _check_codes(own.codes)
    use_codes(connection, "calpads", own.codes)
    # Not as MACROs: a table can be joined.
    for table, names in (("school_names", own.schools), ("district_names", own.districts)):
        _keep(connection, table, {"id": list(names), "name": list(names.values())})
    ends = [(term, year, day) for term, years in own.terms.items() for year, day in years.items()]
    terms, years, days = ([end[part] for end in ends] for part in range(3))
    _keep(connection, "term_texts", {"term": terms, "year": years, "day": days})
    connection.execute(
        "CREATE TABLE term_ends AS FROM term_texts SELECT term, TRY_CAST(year AS BIGINT) AS ends_in, "
        "TRY_CAST(day AS DATE) AS ends_on"
    )
    bad = connection.sql(
        r"FROM term_texts SELECT term, year, day WHERE TRY_CAST(day AS DATE) IS NULL "
        r"OR NOT regexp_full_match(year, '(19|20)\d\d')"
    ).fetchall()
    if bad:
        shown = examples(f"{term}: {year}: {day}" for term, year, day in bad)
        msg = (
            f"Expected `terms` as term, year in which the school year ends, and last day (S1: 2025: 2024-12-20), "
            f"got {shown}; see docs/sources.md."
        )
        raise ConfigError(msg)


def _check_codes(codes: Mapping[str, Mapping[str, str]]) -> None:
    sets = code_sets("calpads")
    for name, words in codes.items():
        if name not in sets or name == "unread":
            known = [known for known in sets if known != "unread"]
            msg = f"Expected a code set under `codes`, got {name!r}: {did_you_mean(name, known)}"
            raise ConfigError(msg)
        allowed = list(dict.fromkeys(_CLOSED[name] or sets[name].values())) if name in _CLOSED else None
        strange = [word for word in words.values() if allowed is not None and word not in allowed]
        if strange:
            msg = (
                f"Expected a meaning under `codes: {name}` that the library reads ({', '.join(allowed or [])}), "
                f"got {examples(strange)}; see docs/sources.md."
            )
            raise ConfigError(msg)


def _keep(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, list[str]]) -> None:
    connection.register(
        "arriving", pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    )
    connection.execute(f"CREATE TABLE {table} AS FROM arriving")
    connection.unregister("arriving")

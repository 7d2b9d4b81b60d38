"""Remake the generated pages of docs/: features, rules of `early-id check`, tables, learners, keys of a configuration.

Run: python -m experiments.docs
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from early_id.config import Config
from early_id.district import TABLES, rule_frame, simulate_district
from early_id.models import PointScorecardClassifier
from early_id.panel import build_panel, catalog_frame
from early_id.pipeline._train import RULES

DOCS = Path(__file__).parent.parent / "docs"


def _table(columns: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def features_page() -> str:
    """Write the catalogue as a page."""
    frame = catalog_frame().reset_index()
    words = {1: "more raises the score", -1: "more lowers the score", 0: "free"}
    rows = [
        [f"`{row['name']}`", row["concept"], row["domain"], str(row["window"]), row["unit"], words[row["direction"]],
         "yes" if row["changeable"] else "no", row["phrase"] or "–"]
        for _, row in frame.iterrows()
    ]  # fmt: skip
    columns = [
        "feature",
        "concept",
        "domain",
        "window (school days)",
        "unit",
        "direction",
        "changeable",
        "as a reason",
    ]
    return (
        "# Features\n\nMade by `make docs` from `early_id.panel.CATALOG`. Windows end on the last school day up to the "
        "as-of date, `first_month` on the school's 20th school day at the latest; unknown is missing, never zero.\n\n"
        + _table(columns, rows)
    )


def rules_page() -> str:
    """Write the rules of `early-id check` as a page."""
    frame = rule_frame()
    rows = [
        [f"`{r['code']}`", r["severity"], r["title"], r["cause"], r["remedy"]] for _, r in frame.iterrows()
    ]
    return (
        "# Rules of `early-id check`\n\nMade by `make docs`. Rows that break an error-level rule go to quarantine; "
        "warnings are reported and the rows are kept.\n\n"
        + _table(["rule", "severity", "title", "cause", "remedy"], rows)
    )


def data_page() -> str:
    """Write the canonical tables as a page."""
    parts = [
        "# Canonical tables\n\nMade by `make docs` from `early_id.district.TABLES`. One file per table, "
        "`<table>.parquet` or `<table>.csv`, in one folder. Days are written YYYY-MM-DD, ids are text. Tables with "
        "`known_at` hold every version of a record: it is visible on a day if it was known by then and not retracted "
        "by then; a correction is a retraction plus a new row. Only `schools`, `enrollments` and `calendar` are "
        "required; of the others leave out a file rather than sending it empty.\n"
    ]
    for table in TABLES.values():
        key = ", ".join(f"`{name}`" for name in table.key)
        late = f" Without `known_at` a row counts as known {table.assumed_lag_days} days after `{table.occurred}`."
        need = "required" if table.required else "optional"
        about = f"{table.about} Key: {key}; the table is {need}.{late if table.occurred else ''}"
        parts.append(f"## {table.name}\n\n{about}\n")
        rows = [
            [f"`{name}`", column.meaning, column.kind, "yes" if column.required else "no",
             "yes" if column.nullable else "no", ", ".join(column.allowed) or _range(column.low, column.high)]
            for name, column in table.all_columns.items()
        ]  # fmt: skip
        parts.append(_table(["column", "meaning", "type", "must be there", "may be empty", "values"], rows))
        cells = ",".join(column.example for column in table.all_columns.values())
        parts.append(f"```\n{','.join(table.all_columns)}\n{cells}\n```\n")
    parts.append(
        "## A simulated county\n\n`early-id simulate OUT` writes these tables for a made-up county, with "
        "`truth.parquet` beside them: the true risk of every student over time, which `early-id check` knows and does "
        "not read. Chronic absence and suspension are as frequent as California reports them, by group. Schools "
        "explain 10–20 % of the variance of the log-odds of absence on a calm day; of that of observed yearly absence "
        "rates that is 2–5 %, as regimes and chance are not the school's.\n"
    )
    return "\n".join(parts)


def _range(low: int | None, high: int | None) -> str:
    return "" if low is None or high is None else f"{low} to {high:,}"


def learners_page() -> str:
    """Write what is compared with what, and one card."""
    learners = [
        ["`monotone`", "`MonotoneAdditiveClassifier`", "boosted steps that keep their directions; the default"],
        ["`logistic`", "`LogisticAdditiveClassifier`", "straight lines or steps; directions are not enforced"],
        ["`scorecard`", "`PointScorecardClassifier`",
         "at most ten features, one of each concept, in whole points that keep their directions"],
    ]  # fmt: skip
    rules = [
        [f"`{key}`", f"`{rule.__name__}`", str(rule.__doc__).partition("\n")[0].rstrip("."),
         ", ".join(f"`{name}`" for name in rule.columns) or "the school, of the index"]
        for key, (_, rule) in RULES.items()
    ]  # fmt: skip
    county = simulate_district(students=600, schools=4, districts=1, years=3, seed=1)
    dates = [f"{year}-{day}" for year in (2022, 2023) for day in ("10-09", "12-04")]
    panel = build_panel(county, label="chronic_absence", as_of=dates)
    document = PointScorecardClassifier().fit(panel.X, panel.y).document_
    return "\n".join(
        [
            "# Learners and rules\n\nMade by `make docs`. Every learner fits a document ([document.md](document.md)); "
            "a training compares those of `training.learners` with the rules of `training.rules` at the same list "
            "size.\n",
            _table(["in a configuration", "class", "what it fits"], learners),
            "A rule gives an order and no probability. It needs its columns: they cannot be in "
            "`training.drop_features`. The school-mean rule tells how much of an AUROC is only telling schools "
            "apart.\n",
            _table(["in a configuration", "class", "order", "columns"], rules),
            "## A card\n\nWhat `PointScorecardClassifier().fit(panel.X, panel.y).document_.to_card()` prints for a "
            "small made-up county in autumn. The card is made of the document alone, so a signed document prints the "
            "card that was signed; the sum of points gives the document's own probability.\n",
            f"```\n{document.to_card().partition(chr(10) * 2)[2]}\n```\n",
        ]
    )


_WORDS = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Path": "path"}
_BOUNDS = {"ge": "from", "gt": "above", "le": "up to", "lt": "below"}


def config_page() -> str:
    """Write the keys of a configuration as a page."""
    own = {name: field for name, field in Config.model_fields.items() if _part(field) is None}
    parts = [
        "# Keys of a configuration\n\nMade by `make docs` from `early_id.config`. One YAML file per district and "
        "outcome; `configs/` holds one for each outcome. Paths are taken from the folder of the file. A key that is "
        "not listed here is refused, with the nearest one that is. What has no default must be given.\n",
        _keys_table("", own),
    ]
    for name, field in Config.model_fields.items():
        part = _part(field)
        if part is not None:
            about = " ".join((part.__doc__ or "").split())
            parts.append(f"## {name}\n\n{about}\n\n{_keys_table(f'{name}.', part.model_fields)}")
    return "\n".join(parts)


def _part(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _keys_table(prefix: str, fields: dict[str, FieldInfo]) -> str:
    rows = []
    for name, field in fields.items():
        meaning = " ".join((field.description or "").split())
        rows.append([f"`{prefix}{name}`", _kind(field.annotation, field.metadata), _default(field), meaning])
    return _table(["key", "type", "default", "meaning"], rows)


def _kind(kind: Any, bounds: list[Any]) -> str:
    """Say a type in words of a YAML file."""
    origin, inner = get_origin(kind), [each for each in get_args(kind) if each is not type(None)]
    if origin is Annotated:
        return _kind(inner[0], inner[1:])
    if origin is Literal:
        return " or ".join(map(str, inner))
    if origin in {Union, types.UnionType}:
        return ", or ".join(_kind(each, bounds) for each in inner)
    if origin is tuple:
        several = "list of" if Ellipsis in inner else f"list of {len(inner)}"
        return f"{several}: {_kind(inner[0], [])}"
    if origin is dict:
        return "keys and values"
    bounds = [part for bound in bounds for part in getattr(bound, "metadata", [bound])]
    limits = [
        f"{word} {getattr(bound, name):,}"
        for bound in bounds
        for name, word in _BOUNDS.items()
        if hasattr(bound, name)
    ]
    return " ".join([_WORDS[kind.__name__], *limits])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "–"
    value = field.get_default(call_default_factory=True)
    if value is None or value == {} or value == ():
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {word}" for name, word in value.items())
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> None:
    """Write all pages."""
    (DOCS / "config.md").write_text(config_page(), encoding="utf-8")
    (DOCS / "features.md").write_text(features_page(), encoding="utf-8")
    (DOCS / "rules.md").write_text(rules_page(), encoding="utf-8")
    (DOCS / "data.md").write_text(data_page(), encoding="utf-8")
    (DOCS / "learners.md").write_text(learners_page(), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The commands. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import re
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from early_id.cli._screen import fail, narrate, say, table
from early_id.exceptions import ConfigError, EarlyIdError

if TYPE_CHECKING:
    from early_id.config import Capacity

app = typer.Typer(
    name="early-id",
    help=(
        "Early identification of students who may need a caring adult to reach out: interpretable, audited, "
        "signed off."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ConfigFile = Annotated[Path, typer.Option("--config", help="The district's configuration (YAML).")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Where to write.")]
DEFAULT_CONFIG = Path("early_id.yaml")
#: Lines on the screen about what changed against the champion; the whole text is in diff.txt.
SHORT = 10

#: `attribute=group: reason` or `metric:attribute=group: reason`, the two ways an audit names a group.
_NAMED = re.compile(r"\s*((?:[^:=]+:)?[^:=]+=[^:]+):\s*(\S.*)")


def main() -> None:
    """Run the command line; a user's mistake is one sentence and an exit code, never a traceback."""
    try:
        app()
    except EarlyIdError as error:
        fail(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        if error.filename is None:  # no file of the user's: a fault of ours, which a traceback helps to find
            raise
        reason = (error.strerror or type(error).__name__).lower()
        fail(
            f"Expected to read or write {str(error.filename)!r}, got: {reason}; check the path and its permissions."
        )
        sys.exit(ConfigError.exit_code)


def _day(text: str, option: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no time zone
    except ValueError as error:
        msg = f"Expected a day such as 2026-11-22 for {option}, got {text!r}."
        raise ConfigError(msg) from error


def _capacity(text: str | None) -> Capacity | None:
    from early_id.config import read_capacity

    return None if text is None else read_capacity(int(text) if text.isdecimal() else text)


def _named(values: list[str] | None, option: str) -> dict[str, str]:
    """Read options such as `attribute=group: reason` into a mapping."""
    found = {}
    for value in values or []:
        parts = _NAMED.fullmatch(value)
        if parts is None:
            msg = f"Expected {option} 'attribute=group: reason', got {value!r}; name the group as the audit does."
            raise ConfigError(msg)
        name = parts[1].strip()
        if name in found:
            msg = f"Expected one {option} per group, got {name!r} twice; keep one, with the whole reason."
            raise ConfigError(msg)
        found[name] = parts[2].strip()
    return found


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything the demo makes.")] = Path("early_id_demo"),
    students: Annotated[int, typer.Option(help="Students enrolled at a time.")] = 5000,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal results.")] = 0,
) -> None:
    """Simulate a county, train, audit, sign off as the demo reviewer, publish this week's lists, write the reports."""
    from early_id.cli._tables import demo_tables

    with narrate(21) as tell:
        from early_id.pipeline import run_demo

        result = run_demo(out, students=students, seed=seed, tell=tell)
    for title, columns, rows in demo_tables(result):
        table(title, columns, rows)
    for name, path in result.pages.items():
        say(f"Open ({name}): {path}")


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(help="New folder for the county and truth.parquet.")],
    students: Annotated[int, typer.Option(help="Students enrolled at a time.")] = 5000,
    schools: Annotated[int, typer.Option(help="Schools in the county.")] = 12,
    districts: Annotated[int, typer.Option(help="Districts the schools belong to.")] = 3,
    years: Annotated[int, typer.Option(help="School years; the last one is running.")] = 4,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal tables.")] = 0,
    bias: Annotated[Path | None, typer.Option(help="YAML of planted biases; default is none.")] = None,
    layout: Annotated[
        Literal["folder", "edfi"],
        typer.Option("--format", help="Canonical tables, or a complete Ed-Fi export."),
    ] = "folder",
) -> None:
    """Write a simulated county whose true risks are known."""
    with narrate(1) as tell:
        tell("Simulating a county")
        from early_id.pipeline import write_simulated

        counts = write_simulated(
            out,
            students=students,
            schools=schools,
            districts=districts,
            years=years,
            seed=seed,
            bias=bias,
            layout=layout,
        )
    table(f"Simulated county in {out}", ["table", "rows"], [[name, f"{n:,}"] for name, n in counts.items()])
    how = f" --source edfi --mapping {out / 'mapping.yaml'}" if layout == "edfi" else ""
    say(f"Next: early-id check {out}{how}")


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="The district's exports.")],
    source: Annotated[
        str,
        typer.Option(
            help="folder, calpads, edfi, oneroster, oulad, or a file of Python with a source of your own."
        ),
    ] = "folder",
    mapping: Annotated[
        Path | None, typer.Option(help="YAML file with what the district calls things; see docs/sources.md.")
    ] = None,
    out: OutOption = None,
) -> None:
    """Read and validate tables; with --out write the good rows, the quarantined ones and check.json."""
    from early_id.cli._tables import broken_rules, check_lines, check_tables
    from early_id.district import check_district, write_check

    with narrate(2) as tell:
        tell("Reading and checking")
        result = check_district(path, source=source, mapping=mapping)
        if out is not None:
            tell("Writing")
            write_check(result, out)
    for title, columns, rows in check_tables(result):
        table(title, columns, rows)
    for line in check_lines(result):
        say(line)
    if out is not None:
        say(f"Good rows: {out}")
    if not result.ok:
        fail(broken_rules(result, out))
        raise typer.Exit(1)


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="The district's configuration (YAML).")] = DEFAULT_CONFIG,
) -> None:
    """Backtest all contestants, choose, log to MLflow, register @candidate."""
    from early_id.cli._tables import metrics_table, quality_table
    from early_id.config import load_config

    settings = load_config(config)
    with narrate(7 + settings.training.candidates) as tell:
        from early_id import pipeline

        result = pipeline.train(settings, tell=tell)
    table(*metrics_table(result.metrics, result.backtest.capacity))
    table(*quality_table(result.quality))
    say(result.safety.sentence())
    for line in result.comparison.lines(SHORT):
        say(line)
    say(f"Chosen: {result.backtest.deployable}, version {result.version}, SHA-256 {result.document.sha256}")
    say(f"Files: {result.folder}")
    say(f"Run page: {result.page}")
    if result.server_command:
        say(f"To see it, first: {result.server_command}")


@app.command()
def audit(
    model: Annotated[str, typer.Option(help="@candidate, @champion, @previous or a version.")] = "@candidate",
    capacity: Annotated[
        str | None, typer.Option(help="List size: 25 or 5%; default is the configured one.")
    ] = None,
    out: OutOption = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Audit a trained model's lists by group and write audit.json and audit.html."""
    from early_id.cli._tables import gate_lines, verdict_table
    from early_id.config import load_config

    settings = load_config(config)
    with narrate(3) as tell:
        from early_id import pipeline

        result = pipeline.audit(settings, model=model, capacity=_capacity(capacity), out=out, tell=tell)
    table(*verdict_table(result.audit))
    for line in gate_lines(result.json):
        say(line)
    say(f"Open: {result.html}")
    say(f"To sign: {result.json}")


@app.command()
def explain(
    model: Annotated[str, typer.Option(help="@candidate, @champion, @previous or a version.")] = "@champion",
    student: Annotated[str | None, typer.Option(help="One student's id.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="A day as YYYY-MM-DD; default is the last Sunday with data.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Another model to compare with, such as @previous; needs --out.")
    ] = None,
    out: OutOption = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Show what a model looks at, or why one student's score is what it is."""
    from early_id.cli._tables import explanation_tables
    from early_id.config import load_config

    settings = load_config(config)
    as_of = None if as_of is None else _day(as_of, "--as-of").isoformat()
    with narrate(3) as tell:
        from early_id import pipeline

        title, frame = pipeline.explain(
            settings, model=model, student=student, as_of=as_of, against=against, out=out, tell=tell
        )
    say(title)
    for heading, columns, rows in explanation_tables(frame):
        table(heading, columns, rows)


@app.command()
def promote(
    reviewer: Annotated[str, typer.Option(help="Name and role of the person who decides.")],
    audit: Annotated[Path, typer.Option(help="The audit.json of this model.")],
    expires: Annotated[str, typer.Option(help="Last day on which the sign-off holds, as YYYY-MM-DD.")],
    model: Annotated[str, typer.Option(help="@candidate or a version.")] = "@candidate",
    exception: Annotated[
        list[str] | None,
        typer.Option(help="For each group with a gap: 'attribute=group: reason'. May be repeated."),
    ] = None,
    acknowledge: Annotated[
        list[str] | None,
        typer.Option(
            help="For each group that could not be judged: 'attribute=group: reason'. May be repeated."
        ),
    ] = None,
    signed_on: Annotated[
        str | None, typer.Option(help="Day of the decision, as YYYY-MM-DD; default is today.")
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Sign a model after its audit; it becomes the one that makes the weekly lists."""
    from early_id import pipeline
    from early_id.config import load_config

    record = pipeline.promote(
        load_config(config),
        reviewer=reviewer,
        audit=audit,
        model=model,
        signed_on=date.today() if signed_on is None else _day(signed_on, "--signed-on"),  # noqa: DTZ011 - the local day
        expires_on=_day(expires, "--expires"),
        exceptions=_named(exception, "--exception"),
        acknowledged=_named(acknowledge, "--acknowledge"),
    )
    say(f"Signed by {record.reviewer} until {record.expires_on.isoformat()}, record {record.sha256}")


@app.command()
def rollback(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Go back to the model used before."""
    from early_id import pipeline
    from early_id.config import load_config

    say(f"Version {pipeline.rollback(load_config(config))} makes the lists again.")


@app.command()
def flag(
    as_of: Annotated[str, typer.Option("--as-of", help="The Sunday that ends the week, as YYYY-MM-DD.")],
    config: ConfigFile = DEFAULT_CONFIG,
    out: OutOption = None,
) -> None:
    """Publish the weekly lists with the signed model; refuses without a valid sign-off."""
    from early_id.cli._tables import lists_table
    from early_id.config import load_config

    settings = load_config(config)
    with narrate(4) as tell:
        from early_id import pipeline

        result = pipeline.weekly_flags(settings, as_of=_day(as_of, "--as-of").isoformat(), out=out, tell=tell)
    table(*lists_table(result))
    say(f"Lists: {result.folder}")
    say(f"Open: {result.summary}")

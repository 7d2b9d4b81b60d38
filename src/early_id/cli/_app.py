"""The commands. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from early_id.cli._screen import fail, narrate, say, table
from early_id.exceptions import ConfigError, EarlyIdError

app = typer.Typer(
    name="early-id",
    help="Early identification of students who may need a caring adult to reach out: interpretable, audited, signed off.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ConfigFile = Annotated[Path, typer.Option("--config", help="The district's configuration (YAML).")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Where to write.")]
DEFAULT_CONFIG = Path("early_id.yaml")


def main() -> None:
    """Run the command line; a user's mistake is one sentence and an exit code, never a traceback."""
    try:
        app()
    except EarlyIdError as error:
        fail(str(error))
        sys.exit(error.exit_code)


def _day(text: str, option: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no time zone
    except ValueError as error:
        msg = f"Expected a day such as 2026-11-22 for {option}, got {text!r}."
        raise ConfigError(msg) from error


def _capacity(text: str | None) -> str | int | None:
    return int(text) if text is not None and text.isdecimal() else text


def _named(values: list[str] | None, option: str) -> dict[str, str]:
    """Read `attribute=group: reason` options into a mapping."""
    found = {}
    for value in values or []:
        group, colon, reason = value.partition(":")
        if not colon or not reason.strip():
            msg = f"Expected {option} 'attribute=group: reason', got {value!r}."
            raise ConfigError(msg)
        found[group.strip()] = reason.strip()
    return found


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything the demo makes.")] = Path("early_id_demo"),
    students: Annotated[int, typer.Option(help="Students enrolled at a time.")] = 5000,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal results.")] = 0,
) -> None:
    """Simulate a county, train, audit, sign off as the demo reviewer, publish this week's lists, write the reports."""
    from early_id.cli._tables import demo_tables

    with narrate(12) as tell:
        from early_id.pipeline import run_demo

        result = run_demo(out, students=students, seed=seed, tell=tell)
    for title, columns, rows in demo_tables(result):
        table(title, columns, rows)
    for name, path in result.pages.items():
        say(f"Open ({name}): {path}")


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(help="New folder for the canonical tables and truth.parquet.")],
    students: int = 5000,
    schools: int = 12,
    districts: int = 3,
    years: int = 4,
    seed: int = 0,
    bias: Annotated[Path | None, typer.Option(help="YAML of planted biases, see docs.")] = None,
) -> None:
    """Write a simulated county whose true risks are known."""
    from early_id.pipeline import write_simulated

    counts = write_simulated(
        out, students=students, schools=schools, districts=districts, years=years, seed=seed, bias=bias
    )
    table(f"Simulated county in {out}", ["table", "rows"], [[name, f"{n:,}"] for name, n in counts.items()])


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="The district's exports.")],
    source: Annotated[str, typer.Option(help="folder or oulad.")] = "folder",
    out: OutOption = None,
) -> None:
    """Read and validate tables; with --out write the good rows, the quarantined ones and check.json."""
    from early_id.cli._tables import check_tables
    from early_id.district import check_district, write_check

    with narrate(2) as tell:
        tell("Reading and checking")
        result = check_district(path, source=source)
        if out is not None:
            tell("Writing")
            write_check(result, out)
    for title, columns, rows in check_tables(result):
        table(title, columns, rows)
    if not result.ok:
        fail(
            "Error-level rules failed; their rows are left out"
            + (f" and lie in {out / 'quarantine'}." if out else ".")
        )
        raise typer.Exit(1)


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="The district's configuration (YAML).")] = DEFAULT_CONFIG,
) -> None:
    """Backtest all contestants, choose, log to MLflow, register @candidate."""
    from early_id.cli._tables import metrics_table
    from early_id.config import load_config

    settings = load_config(config)
    with narrate(5) as tell:
        from early_id import pipeline

        result = pipeline.train(settings, tell=tell)
    table(*metrics_table(result.metrics))
    say(f"Chosen: {result.backtest.deployable}, version {result.version}, SHA-256 {result.document.sha256}")
    say(f"Files: {result.folder}")


@app.command()
def audit(
    model: Annotated[str, typer.Option(help="@candidate, @champion or a version.")] = "@candidate",
    capacity: Annotated[
        str | None, typer.Option(help="List size: 25 or 5%; default is the configured one.")
    ] = None,
    out: OutOption = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Audit a trained model's lists by group and write audit.json and audit.html."""
    from early_id.cli._tables import verdict_table
    from early_id.config import load_config

    settings = load_config(config)
    with narrate(3) as tell:
        from early_id import pipeline

        result = pipeline.audit(settings, model=model, capacity=_capacity(capacity), out=out, tell=tell)
    table(*verdict_table(result.audit))
    say(f"Open: {result.html}")
    say(f"To sign: {result.json}")


@app.command()
def explain(
    model: Annotated[str, typer.Option(help="@candidate, @champion or a version.")] = "@champion",
    student: Annotated[str | None, typer.Option(help="One student's id.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Date; default is the last Sunday with data.")] = None,
    out: OutOption = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Show what a model looks at, or why one student's score is what it is."""
    from early_id.cli._tables import frame_table
    from early_id.config import load_config

    settings = load_config(config)
    with narrate(3) as tell:
        from early_id import pipeline

        title, frame = pipeline.explain(
            settings, model=model, student=student, as_of=as_of, out=out, tell=tell
        )
    table(*frame_table(title, frame))


@app.command()
def promote(
    reviewer: Annotated[str, typer.Option(help="Name and role of the person who decides.")],
    audit: Annotated[Path, typer.Option(help="The audit.json of this model.")],
    expires: Annotated[str, typer.Option(help="Last day on which the sign-off holds.")],
    model: Annotated[str, typer.Option(help="@candidate or a version.")] = "@candidate",
    exception: Annotated[
        list[str] | None, typer.Option(help="For each group with a gap: 'attribute=group: reason'. Repeat.")
    ] = None,
    acknowledge: Annotated[
        list[str] | None, typer.Option(help="For each group not judged: 'attribute=group: reason'. Repeat.")
    ] = None,
    signed_on: Annotated[str | None, typer.Option(help="Day of the decision; default is today.")] = None,
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
        signed_on=_day(signed_on, "--signed-on") if signed_on else date.today(),  # noqa: DTZ011 - the local day
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
    as_of: Annotated[str, typer.Option("--as-of", help="The Sunday whose week the lists look back from.")],
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

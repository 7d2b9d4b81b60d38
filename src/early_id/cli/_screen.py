"""What people see: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table

#: Wide enough that tables are not cut when the output goes to a file.
_FILE_WIDTH = 160


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    return (
        console
        if console.is_terminal
        else Console(stderr=stderr, highlight=False, soft_wrap=True, width=_FILE_WIDTH)
    )


@contextmanager
def narrate(steps: int) -> Iterator[Callable[[str], None]]:
    """Show the steps of a job as they begin; `steps` is how many are expected."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield lambda text: console.print(escape(text))
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<34}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Starting", total=steps)

        begun = 0

        def tell(text: str) -> None:
            nonlocal begun
            progress.update(task, description=text, completed=begun)
            begun += 1

        yield tell


def say(text: str) -> None:
    """Print one line."""
    _console().print(escape(text))


def fail(text: str) -> None:
    """Print one sentence about what went wrong, where errors go."""
    _console(stderr=True).print(f"[red]Error:[/red] {escape(text)}")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; columns after the first are aligned to the right if they hold figures."""
    shown = Table(title=escape(title), title_justify="left")
    for place, name in enumerate(columns):
        figures = all(row[place].lstrip("-< ")[:1].isdigit() or row[place] in {"", "–"} for row in rows)
        shown.add_column(name, justify="right" if place and figures else "left")
    for row in rows:
        shown.add_row(*(escape(cell) for cell in row))
    _console().print(shown)

"""The command: ``python -m experiments.mitigation --data DIR --test 2014B --out OUT``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from early_id.evaluation import write_atomic
from early_id.exceptions import EarlyIdError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; a user's mistake is one sentence and an exit code."""
    parser = argparse.ArgumentParser(prog="python -m experiments.mitigation", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the OULAD files as downloaded")
    parser.add_argument("--test", required=True, help="the presentation whose lists are drawn, such as 2014B")
    parser.add_argument("--out", type=Path, required=True, help="folder to write table.md to")
    asked = parser.parse_args(arguments)
    try:
        from experiments.mitigation._study import run_study
        from experiments.mitigation._table import table

        found = run_study(
            asked.data, test=asked.test, tell=lambda line: print(line, file=sys.stderr, flush=True)
        )
    except EarlyIdError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    text = table(found)
    write_atomic(asked.out / "table.md", text.encode())
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The command: ``python -m experiments.oulad --data DIR --test 2014B --out OUT [--embargo none|strict]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from early_id.exceptions import EarlyIdError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; a user's mistake is one sentence and an exit code."""
    parser = argparse.ArgumentParser(prog="python -m experiments.oulad", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the OULAD files as downloaded")
    parser.add_argument("--test", required=True, help="the presentation to test on, such as 2014B")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument(
        "--embargo",
        choices=("none", "strict"),
        default="none",
        help="none: train on all earlier presentations, as published studies do; strict: only on those that "
        "had ended before the day of scoring",
    )
    asked = parser.parse_args(arguments)
    try:
        from experiments.oulad._report import check_folder, say, show, write_study
        from experiments.oulad._study import run_study

        check_folder(asked.out)
        study = run_study(asked.data, test=asked.test, embargo=asked.embargo, tell=say)
        say("Auditing and writing")
        show(study, write_study(study, asked.out))
    except EarlyIdError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""MLflow, imported on use and kept quiet."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
# A district's tracking store must not report to a third party. MLflow decides on its usage reports while it is
# imported, so the word is given before any module of this room can import it; the environment may still decide.
for _name, _value in _ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)


@contextmanager
def quiet() -> Iterator[None]:
    """Run MLflow calls without its warnings and log lines.

    Its errors still reach the caller; loggers and warning filters are put back.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow  # noqa: F401 - its import configures the loggers and warns

        loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)

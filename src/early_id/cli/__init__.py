"""The command line: parse, call the pipeline, print, map errors to exit codes."""

from early_id.cli._app import main

__all__ = ["main"]

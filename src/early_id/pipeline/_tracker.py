"""The tracking store of a configuration: every outcome has a registered model of its own."""

from __future__ import annotations

from early_id.config import Config
from early_id.tracking import Tracker, registered_name


def tracker_of(config: Config) -> Tracker:
    """Name the store a configuration's runs, models and sign-offs are kept in; nothing is opened yet."""
    return Tracker(config.tracking.uri, config.tracking.experiment, model=registered_name(config.label.name))

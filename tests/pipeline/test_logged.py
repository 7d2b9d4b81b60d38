"""What is logged of a training, without a training."""

from __future__ import annotations

import json

from early_id.config import load_config
from early_id.pipeline._logged import settings_of


def test_the_configuration_is_logged_whole_but_for_a_password(tmp_path):
    file = tmp_path / "config.yaml"
    address = "postgresql://county:secret@db/runs"
    file.write_text(f"district: {{path: data}}\ncapacity: 5%\ntracking: {{uri: '{address}'}}\n")
    config = load_config(file)
    settings = settings_of(config)
    assert "secret" not in json.dumps(settings)
    assert settings["tracking"]["uri"] == "postgresql://county:***@db/runs"
    assert config.tracking.uri == address
    settings["tracking"]["uri"] = address
    assert settings == json.loads(config.model_dump_json())

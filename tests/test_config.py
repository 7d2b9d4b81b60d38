"""A configuration is checked before anything runs: what is wrong is named, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from early_id.config import LABELS, ROLES, SOURCES, Config, load_config, read_capacity
from early_id.district import _sources
from early_id.exceptions import ConfigError

DISTRICT = "district: {path: data}\n"
SMALLEST = DISTRICT + "capacity: 5%\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "county.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(written(folder, text))
    message = str(caught.value)
    assert message.startswith("Expected ")
    assert "county.yaml" in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("text", "place", "nearest"),
    [
        (DISTRICT + "capcity: 5%\n", "capcity", "capacity"),
        (SMALLEST + "trainin: {every_weeks: 3}\n", "trainin", "training"),
        ("district: {pth: data}\ncapacity: 5%\n", "district.pth", "path"),
        (SMALLEST + "training: {evry_weeks: 3}\n", "training.evry_weeks", "every_weeks"),
        (SMALLEST + "label: {lag_day: 3}\n", "label.lag_day", "lag_days"),
        (SMALLEST + "audit: {tolerence: 0.1}\n", "audit.tolerence", "tolerance"),
        (SMALLEST + "tracking: {url: x}\n", "tracking.url", "uri"),
        (SMALLEST + "lists: {ot: x}\n", "lists.ot", "out"),
    ],
)
def test_a_misspelt_key_is_named_with_the_nearest_one(tmp_path, text, place, nearest):
    """Also where the misspelt key leaves a required one missing: the cause is named, not its consequence."""
    assert refusal(tmp_path, text) == (
        f"Expected known keys in county.yaml, got {place!r}: did you mean {nearest!r}?"
    )


def test_a_key_like_no_other_gets_the_list_of_known_ones(tmp_path):
    message = refusal(tmp_path, SMALLEST + "zzz: 1\n")
    assert "got 'zzz': known are 'audit', 'capacity', 'district', 'gate', 'label'" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("capacity: 5%\n", "Expected the key 'district' in county.yaml, found none; add it"),
        (DISTRICT, "Expected the key 'capacity' in county.yaml, found none; add it"),
        ("district: data\ncapacity: 5%\n", "keys and values (path, source, mapping) for 'district'"),
        (
            "district: {path: data, source: excel}\ncapacity: 5%\n",
            "Expected one of the sources folder, calpads, edfi, oneroster, oulad, or a file of Python such as my_sis.py, "
            "for 'district.source', got 'excel' (in ",
        ),
        (SMALLEST + "training:\n", "for 'training' in county.yaml, got nothing"),
        (SMALLEST + "training: {every_weeks: soon}\n", "a whole number for 'training.every_weeks'"),
        (SMALLEST + "training: {every_weeks: 0}\n", "a number greater than or equal to 1 for"),
        (
            SMALLEST + "training: {train_years: 2022}\n",
            "a list for 'training.train_years' in county.yaml, got 2022",
        ),
        (
            SMALLEST + "training: {learners: [forest]}\n",
            "'logistic', 'scorecard' or 'ebm' for 'training.learners.0'",
        ),
        (SMALLEST + "training: {ceiling: maybe}\n", "true or false for 'training.ceiling'"),
        (SMALLEST + "audit: {tolerance: 2}\n", "a number less than 1 for 'audit.tolerance'"),
        (SMALLEST + "lists: {roles: {attendance: 5}}\n", "text for 'lists.roles.attendance'"),
        (SMALLEST + "models: [a]\n", "a path for 'models'"),
        ("- district\n- capacity\n", "Expected keys and values in county.yaml, got a list"),
        ("only text\n", "Expected keys and values in county.yaml, got text"),
        ("", "Expected keys and values in county.yaml, got nothing"),
        ("district: [data\n", "Expected YAML in county.yaml, got text that cannot be read at line 2"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_what_was_expected(tmp_path, text, said):
    message = refusal(tmp_path, text)
    assert said in message
    assert "Input should" not in message


def test_a_file_of_other_bytes_is_no_yaml(tmp_path):
    file = tmp_path / "county.yaml"
    file.write_bytes(b"\xff\xfe\x00capacity")
    with pytest.raises(ConfigError, match=r"Expected YAML in county\.yaml"):
        load_config(file)


def test_a_missing_file(tmp_path):
    with pytest.raises(
        ConfigError, match=r"Expected a configuration file at '.*none\.yaml', found none; check"
    ):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="found none"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5%", "5%"),
        ("'2.5 %'", "2.5 %"),
        ("100%", "100%"),
        ("25", 25),
        ("{'*': 25}", {"*": 25}),
        ("{'*': 25, '0101': 40}", {"*": 25, "0101": 40}),
    ],
)
def test_every_form_of_a_capacity_is_read_as_written(tmp_path, text, value):
    assert load_config(written(tmp_path, f"{DISTRICT}capacity: {text}\n")).capacity == value


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-3",
        "5.5",
        "true",
        "lots",
        "'25'",
        "0%",
        "101%",
        "500%",
        "{}",
        "{'*': 0}",
        "{'*': 5%}",
        "[5]",
        "",
    ],
)
def test_no_other_form_of_a_capacity_is(tmp_path, text):
    message = refusal(tmp_path, f"{DISTRICT}capacity: {text}\n")
    assert "Expected a share such as '5%', a number of students such as 25, or numbers by school" in message


def test_a_school_s_id_without_quotes_is_refused_since_yaml_has_changed_it(tmp_path):
    """YAML reads 0101 as an octal number: without the refusal another school would get the places."""
    message = refusal(tmp_path, DISTRICT + "capacity: {0101: 25}\n")
    assert "Expected the ids of schools in quotes, got the numbers 65" in message


def test_a_capacity_given_elsewhere_is_checked_the_same_way():
    assert read_capacity("7.5%") == "7.5%"
    with pytest.raises(ConfigError, match="at least one place"):
        read_capacity(0)


def test_paths_are_those_of_the_file_s_own_folder(tmp_path, monkeypatch):
    folder = tmp_path / "county"
    folder.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    text = "district: {path: ../data}\ncapacity: 5\nlists: {out: /srv/flags}\ntracking: {uri: 'sqlite:///runs.db'}\n"
    config = load_config(written(folder, text))
    assert config.district.path.resolve() == (tmp_path / "data").resolve()
    assert config.models == folder.resolve() / "models"
    assert config.lists.out == Path("/srv/flags")
    assert config.tracking.uri == f"sqlite:///{folder.resolve() / 'runs.db'}"
    monkeypatch.chdir(folder)
    assert load_config("county.yaml") == config


@pytest.mark.parametrize(
    "uri", ["sqlite:////srv/runs.db", "https://mlflow.example.org", "postgresql://db/runs"]
)
def test_a_tracking_address_that_is_complete_stays_as_it_is(tmp_path, uri):
    assert load_config(written(tmp_path, f"{SMALLEST}tracking: {{uri: '{uri}'}}\n")).tracking.uri == uri


def test_a_configuration_cannot_be_changed_after_it_was_checked(tmp_path):
    config = load_config(written(tmp_path, SMALLEST))
    with pytest.raises(ValidationError, match="frozen"):
        config.capacity = 400
    with pytest.raises(ValidationError, match="frozen"):
        config.label.name = "suspension"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("chronic_absence", "chronic_absence"),
        ("course_failure", "course_failure"),
        ("suspension", "suspension"),
        ("dropout", "outcome:dropout"),
    ],
)
def test_a_configuration_that_ships_with_the_project_keeps_everything_in_one_folder(name, label):
    root = Path(__file__).parents[1]
    config = load_config(root / "configs" / f"{name}.yaml")
    assert config.label.name == label
    county = root / "county"
    assert (config.district.path, config.models) == (county / "clean", county / "models")
    assert config.tracking.uri == f"sqlite:///{county / 'mlflow.db'}"
    assert config.lists.out == county / "flags" / name
    assert "/county/" in (root / ".gitignore").read_text().splitlines()


def test_every_label_has_a_configuration_and_the_sensitive_one_says_so():
    configs = Path(__file__).parents[1] / "configs"
    files = {file.stem: file for file in configs.glob("*.yaml")}
    assert set(files) == {*LABELS, "dropout"}
    assert "SENSITIVE, and opt-in" in files["suspension"].read_text()


def test_what_the_commented_configuration_says_of_defaults_is_so():
    """It spells out most defaults as a start; only what has to be a district's own differs."""
    config = load_config(Path(__file__).parents[1] / "configs" / "chronic_absence.yaml")
    for part in ("label", "training", "audit"):
        assert getattr(config, part) == type(getattr(config, part))()


def test_every_key_says_what_it_means():
    parts = [Config, *(field.annotation for field in Config.model_fields.values())]
    for part in (part for part in parts if hasattr(part, "model_fields")):
        for name, field in part.model_fields.items():
            assert field.description or hasattr(field.annotation, "model_fields"), (part, name)


def test_the_candidates_of_a_search_are_all_combinations(tmp_path):
    file = tmp_path / "county.yaml"
    grids = "{monotone: {max_iter: [50, 100], bags: [1, 2, 4]}, logistic: {C: [1]}}"
    file.write_text(SMALLEST + f"training: {{search: {grids}}}\n")
    assert load_config(file).training.candidates == 7
    file.write_text(SMALLEST)
    assert load_config(file).training.candidates == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("label: {name: chronic_absense}\n", "got 'chronic_absense': did you mean 'chronic_absence'"),
        ("label: {name: 'outcome:'}\n", "Expected a label this library can build"),
        ("training: {learners: []}\n", "Expected at least one entry for 'training.learners'"),
        ("training: {learners: [monotone, monotone]}\n", "got 'monotone' again"),
        ("training: {train_years: [2023, 2024], test_years: [2024]}\n", "got 2024 in both"),
        ("training: {bags: 1}\n", "Expected 0 or at least 2 bags, got 1"),
        ("training: {folds: 0}\n", "a number greater than or equal to 1 for 'training.folds'"),
        ("training: {histories: [2, 2]}\n", "got 2 again"),
        ("training: {histories: [0]}\n", "a number greater than or equal to 1 for 'training.histories.0'"),
        ("training: {search: {logistic: {C: []}}}\n", "at least one entry for 'training.search.logistic.C'"),
        (
            "training: {learners: [monotone], search: {logistic: {C: [1]}}}\n",
            "Expected learners of training.learners in training.search, got 'logistic'",
        ),
        ("training: {seed: -1}\n", "a number greater than or equal to 0 for 'training.seed'"),
        ("lists: {roles: {atendance: nurse}}\n", "got 'atendance': did you mean 'attendance'"),
        ("lists: {max_days_behind: -1}\n", "for 'lists.max_days_behind'"),
        ("purpose: ''\n", "Expected words for 'purpose'"),
        ("purpose: '  '\n", "Expected words for 'purpose'"),
        ("tracking: {uri: ''}\n", "Expected text for 'tracking.uri'"),
    ],
)
def test_what_could_never_run_is_refused_when_it_is_read(tmp_path, text, said):
    message = refusal(tmp_path, SMALLEST + text)
    assert said in message
    assert "should" not in message


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("capacity: 50%\n", "capacity", 3),
        ("label: {name: suspension}\nlabel: {lag_days: 14}\n", "label", 4),
        ("training: {seed: 1, seed: 2}\n", "seed", 3),
        ("lists:\n  out: a\n  out: b\n", "out", 5),
    ],
)
def test_a_key_that_is_there_twice_is_named(tmp_path, text, key, line):
    """YAML would take the last one: a list size of 50 % below one of 5 %."""
    assert f"got the key '{key}' twice, again at line {line}" in refusal(tmp_path, SMALLEST + text)


def test_text_nested_beyond_reason_is_one_sentence(tmp_path):
    assert "got text that cannot be read" in refusal(tmp_path, "a: " + "[" * 5000 + "]" * 5000)


def test_roles_that_are_not_given_keep_their_default(tmp_path):
    roles = load_config(written(tmp_path, SMALLEST + "lists: {roles: {attendance: nurse}}\n")).lists.roles
    assert roles == {**ROLES, "attendance": "nurse"}


def test_the_labels_a_configuration_may_name_are_those_that_can_be_built():
    from early_id.panel import Label

    for name in LABELS:
        assert Label(name).name == name
    with pytest.raises(
        ConfigError, match=f"known are {', '.join(map(repr, sorted([*LABELS, 'outcome:<name>'])))}"
    ):
        Label("zzz")


def test_the_tilde_is_the_user_s_own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    text = (
        "district: {path: ~/data}\ncapacity: 5\nmodels: ~/m\nlists: {out: ~/f}\ntracking: {uri: ~/runs.db}\n"
    )
    config = load_config(written(tmp_path, text))
    home = tmp_path / "home"
    assert (config.district.path, config.models, config.lists.out) == (home / "data", home / "m", home / "f")
    assert config.tracking.uri == str(home / "runs.db")


@pytest.mark.parametrize("uri", ["mlflow.db", "./runs", "sqlite:///mlflow.db"])
def test_a_tracking_address_without_a_scheme_is_a_path_from_the_file_s_folder(tmp_path, uri):
    found = load_config(written(tmp_path, f"{SMALLEST}tracking: {{uri: '{uri}'}}\n")).tracking.uri
    assert str(tmp_path.resolve()) in found


def test_the_sources_of_a_configuration_are_those_that_can_be_read():
    assert sorted(SOURCES) == sorted(_sources.SOURCES)

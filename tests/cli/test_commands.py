"""The command line as a person meets it: what it prints, where, and with which exit code."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from rich.console import Console

from early_id.cli import _app, _screen, main
from early_id.district import District
from early_id.exceptions import ConfigError
from early_id.tracking import gate_cells

COMMANDS = ["demo", "simulate", "check", "train", "audit", "explain", "promote", "rollback", "flag"]
SMALL = ["--students", "150", "--schools", "3", "--districts", "1", "--years", "2"]


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def early_id(monkeypatch, capsys):
    """Run the command line in this process, as the installed script does; check what holds of every run."""

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["early-id", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert "\x1b" not in err, "a file or pipe gets plain lines"
        assert "\r" not in err
        return Ended(code, out, err)

    return run


def refused(ended: Ended, code: int, said: str) -> None:
    """One sentence on standard error, after at most the lines of the steps, and nothing on standard output."""
    assert ended.code == code
    assert ended.out == ""
    lines = ended.err.splitlines()
    assert [line.startswith("Error: Expected ") for line in lines] == [False] * (len(lines) - 1) + [True]
    assert re.search(said, lines[-1]), lines[-1]


def config(folder: Path, text: str = "", *, district: str = "district", capacity: str = "5%") -> Path:
    file = folder / "county.yaml"
    file.write_text(f"district: {{path: {district}}}\ncapacity: {capacity}\n{text}", encoding="utf-8")
    return file


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def exports(tmp_path_factory, simulated):
    """A district's exports, good in every row, few enough to read fast."""
    folder = tmp_path_factory.mktemp("exports") / "good"
    schools = simulated.tables["schools"]["school_id"].iloc[:1]
    tables = dict(simulated.tables)
    for name, rows in tables.items():
        if "school_id" in rows:
            tables[name] = rows[rows["school_id"].isin(schools)]
    tables["enrollments"] = tables["enrollments"].query("primary")  # no guests: their own school is left out
    students = tables["enrollments"]["student_id"]
    for name, rows in tables.items():
        if "student_id" in rows:
            tables[name] = rows[rows["student_id"].isin(students)]
    del tables["grades"]
    District.from_frames(tables).write(folder)
    return folder


@pytest.fixture
def bad_exports(tmp_path, exports):
    """The same with one absence of a student nobody enrolled and two of a day and a half."""
    folder = tmp_path / "bad"
    folder.mkdir()
    for file in exports.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    absences = pd.read_parquet(folder / "absences.parquet")
    absences.loc[0, "student_id"] = "nobody"
    absences.loc[[1, 2], "thousandths"] = 1500
    absences.to_parquet(folder / "absences.parquet", index=False)
    return folder


# Help and usage


def test_help_lists_every_command_and_loads_no_heavy_library():
    """Seconds depend on the machine; what is loaded does not."""
    code = (
        "import sys; sys.argv = ['early-id', '--help']\n"
        "from early_id.cli import main\n"
        "try: main()\n"
        "except SystemExit as ended: code = ended.code\n"
        "heavy = {'pandas', 'numpy', 'sklearn', 'mlflow', 'ibis', 'duckdb', 'shap', 'yaml', 'pydantic', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": "120"}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert ended.returncode == 0
    assert ended.stderr.strip() == "[]"
    for command in COMMANDS:
        assert re.search(rf"\b{command}  +[A-Z]", ended.stdout), command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_every_command_is_explained(early_id, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    ended = early_id(command, "--help")
    assert ended.code == 0
    options = re.findall(r"--[a-z-]+ +<\w+>(.*)", ended.out)
    assert options
    for said in options:
        words = re.sub(r"\[default: .*?\]|\[required\]|[│|]", "", said).strip()
        assert len(words) > 10, said


def test_a_command_that_is_not_there_is_wrong_usage(early_id):
    ended = early_id("trian")
    assert ended.code == 2
    assert "No such command 'trian'" in ended.err
    assert "train" in ended.err.replace("trian", "")


def test_a_missing_or_unreadable_argument_is_wrong_usage(early_id):
    assert "--as-of" in early_id("flag").err
    ended = early_id("simulate", "out", "--students", "many")
    assert ended.code == 2
    assert "--students" in ended.err


def test_nothing_asked_shows_the_help(early_id):
    ended = early_id()
    assert ended.code == 2
    assert all(command in ended.out + ended.err for command in COMMANDS)


# Simulate


def test_simulate_writes_tables_and_truth_and_check_finds_them_good(early_id, tmp_path):
    out = tmp_path / "county"
    ended = early_id("simulate", out, *SMALL)
    assert ended.code == 0
    assert ended.err.splitlines() == ["Simulating a county"]
    assert {"schools.parquet", "enrollments.parquet", "absences.parquet", "truth.parquet"} <= files(out)
    for name in ("enrollments", "absences"):
        rows = len(pd.read_parquet(out / f"{name}.parquet"))
        assert re.search(rf"{name}\W+{rows:,}\b", ended.out)
    before = {name: (out / name).read_bytes() for name in files(out)}
    refused(early_id("simulate", out, *SMALL), 2, "Expected a new or empty folder .* name another one")
    assert {name: (out / name).read_bytes() for name in files(out)} == before
    checked = early_id("check", out)
    assert checked.code == 0
    assert "error" not in checked.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--years", "1"], "school years"),
        (["--students", "-5"], "students"),
        (["--schools", "0"], "schools"),
        (["--bias", "none.yaml"], "none.yaml"),
    ],
)
def test_simulate_refuses_what_makes_no_county_and_writes_nothing(early_id, tmp_path, options, said):
    refused(early_id("simulate", tmp_path / "county", *options), 2, said)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_one_sentence(early_id, tmp_path):
    """Below a file there is no folder, whoever asks."""
    (tmp_path / "file").write_text("mine")
    ended = early_id("simulate", tmp_path / "file" / "county", *SMALL)
    refused(ended, 2, "Expected to read or write '.*file.*', got: .*; check the path and its permissions")
    assert files(tmp_path) == {"file"}


# Check


def test_check_of_a_folder_that_is_not_there(early_id, tmp_path):
    refused(early_id("check", tmp_path / "nowhere", "--out", tmp_path / "out"), 2, "nowhere' does not exist")
    assert list(tmp_path.iterdir()) == []


def test_check_of_an_unknown_source(early_id, exports):
    refused(early_id("check", exports, "--source", "foldr"), 2, "got 'foldr': did you mean 'folder'")


def test_check_of_good_tables(early_id, exports, tmp_path):
    ended = early_id("check", exports, "--out", tmp_path / "checked")
    assert ended.code == 0
    assert ended.err.splitlines() == ["Reading and checking", "Writing"]
    rows = sum(len(pd.read_parquet(file)) for file in exports.iterdir())
    assert f"All {rows:,} rows keep every rule." in ended.out
    assert "Rules that found something" not in ended.out
    assert {"check.json", "absences.parquet"} <= files(tmp_path / "checked")
    assert not (tmp_path / "checked" / "quarantine").exists()


def test_check_of_bad_rows_names_the_rules_and_what_to_do(early_id, bad_exports):
    ended = early_id("check", bad_exports)
    assert ended.code == 1
    for code in ("EID-ATT-001", "EID-ATT-106"):
        assert re.search(rf"{code}\W+error", ended.out)
        assert f"{code}, what to do: " in ended.out
    assert "EID-ATT-001: absences.parquet line 1: student nobody at school" in ended.out
    assert "thousandths is 1.5 of a school day" in ended.out
    assert "written to a folder if you add --out DIR" in ended.err
    assert max(map(len, ended.out.splitlines())) < 200


def test_check_puts_bad_rows_into_quarantine_and_the_good_ones_can_be_used(early_id, bad_exports, tmp_path):
    out = tmp_path / "checked"
    ended = early_id("check", bad_exports, "--out", out)
    assert ended.code == 1
    assert str(out / "quarantine") in ended.err
    held_back = pd.read_csv(out / "quarantine" / "absences.csv")
    assert sorted(held_back["rule"]) == ["EID-ATT-001", "EID-ATT-106", "EID-ATT-106"]
    before, after = (len(pd.read_parquet(folder / "absences.parquet")) for folder in (bad_exports, out))
    assert after == before - 3
    found = {rule["code"]: rule["rows"] for rule in json.loads((out / "check.json").read_text())["rules"]}
    assert (found["EID-ATT-001"], found["EID-ATT-106"]) == (1, 2)
    assert early_id("check", out).code == 0


def test_check_leaves_a_folder_of_others_as_it_is(early_id, bad_exports, tmp_path):
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "thesis.doc").write_text("mine")
    ended = early_id("check", bad_exports, "--out", out)
    refused(ended, 2, "Expected a folder that is new, empty or holds an earlier check")
    assert files(out) == {"thesis.doc"}
    assert {path.name for path in tmp_path.iterdir()} == {"bad", "thesis"}


# Refusals of the other jobs


@pytest.mark.parametrize("command", ["train", "audit --config", "explain --config", "rollback --config"])
def test_a_configuration_that_is_not_there(early_id, tmp_path, command):
    refused(early_id(*command.split(), tmp_path / "none.yaml"), 2, "none.yaml', found none")
    assert list(tmp_path.iterdir()) == []


def test_the_default_configuration_is_looked_for_in_the_current_folder(early_id, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(early_id("flag", "--as-of", "2025-02-02"), 2, "'early_id.yaml', found none")


def test_train_names_a_misspelt_key_before_it_reads_anything(early_id, tmp_path):
    file = config(tmp_path, "training: {evry_weeks: 3}\n", district="nowhere")
    refused(early_id("train", file), 2, r"got 'training.evry_weeks': did you mean 'every_weeks'\?")
    assert files(tmp_path) == {"county.yaml"}


def test_train_on_a_district_that_is_not_there(early_id, tmp_path):
    refused(early_id("train", config(tmp_path, district="nowhere")), 2, "nowhere' does not exist")
    assert files(tmp_path) == {"county.yaml"}


def test_train_on_bad_rows_names_the_rules(early_id, bad_exports, tmp_path):
    refused(
        early_id("train", config(tmp_path, district="bad")),
        1,
        "EID-ATT-106 .*EID-ATT-001 student never enrolled",
    )
    assert not (tmp_path / "models").exists()


def test_a_school_without_capacity_is_named(early_id, exports, tmp_path):
    file = config(
        tmp_path,
        "training: {learners: [monotone], rules: [], ceiling: false, every_weeks: 20}\n",
        district=str(exports),
        capacity="{'0000': 25}",
    )
    school = pd.read_parquet(exports / "schools.parquet")["school_id"].item()
    ended = early_id("train", file)
    refused(
        ended, 2, f"Expected a capacity for every school with students, got none for '{school}'; add them or"
    )
    assert not (tmp_path / "models").exists()


def test_a_misspelt_school_of_the_capacity_is_named(early_id, exports, tmp_path):
    school = pd.read_parquet(exports / "schools.parquet")["school_id"].item()
    file = config(tmp_path, district=str(exports), capacity=f"{{'*': 25, '{school}0': 9}}")
    refused(early_id("train", file), 2, f"got '{school}0': did you mean '{school}'?")


@pytest.mark.parametrize("day", ["2.2.2025", "2025-02-30", "tomorrow", ""])
@pytest.mark.parametrize("command", ["flag", "explain"])
def test_a_day_that_is_none(early_id, tmp_path, command, day):
    ended = early_id(command, "--as-of", day, "--config", config(tmp_path))
    refused(ended, 2, f"Expected a day such as 2026-11-22 for --as-of, got '{re.escape(day)}'")


@pytest.mark.parametrize("size", ["0", "lots", "0%", "300%"])
def test_a_list_size_that_is_none(early_id, tmp_path, size):
    refused(early_id("audit", "--capacity", size, "--config", config(tmp_path)), 2, "a share such as '5%'")
    assert files(tmp_path) == {"county.yaml"}


def test_flag_without_a_sign_off_writes_no_list(early_id, exports, tmp_path):
    ended = early_id("flag", "--as-of", "2025-02-02", "--config", config(tmp_path, district=str(exports)))
    refused(ended, 1, "Expected a promoted model .* audit, sign and promote a candidate first")
    assert not (tmp_path / "flags").exists()


def test_promote_without_an_audit(early_id, tmp_path):
    options = ["--reviewer", "R", "--audit", tmp_path / "audit.json", "--expires", "2027-01-01"]
    ended = early_id("promote", *options, "--config", config(tmp_path))
    refused(
        ended,
        2,
        "Expected the audit to sign at '.*audit.json', found no such file; run `early-id audit` first",
    )


@pytest.mark.parametrize(
    "words", ["foster=yes", "foster=yes:", "foster: too few", ": too few", "recall: foster"]
)
def test_promote_reads_only_groups_with_a_reason(early_id, tmp_path, words):
    options = ["--reviewer", "R", "--audit", tmp_path / "audit.json", "--expires", "2027-01-01"]
    ended = early_id("promote", *options, "--acknowledge", words, "--config", config(tmp_path))
    refused(ended, 2, "Expected --acknowledge 'attribute=group: reason', got")


@pytest.mark.parametrize(
    ("words", "name", "reason"),
    [
        ("foster=yes: too few; see note: p. 3", "foster=yes", "too few; see note: p. 3"),
        ("recall:foster=yes: too few", "recall:foster=yes", "too few"),
        (" gender = Two or more :seen by hand ", "gender = Two or more", "seen by hand"),
    ],
)
def test_a_group_is_named_with_or_without_its_metric(words, name, reason):
    """The audit and the gate write `metric:attribute=group`: what is printed can be given back."""
    assert _app._named([words], "--acknowledge") == {name: reason}


def test_one_group_has_one_reason():
    with pytest.raises(ConfigError, match="one --acknowledge per group, got 'foster=yes' twice; keep one"):
        _app._named(["foster=yes: too few", "foster=yes : seen"], "--acknowledge")


# The screen


def test_a_terminal_gets_a_bar_that_is_full_only_at_the_end(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(
        _screen, "_console", lambda *, stderr=False: Console(file=screen, force_terminal=True, width=100)
    )
    with _screen.narrate(2) as tell:
        tell("Reading")
        tell("Writing")
    shown = screen.getvalue()
    assert "\x1b[" in shown
    assert "Writing" in shown
    assert "━" in shown


def test_words_in_brackets_are_printed_as_they_are(capsys):
    _screen.say("[red]5[/red] of [10]")
    _screen.fail("got [1, 2]")
    _screen.table("[t]", ["name", "rows"], [["[a]", "-1.5"], ["b", "< 0.01%"]])
    out, err = capsys.readouterr()
    assert "[red]5[/red] of [10]" in out
    assert err == "Error: got [1, 2]\n"
    assert "[t]" in out
    assert "[a]" in out


# The whole way, once


@pytest.mark.slow
def test_the_whole_way_from_a_simulated_county_to_a_week_s_lists(early_id, tmp_path):
    simulated = early_id(
        "simulate", tmp_path / "district", "--students", "300", "--schools", "3", "--districts", "1"
    )
    assert simulated.code == 0
    file = config(
        tmp_path,
        "training: {learners: [monotone], ceiling: false, every_weeks: 8, bags: 2}\naudit: {replicates: 200}\n",
    )
    trained = early_id("train", file)
    assert trained.code == 0
    assert trained.err.splitlines()[0] == "Reading the district"
    assert "Comparing with the champion" in trained.err.splitlines()
    tried = [line for line in trained.err.splitlines() if line.startswith("Trying: ")]
    assert "Trying: Each group ranked by itself, places shared for equal recall" in tried
    assert len(trained.err.splitlines()) == 8 + len(tried)
    assert "lists of 5% of each school" in trained.out
    assert re.search(r"additive\W+0\.\d{3}", trained.out)
    assert re.search(r"pace rule\W+0\.\d{3}", trained.out)
    digest = re.search(r"SHA-256 ([0-9a-f]{64})", trained.out)[1]
    assert (tmp_path / "models" / digest[:12] / "model.json").is_file()

    audited = early_id("audit", "--config", file, "--out", tmp_path / "audit")
    assert audited.code == 0
    assert str(tmp_path / "audit" / "audit.html") in audited.out
    needed = {
        option: list(dict.fromkeys(cell.group_name for cell in cells))
        for option, cells in gate_cells(
            (tmp_path / "audit" / "audit.json").read_text(encoding="utf-8")
        ).items()
    }
    assert needed["acknowledge"]
    for option, names in needed.items():
        if names:
            assert f"--{option} (of `early-id promote`) is needed for: {', '.join(names)}" in audited.out

    known = pd.read_parquet(tmp_path / "district" / "attendance_feed.parquet")["known_at"].max()
    sunday = (pd.Timestamp(known) + pd.offsets.Week(weekday=6, n=0)).date()
    expires = sunday + pd.Timedelta(days=90)
    common = [
        "--audit",
        tmp_path / "audit" / "audit.json",
        "--config",
        file,
        "--reviewer",
        "A. Reviewer, counselor",
    ]
    common += ["--signed-on", sunday, "--expires", expires]
    refused(early_id("promote", *common), 1, "Expected a sign-off that names every gap and every group")
    refused(early_id("flag", "--as-of", sunday, "--config", file), 1, "Expected a promoted model")
    words = [
        part
        for option, names in needed.items()
        for name in names
        for part in (f"--{option}", f"{name}: discussed")
    ]
    signed = early_id("promote", *common, *words)
    assert signed.code == 0
    assert f"Signed by A. Reviewer, counselor until {expires}" in signed.out

    flagged = early_id("flag", "--as-of", sunday, "--config", file)
    assert flagged.code == 0
    assert flagged.err.splitlines() == [
        "Verifying the sign-off",
        "Reading the district",
        "Scoring and ranking",
        "Publishing",
    ]
    week = tmp_path / "flags" / f"as_of={sunday}"
    schools = pd.read_parquet(tmp_path / "district" / "schools.parquet")
    assert {f"school={school}.csv" for school in schools["school_id"]} <= files(week)
    listed = pd.concat([pd.read_parquet(path) for path in week.glob("school=*.parquet")])
    for row in schools.itertuples():
        n = (listed["school_id"] == row.school_id).sum()
        assert re.search(rf"{row.school_id}\W+{row.school_name}\W+\d+\W+{n}\W+{n}\W", flagged.out)

    student = listed["student_id"].iloc[0]
    explained = early_id("explain", "--student", student, "--as-of", sunday, "--config", file)
    assert explained.code == 0
    assert f"{listed['score'].iloc[0]:.6f}" in explained.out
    assert listed["reason_1"].iloc[0] in explained.out.replace("\n", " ")
    nobody = early_id("explain", "--student", "nobody", "--as-of", sunday, "--config", file)
    refused(nobody, 1, "Expected a student with a score on .* got 'nobody'")
    refused(early_id("rollback", "--config", file), 1, "Expected an earlier champion to go back to")
    late = early_id("flag", "--as-of", sunday + pd.Timedelta(days=98), "--config", file)
    assert (late.code, late.out) == (1, "")
    assert "expired" in late.err
    assert {path.name for path in (tmp_path / "flags").iterdir() if path.is_dir()} == {week.name}

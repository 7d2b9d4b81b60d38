"""What a good row is, said once more in pandas, for whatever has been done to the files."""

from __future__ import annotations

import pandas as pd
from hypothesis import HealthCheck, Phase, event

from early_id.district import TABLES
from early_id.exceptions import EarlyIdError


def assert_no_bad_row(district, today):
    """Say again, independently and in pandas, what a good row is."""
    frames = {name: district.frame(name) for name in TABLES}
    schools, calendar, enrollments = (frames[name] for name in ("schools", "calendar", "enrollments"))
    for name, table in TABLES.items():
        frame = frames[name]
        for part, column in table.all_columns.items():
            assert column.nullable or frame[part].notna().all(), (name, part)
            if column.allowed:
                assert frame[part].dropna().isin(column.allowed).all()
            if column.high is not None:
                assert frame[part].dropna().between(column.low, column.high).all()
        if "school_id" in frame:
            assert frame["school_id"].dropna().isin(schools["school_id"]).all()
        if "known_at" in frame:
            assumed = frame.get("known_at_assumed", pd.Series(False, frame.index)).fillna(False).astype(bool)
            assert not (frame.loc[~assumed, "known_at"] > pd.Timestamp(today)).any()
        standing = frame[frame["retracted_at"].isna()] if table.known else frame
        assert not standing.duplicated(list(table.key)).any()
    assert not (enrollments["left_on"] < enrollments["entered_on"]).any()
    for name in ("absences", "incidents", "grades"):
        assert frames[name]["student_id"].isin(enrollments["student_id"]).all()
    days = set(zip(calendar["school_id"], calendar["day"], strict=True))
    dated = set(calendar["school_id"])
    for row in frames["absences"].itertuples():
        assert row.school_id not in dated or (row.school_id, row.occurred_on) in days
        spells = enrollments[
            (enrollments["student_id"] == row.student_id)
            & (enrollments["school_id"] == row.school_id)
            & enrollments["retracted_at"].isna()
            & (enrollments["entered_on"] <= row.occurred_on)
            & ~(enrollments["left_on"] < row.occurred_on)
        ]
        assert len(spells) > 0


#: One example takes seconds: the first one found will do.
BROKEN = {
    "deadline": None,
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


def assert_accounts_balance(files):
    assert (files["rows_in"] == files["rows_out"] + files["quarantined"] + files["ignored"]).all()


def assert_every_row_is_somewhere(result):
    """Every row of every file went on, was held back or left out, and no source forgot one."""
    assert_accounts_balance(result.files)
    assert "EID-SRC-006" not in set(result.rules["code"]), result.rules["examples"].tolist()


def assert_good_or_refused(check, check_again):
    """Whatever was done to the files: they are refused in words, or every row is somewhere and the good ones are good.

    `check` gives the result of the files, `check_again` that of the tables written from a result.
    """
    try:
        found = check()
    except EarlyIdError as refusal:
        event(f"refused: {type(refusal).__name__}")
        return
    assert_every_row_is_somewhere(found)
    if "EID-FILE-012" in set(found.rules["code"]):
        event("a required table has no good row")
        return
    again = check_again(found)
    errors = again.rules[again.rules["severity"] == "error"]
    assert errors.empty, errors[["code", "examples"]].to_dict("records")

"""What audits released is kept in order, once each, and a broken file is named."""

from __future__ import annotations

import pytest
from made_county import make_rows

from early_id.exceptions import DataError
from early_id.fairness import audit_frame
from early_id.pipeline._releases import FOLDER, keep_release, load_releases


@pytest.fixture(scope="module")
def releases():
    rows, groups = make_rows(200)
    turned = rows.assign(listed=~rows["listed"] & rows["score"].notna())
    return [audit_frame(own, groups=groups, resampling=(100, 0)).release for own in (rows, turned)]


def test_releases_come_back_in_the_order_in_which_they_were_kept(releases, tmp_path):
    assert load_releases(tmp_path) == []
    for release in (*reversed(releases), *releases):
        keep_release(tmp_path, release, load_releases(tmp_path))
    found = load_releases(tmp_path)
    assert [release.to_json() for release in found] == [release.to_json() for release in reversed(releases)]


def test_a_broken_file_is_named(releases, tmp_path):
    keep_release(tmp_path, releases[0], [])
    (file,) = (tmp_path / FOLDER).iterdir()
    file.write_text(file.read_text(encoding="utf-8")[:-50], encoding="utf-8")
    with pytest.raises(DataError, match=f"{file.name}: Expected what an earlier audit counted"):
        load_releases(tmp_path)

"""CSV files broken at random: rows dropped, copied, shifted in time, corrupted, swapped; files cut or of odd bytes."""

from __future__ import annotations

import csv
import datetime as dt

from hypothesis import event
from hypothesis import strategies as st

BYTES = [b"\xe9", b"\x81", b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b'"', b",", b"\n", b"\r\n", b";", b'""']


def _break_table(rows, cells, data):
    header, body = rows[0], rows[1:]
    way = data.draw(st.sampled_from(["drop", "copy", "shift", "corrupt", "swap", "swap rows"]))
    event(way)
    column = data.draw(st.integers(0, len(header) - 1))
    other = data.draw(st.integers(0, len(header) - 1))
    if way == "swap":
        header[column], header[other] = header[other], header[column]
        return
    if not body:
        return
    place = data.draw(st.integers(1, len(body)))
    if way == "drop":
        del rows[place]
    elif way == "copy":
        rows.append(list(rows[place]))
    elif way == "swap rows":
        rows[place][column], rows[1][column] = rows[1][column], rows[place][column]
    elif way == "corrupt":
        rows[place][column] = data.draw(
            st.sampled_from(cells) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
        )
    else:
        by = dt.timedelta(days=data.draw(st.integers(-500, 500)))
        for row in body:
            for at, cell in enumerate(row):
                if len(cell) == 10 and cell[4] == "-" and cell[:4].isdigit():
                    row[at] = str(dt.date.fromisoformat(cell) + by)


def break_files(folder, names, cells, data):
    """Break one to four tables by their rows, and then perhaps one file by its bytes."""
    for _ in range(data.draw(st.integers(1, 4))):
        file = folder / data.draw(st.sampled_from(names))
        with file.open(newline="", encoding="utf-8") as text:
            rows = list(csv.reader(text))
        _break_table(rows, cells, data)
        with file.open("w", newline="", encoding="utf-8") as text:
            csv.writer(text).writerows(rows)
    file = folder / data.draw(st.sampled_from(names))
    content = file.read_bytes()
    at = data.draw(st.integers(0, len(content)))
    way = data.draw(st.sampled_from(["leave", "leave", "cut", "insert", "remove"]))
    if way == "cut":
        file.write_bytes(content[:at])
    elif way == "insert":
        file.write_bytes(content[:at] + data.draw(st.sampled_from(BYTES)) + content[at:])
    elif way == "remove":
        file.unlink()

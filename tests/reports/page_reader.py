"""Reads a page the way its tests need it: tables, headings, ids, text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.tables: list[list[list[str]]] = []
        self.table_headings: list[str] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if "id" in named:
            self.ids.append(named["id"])
        self.links += [named[key] for key in ("href", "src") if key in named]
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        if tag == "table":
            self.tables.append([])
            self.table_headings.append(self.headings[-1][1] if self.headings else "")
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.links += [value for key, value in attrs if key in ("href", "src")]

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.unbalanced.append(tag)
        else:
            self.open.pop()

    def handle_data(self, data):
        if "style" in self.open or "svg" in self.open:
            return
        self.words.append(data)
        if self.headings and f"h{self.headings[-1][0]}" in self.open:
            level, text = self.headings[-1]
            self.headings[-1] = (level, (text + data).strip())
        if self.tables and ("td" in self.open or "th" in self.open):
            self.tables[-1][-1][-1] = f"{self.tables[-1][-1][-1]}{data}"

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def table_under(self, heading: str) -> list[list[str]]:
        """The first table below a heading, white space collapsed."""
        place = self.table_headings.index(heading)
        return [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in self.tables[place]]

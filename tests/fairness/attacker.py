"""Small counties with rare groups, and an attacker who has everything that was published of one audit."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from made_county import FIRST_DAY, long_groups

from early_id.fairness import audit_frame, feasible_range

ATTRIBUTES = ("one", "three", "two", "grade_band", "school", "district")
# Parts: reached early, reached but not early, missed, listed without the outcome, neither.
PARTS = 5
FORMS = {
    "students": (1, 1, 1, 1, 1),
    "outcome": (1, 1, 1, 0, 0),
    "negative": (0, 0, 0, 1, 1),
    "listed": (1, 1, 0, 1, 0),
    "reached": (1, 1, 0, 0, 0),
    "missed": (0, 0, 1, 0, 0),
    "listed_negative": (0, 0, 0, 1, 0),
    "early": (1, 0, 0, 0, 0),
    "not_early": (0, 1, 1, 0, 0),
}


class Attacker:
    """Unknown counts of all groups and all crossed cells, and what the published frames say about them."""

    def __init__(self, published, truth):
        self.groups = {name: sorted(truth[name].unique()) for name in ATTRIBUTES if name in truth}
        self.pairs = list(combinations([name for name in self.groups if name != "school"], 2))
        self.cells = [((name,), (group,)) for name, groups in self.groups.items() for group in groups]
        self.cells += [
            ((a, b), (x, y)) for a, b in self.pairs for x in self.groups[a] for y in self.groups[b]
        ]
        self.place = {cell: i for i, cell in enumerate(self.cells)}
        self.equations, self.values = [], []
        self._add_sums(published["overall"])
        if "school" in truth:
            self._add_schools(truth)
        self.known = self._add_singles(published["by_group"])
        self._add_crossed(published["intersections"])
        self._add_sizes(published["not_scored"])

    def form(self, cell, measure):
        row = np.zeros((len(self.cells), PARTS))
        row[self.place[cell]] = FORMS[measure]
        return row.ravel()

    def say(self, row, value):
        self.equations.append(row)
        self.values.append(value)

    def _add_sums(self, overall):
        everyone = overall.iloc[0]
        for name, groups in self.groups.items():
            cells = [((name,), (group,)) for group in groups]
            for measure, value in read(everyone).items():
                self.say(sum(self.form(cell, measure) for cell in cells), value)
        for a, b in self.pairs:
            for atom in range(PARTS):
                for axis, own in ((0, a), (1, b)):
                    for group in self.groups[own]:
                        row = np.zeros((len(self.cells), PARTS))
                        for cell, place in self.place.items():
                            if cell[0] == (a, b) and cell[1][axis] == group:
                                row[place, atom] = 1
                        row[self.place[(own,), (group,)], atom] = -1
                        self.say(row.ravel(), 0)

    def _add_schools(self, truth):
        """Everybody knows which schools a district has, and which grades a school."""
        for cell, place in self.place.items():
            if not set(cell[0]) <= {"grade_band", "district"}:
                continue
            inside = truth
            for name, group in zip(*cell, strict=True):
                inside = inside.loc[inside[name] == group]
            for atom in range(PARTS):
                row = np.zeros((len(self.cells), PARTS))
                row[place, atom] = -1
                for school in inside["school"].unique():
                    row[self.place[("school",), (school,)], atom] = 1
                self.say(row.ravel(), 0)

    def _add_singles(self, frame):
        known = {}
        for _, row in frame.loc[frame["attribute"].isin(list(self.groups))].iterrows():
            cell = ((row["attribute"],), (row["group"],))
            known[cell] = read(row)
            for measure, value in known[cell].items():
                self.say(self.form(cell, measure), value)
        return known

    def _add_crossed(self, frame):
        for _, row in frame.iterrows():
            names, groups = (tuple(text.split(" × ")) for text in (row["attribute"], row["group"]))
            for measure, value in read(row).items():
                self.say(self.form((names, groups), measure), value)

    def _add_sizes(self, frame):
        """Group sizes are printed a second time beside the shares without a score."""
        for _, row in frame.iterrows():
            cell = ((row["attribute"],), (row["group"],))
            if cell in self.place and pd.notna(row["students"]):
                self.say(self.form(cell, "students"), float(row["students"]))

    def range(self, cell, measure):
        return feasible_range(self.equations, self.values, self.form(cell, measure))


def read(row):
    """Whole counts that follow from one published line: rates have three digits, so below 1,000 students exactly."""
    found = {}
    if pd.notna(row["students"]):
        found["students"] = row["students"]
    if pd.notna(row["students_with_outcome"]):
        found["outcome"] = row["students_with_outcome"]
        if pd.notna(row["recall"]):
            found["reached"] = round(row["recall"] * row["students_with_outcome"])
        if pd.notna(row.get("reached_early")):
            found["early"] = round(row["reached_early"] * row["students_with_outcome"])
    if pd.notna(row.get("selection_rate")) and pd.notna(row["students"]) and row["students"] < 1000:
        found["listed"] = round(row["selection_rate"] * row["students"])
    return {measure: float(value) for measure, value in found.items()}


def county(seed, n, rare, base_rate, reach):
    """A few hundred students with three attributes, some of their groups tiny."""
    rng = np.random.default_rng(seed)
    truth = pd.DataFrame({"student_id": [f"s{i:04d}" for i in range(n)]})
    truth["one"] = rng.choice(["a", "b"], n)
    truth["two"] = rng.choice(["c", "d", "e"], n)
    truth["three"] = rng.choice(["f", "g"], n, p=[0.85, 0.15])
    for number, (column, size) in enumerate(rare):
        truth.loc[rng.choice(n, size, replace=False), column] = f"rare{number}"
    truth["outcome"] = rng.random(n) < base_rate
    truth["silent"] = rng.random(n) < 0.06
    truth["listed"] = (rng.random(n) < np.where(truth["outcome"], reach, 0.1)) & ~truth["silent"]
    truth["weeks"] = np.where(truth["outcome"], rng.choice([3.0, 8.0, 20.0], n), np.nan)
    return truth


def nested_county(seed, n, small, base_rate, reach):
    """The same with two districts, each with schools of two grade bands, of which one has `small` students."""
    truth = county(seed, n, [], base_rate, reach).drop(columns="three")
    rng = np.random.default_rng(seed + 1)
    schools = [f"{district}{band}{number}" for district in "uv" for band in "lh" for number in (1, 2)]
    truth["school"] = rng.choice(schools[1:], n)
    truth.loc[rng.choice(n, small, replace=False), "school"] = schools[0]
    truth["district"] = truth["school"].str[0]
    truth["grade_band"] = truth["school"].str[1].map({"l": "TK–5", "h": "9–12"})
    return truth


def related_county(seed):
    """A county whose attributes go together, so that a group is nearly the same as one it crosses."""
    rng = np.random.default_rng([991, seed])
    n = int(rng.integers(500, 991))
    truth = pd.DataFrame({"student_id": [f"s{i:04d}" for i in range(n)]})
    one = rng.choice(3, n, p=rng.dirichlet([1.0] * 3))
    shares = rng.dirichlet([0.35] * 3, size=3)
    two = np.array([rng.choice(3, p=shares[place]) for place in one])
    shares = rng.dirichlet([0.35] * 2, size=3)
    three = np.array([rng.choice(2, p=shares[place]) for place in two])
    truth["one"], truth["two"], truth["three"] = (
        np.array(list(names))[own] for names, own in (("abc", one), ("xyz", two), ("fg", three))
    )
    base_rate = rng.uniform(0.2, 0.6)
    truth["outcome"], truth["silent"] = rng.random(n) < base_rate, rng.random(n) < 0.06
    reach = rng.uniform(0.2, 0.8) * rng.uniform(0.5, 1.2, size=(3, 3))[one, two]
    truth["listed"] = rng.random(n) < np.where(truth["outcome"], reach, rng.uniform(0.03, 0.15))
    truth["listed"] &= ~truth["silent"]
    early = rng.uniform(0.1, 1, size=(3, 3))[one, two]
    truth["weeks"] = np.where(truth["outcome"], np.where(rng.random(n) < early, 20.0, 3.0), np.nan)
    return truth


def audited(truth, **how):
    rows = pd.DataFrame(
        {
            "student_id": truth["student_id"],
            "school_id": truth.get("school", "s"),
            "district_id": truth.get("district", "d"),
            "as_of": FIRST_DAY,
            "grade_level": truth["grade_band"].map({"TK–5": 3, "9–12": 10}) if "school" in truth else 3,
            "score": np.where(truth["silent"], np.nan, 0.5),
            "label": truth["outcome"].astype(float),
            "onset": True,
            "listed": truth["listed"],
            "weeks_ahead": truth["weeks"],
        }
    )
    own = [name for name in ("one", "two", "three") if name in truth]
    parts = [long_groups(truth["student_id"].to_numpy(), a, truth[a].to_numpy()) for a in own]
    return audit_frame(rows, groups=pd.concat(parts), resampling=(100, 0), **how)


def published(truth):
    return audited(truth).published()


def counts(truth, cell):
    own = truth
    for name, group in zip(*cell, strict=True):
        own = own.loc[own[name] == group]
    outcome, listed = own["outcome"], own["listed"]
    early = outcome & listed & (own["weeks"] >= 8)
    return {
        "students": len(own),
        "outcome": int(outcome.sum()),
        "negative": int((~outcome).sum()),
        "listed": int(listed.sum()),
        "reached": int((outcome & listed).sum()),
        "missed": int((outcome & ~listed).sum()),
        "listed_negative": int((listed & ~outcome).sum()),
        "early": int(early.sum()),
        "not_early": int((outcome & ~early).sum()),
    }

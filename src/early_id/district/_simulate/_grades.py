"""Grades: what a grade row is, and the names of courses, terms and assessments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from early_id.district._simulate._students import Ints

SUBJECTS = ("ART", "ELA", "MATH", "PE", "SCI", "SOC")
CORE = np.array([False, True, True, False, True, True])
SLOTS = 18
ASSIGNMENT, FINAL, PROGRESS = range(3)  # in the order of their text
KINDS = ("assignment", "final", "progress")
LETTERS = ("A", "B", "C", "D", "F", "missing")
MISSING = LETTERS.index("missing")


@dataclass(frozen=True)
class Grades:
    """Grade rows of one block and year; -1 means empty. Days are days since 1970-01-01."""

    seat: Ints
    subject: Ints
    kind: Ints
    slot: Ints
    school: Ints
    term: Ints
    hundredths: Ints
    mark: Ints
    due: Ints
    assessed: Ints
    known: Ints
    retracted: Ints

    @classmethod
    def stack(cls, parts: list[Grades]) -> Grades:
        """Put parts under each other."""
        return cls(
            **{
                name: np.concatenate([getattr(part, name) for part in parts])
                for name in cls.__dataclass_fields__
            }
        )


def term_names(school_years: range) -> list[str]:
    """Every term of the county in text order: five a year, two semesters and three trimesters."""
    return [f"{year}-{name}" for year in school_years for name in ("S1", "S2", "T1", "T2", "T3")]


def term_code(index: int, terms: Ints, term: Ints) -> Ints:
    """Position in `term_names` of a term of the index-th year in a district with so many terms."""
    return 5 * index + np.where(terms == 2, 0, 2) + term


def assessment_names(school_years: range) -> list[str]:
    """Every assessment of the county in text order: assignments A00…, final F, progress P of every term."""
    endings = [*(f"A{slot:02d}" for slot in range(SLOTS)), "F", "P"]
    return [f"{term}-{ending}" for term in term_names(school_years) for ending in endings]


def assessment_code(term: Ints, kind: Ints, slot: Ints) -> Ints:
    """Position in `assessment_names`."""
    return np.asarray(
        (SLOTS + 2) * term + np.select([kind == FINAL, kind == PROGRESS], [SLOTS, SLOTS + 1], slot)
    )

"""What an audit released: its exact counts and what it hid of them, for the masks of the next audit of the year."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from early_id import __version__
from early_id.exceptions import DataError
from early_id.fairness._scheme import EARLY, OUTCOME, SCORING, Cell, Scheme

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FORMAT = 1
SCHEMES: Mapping[str, Scheme] = {"recall": OUTCOME, "not_scored": SCORING, "reached_early": EARLY}
#: Counts that no list moves: audits of the same students and outcomes agree in them.
SAME = ("eligible", "positive", "cohort", "outcome_student")


@dataclass(frozen=True)
class Counts:
    """The counts of one cell: its exclusive parts in rows, its measures in students, and what was hidden of it."""

    atoms: tuple[int, ...]
    students: Mapping[str, int]
    hidden: frozenset[str]


@dataclass(frozen=True)
class Piece:
    """What one release told of some cells in one scheme.

    `equal`: counts of a later audit that are the same sum of these parts for every reader, by name.
    """

    scheme: Scheme
    equal: Mapping[str, tuple[int, ...]]
    cells: Mapping[Cell, Counts]

    def total(self, cell: Cell, name: str) -> int:
        """Give a count of a cell in rows; none where the release does not have the cell."""
        if cell not in self.cells:
            return 0
        return sum(a * b for a, b in zip(self.cells[cell].atoms, self.scheme.counts[name], strict=True))


@dataclass(frozen=True, eq=False)
class Release:
    """What a published audit counted and hid.

    Answers: what would have to stay masked in another audit of the same year? It holds exact counts of small groups, so
    it stays with the predictions and is never published.

    Attributes
    ----------
    label : str
        The outcome.
    years : tuple of int
        The school years; none where the rows do not say.
    capacity : str, int or mapping
        Size of the audited lists; None for lists that were given.
    scores : str
        Digest of the order the scores give: with it the same lists follow at every size.
    rows : str
        Digest of the rest of the audited rows: outcomes, whether the event was ahead, how far, and who was listed.
    gaps : set of cells
        Groups with a gap: they are masked for the sake of others last, so masks hang on them.
    pieces : mapping of name to Piece
        recall, not_scored, reached_early: of single groups, crossed ones and everybody.
    sizes : tuple of int
        The other list sizes that were published, in percent of a school.
    masked : mapping of name to cells
        What was hidden elsewhere: "curve:<count>" at all of these sizes, "term:<metric>" on the dates of the terms,
        "before" where it is told how many events came before the first date.

    Examples
    --------
    >>> release = Release("chronic_absence", (2026,), "5%", "0f", "0f", frozenset(), {}, (), {})
    >>> release.before([release])  # its like tells nothing new
    ()
    """

    label: str
    years: tuple[int, ...]
    capacity: str | int | Mapping[str, int] | None
    scores: str
    rows: str
    gaps: frozenset[Cell]
    pieces: Mapping[str, Piece]
    sizes: tuple[int, ...]
    masked: Mapping[str, frozenset[Cell]]

    @cached_property
    def counted(self) -> str:
        """Digest of all that masks hang on, whatever was hidden: two audits of the same lists agree in it.

        Another version may mask otherwise, so its audits are others.
        """
        content = {
            name: [[*cell, *counts.atoms] for cell, counts in sorted(piece.cells.items())]
            for name, piece in self.pieces.items()
        }
        settings = [
            __version__,
            self.label,
            self.years,
            self.scores,
            self.rows,
            self.capacity,
            sorted(self.gaps),
        ]
        whole = json.dumps([settings, content], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()

    def before(self, releases: Iterable[Release]) -> tuple[Release, ...]:
        """Give those of some releases, in their order, that came before this one and are of a school year of it.

        To publish the same audit again tells nothing new, so its masks are those it had: only releases before its like
        count. A release that does not know its years may be of any.
        """
        own, found = self.counted, []
        for release in releases:
            if release.counted == own:
                break
            if not release.years or not self.years or set(release.years) & set(self.years):
                found.append(release)
        return tuple(found)

    def to_json(self) -> str:
        """Give it as JSON with sorted keys."""
        return json.dumps(
            {
                "format": FORMAT,
                "label": self.label,
                "years": list(self.years),
                "capacity": self.capacity,
                "scores": self.scores,
                "rows": self.rows,
                "gaps": sorted(self.gaps),
                "sizes": list(self.sizes),
                "masked": {name: sorted(cells) for name, cells in self.masked.items()},
                "pieces": {
                    name: [
                        [*cell, list(counts.atoms), dict(counts.students), sorted(counts.hidden)]
                        for cell, counts in sorted(piece.cells.items())
                    ]
                    for name, piece in self.pieces.items()
                },
            },
            sort_keys=True,
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Release:
        """Read what `to_json` gave.

        Raises
        ------
        DataError
            If it is something else.
        """
        try:
            content: dict[str, Any] = json.loads(text)
            if content["format"] != FORMAT:
                msg = f"of format {content['format']}, which another version of early_id writes"
                raise ValueError(msg)
            pieces = {
                name: piece_of(
                    name,
                    {
                        (attribute, group): _counts(SCHEMES[name], atoms, students, hidden)
                        for attribute, group, atoms, students, hidden in content["pieces"][name]
                    },
                )
                for name in SCHEMES
            }
            masked = {name: frozenset(map(tuple, cells)) for name, cells in content["masked"].items()}
            return cls(
                content["label"],
                tuple(content["years"]),
                content["capacity"],
                content["scores"],
                content["rows"],
                frozenset(map(tuple, content["gaps"])),
                pieces,
                tuple(content["sizes"]),
                masked,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            msg = (
                "Expected what an earlier audit counted and hid, as `early-id audit` keeps it, got something else "
                f"({type(error).__name__}: {error}). Put the file back from a backup, or update early_id; without "
                "either, take it away only if nobody has seen that audit."
            )
            raise DataError(msg) from error


def piece_of(name: str, cells: Mapping[Cell, Counts]) -> Piece:
    """Make the piece of one scheme."""
    return Piece(SCHEMES[name], _equal(SCHEMES[name]), cells)


def _counts(scheme: Scheme, atoms: Any, students: Any, hidden: Any) -> Counts:
    """Check one cell as far as masks rest on it."""
    measures = {*scheme.forms, next(iter(scheme.counts))}
    if (
        len(atoms) != len(scheme.atoms)
        or students.keys() != measures
        or not scheme.counts.keys() >= set(hidden)
    ):
        msg = f"other counts than {', '.join(scheme.atoms)}"
        raise ValueError(msg)
    return Counts(tuple(atoms), students, frozenset(hidden))


def _equal(scheme: Scheme) -> dict[str, tuple[int, ...]]:
    return {name: scheme.counts[name] for name in SAME if name in scheme.counts}

"""What a district may say about its OneRoster bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from early_id.district._sources._codes import code_sets
from early_id.district._sources._mapping import MappingShape, shaped
from early_id.exceptions import ConfigError, did_you_mean, examples

#: Code sets whose meanings are fixed: what they decide knows no other word.
_FIXED = ("OrgType", "SessionType", "Role", "EnrollmentRole", "RoleType", "ScoreStatus", "Core")
_KINDS = {"assignment", "progress", "final"}


class OneRosterMapping(MappingShape):
    """The keys of a mapping file; docs/sources-oneroster.md explains them.

    Attributes
    ----------
    mode : str
        "bulk": the files hold everything although their rows carry a status.
    student_id : str
        "sourcedId", "identifier", or a type of `userIds`, such as "SSID".
    school_id : str
        "sourcedId" or "identifier" of the school.
    district_id, district_name : str
        District of the schools that have none above them.
    gap_days : int
        Classes of a student in one school that are apart by no more days are one stay.
    score_date : str
        Whether a scoreDate after the due date means work handed in late, or only marked then.
    result_value_min, result_value_max : float, optional
        Range of points of a line item that names none.
    codes : mapping
        Code set to the district's words and what they mean.
    """

    mode: Literal["", "bulk"] = ""
    student_id: str = "sourcedId"
    school_id: Literal["sourcedId", "identifier"] = "sourcedId"
    district_id: str = ""
    district_name: str = ""
    gap_days: int = 30
    score_date: Literal["handed_in", "graded"] = "handed_in"
    result_value_min: float | None = None
    result_value_max: float | None = None
    codes: Mapping[str, Mapping[str, str]] = {}


def oneroster_mapping(mapping: Mapping[str, Any] | None) -> OneRosterMapping:
    """Check a mapping.

    Raises
    ------
    ConfigError
        If a key, a code set or the meaning of a code is not known.

    Examples
    --------
    >>> oneroster_mapping({"codes": {"Role": {"pupil": "student"}}}).codes["Role"]["pupil"]
    'student'
    """
    own = shaped(mapping or {}, OneRosterMapping, "oneroster")
    known = code_sets("oneroster")
    for name, codes in own.codes.items():
        if name not in known:
            msg = f"Expected code sets of OneRoster in the mapping, got {name!r}: {did_you_mean(name, known)}"
            raise ConfigError(msg)
        words = _KINDS if name == "CategoryKind" else {*known[name].values()} if name in _FIXED else None
        odd = [word for word in codes.values() if words is not None and word not in words]
        if odd:
            msg = (
                f"Expected meanings {examples(sorted(words or ()))} in codes.{name} of the mapping, "
                f"got {examples(odd)}."
            )
            raise ConfigError(msg)
    return own

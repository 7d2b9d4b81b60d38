"""Every rule that data is checked by, with its stable code."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from early_id.district._rules import (
    _calpads,
    _edfi,
    _enrollments,
    _files,
    _generic,
    _oneroster,
    _oulad,
    _records,
    _sources,
)
from early_id.district._rules._generic import PLANNED
from early_id.district._rules._rule import MACROS, Rule, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MACROS", "PLANNED", "RULES", "Rule", "Severity", "Stage"]

#: Every rule by its code.
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            *_files.RULES,
            *_sources.RULES,
            *_calpads.RULES,
            *_edfi.RULES,
            *_oneroster.RULES,
            *_oulad.RULES,
            *_enrollments.RULES,
            *_records.RULES,
            *_generic.RULES,
        )
    }
)

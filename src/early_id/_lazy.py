"""Names that load their module on first use, so that `import early_id` stays cheap."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def attach(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make `__getattr__`, `__dir__` and `__all__` of a package from a mapping of public name to module.

    A module beginning with a dot-less name is looked up inside the package; the found object is stored in the
    package, so the look-up happens once.

    >>> getattr_, dir_, all_ = attach("early_id", {"DataError": "exceptions"})
    >>> getattr_("DataError").__name__, all_
    ('DataError', ['DataError'])
    """
    names = sorted(homes)

    def load(name: str) -> Any:
        if name not in homes:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        value = getattr(importlib.import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return load, lambda: names, names

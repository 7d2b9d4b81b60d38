"""By which code a model was made: the library's version and source, and everything installed beside it."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import distributions
from pathlib import Path


def code_version() -> str:
    """Name the version of this library and the state of its source.

    Answers whether two runs were made by the same code, also between two releases and with changes nobody committed.

    Returns
    -------
    str
        Version, "+" and 12 digits of a SHA-256 over every Python file of the package, names and bytes.

    Examples
    --------
    >>> import early_id
    >>> version, _, source = code_version().partition("+")
    >>> version == early_id.__version__, len(source)
    (True, 12)
    """
    import early_id

    package = Path(early_id.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(package).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return f"{early_id.__version__}+{digest.hexdigest()[:12]}"


def environment_lock() -> str:
    """List every installed distribution as `name==version`, in the form pip reads, with Python's own version above.

    >>> any(line.startswith("numpy==") for line in environment_lock().splitlines())
    True
    """
    found = {
        (dist.metadata["Name"] or "").lower().replace("_", "-"): dist.version for dist in distributions()
    }
    pins = [f"{name}=={found[name]}" for name in sorted(found) if name]
    return "\n".join([f"# Python {platform.python_version()}, {platform.system()}", *pins]) + "\n"

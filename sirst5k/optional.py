"""The one way in which optional packages are imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sirst5k.errors import MissingDependencyError


def require(package: str, purpose: str, extra: str = "train") -> Any:
    """Import an optional package.

    Parameters
    ----------
    package : str
        Name to import.
    purpose : str
        What needs it, as the subject of a sentence: "a network".
    extra : str
        Which extra of sirst5k installs it.

    Raises
    ------
    MissingDependencyError
        If it is not installed; the message gives the line that installs it.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingDependencyError(
            f"Expected the package {package} to be installed, which {purpose} needs, but it "
            f"cannot be imported ({error}). Install it: pip install 'sirst5k[{extra}]'."
        ) from error

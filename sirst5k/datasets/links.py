"""Symbolic links: followed inside a dataset's folder, and out of it only where that is allowed."""

from __future__ import annotations

import os

from sirst5k.errors import DatasetError, ParameterError

FOLLOW_LINKS_VARIABLE = "SIRST5K_FOLLOW_LINKS"
"""Environment variable that allows links out of datasets, for every command."""

REMEDY = (
    "Put the files themselves there, or allow such links, if you trust whoever made them, with "
    f"--follow-links, follow_links=True in Python or {FOLLOW_LINKS_VARIABLE}=1 in the environment."
)


def may_follow(chosen: bool | None = None) -> bool:
    """Return whether links out of a dataset are followed.

    Parameters
    ----------
    chosen : bool, optional
        Of the caller; else ``SIRST5K_FOLLOW_LINKS`` counts, else they are not.

    Raises
    ------
    ParameterError
        If the variable is neither 0 nor 1.
    """
    if chosen is not None:
        return chosen
    text = os.environ.get(FOLLOW_LINKS_VARIABLE, "")
    if text not in ("", "0", "1"):
        raise ParameterError(
            f"Expected the environment variable {FOLLOW_LINKS_VARIABLE} to be 0 or 1, "
            f"got {text[:40]!r}."
        )
    return text == "1"


class Fence:
    """Says which paths lie in a folder, links resolved.

    Parameters
    ----------
    root : str
        The folder; it may itself be reached through links.
    open_ : bool
        Whether everything is allowed.
    """

    def __init__(self, root: str, open_: bool = False) -> None:
        self.root = root
        self.open = open_
        self._real = os.path.realpath(root)

    def holds(self, path: str) -> bool:
        """Return whether a path leads to something inside the folder, or all is allowed."""
        if self.open:
            return True
        real = os.path.realpath(path)
        return real == self._real or real.startswith(os.path.join(self._real, ""))  # noqa: PTH118

    def check(self, path: str) -> None:
        """Raise `DatasetError` for a path that leads out of the folder."""
        if not self.holds(path):
            raise DatasetError(f"{describe_link(path)} out of {self.root}. {REMEDY}")


def describe_link(path: str) -> str:
    """Return the start of a sentence on a link: what it is and where it leads."""
    return f"Expected a dataset's own files, but {path} leads to {os.path.realpath(path)},"

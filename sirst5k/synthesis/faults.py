"""What can be wrong with a stored dataset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a stored dataset.

    Attributes
    ----------
    kind : str
        ``missing``, ``unreadable``, ``changed``, ``stranger``, ``unfinished`` or
        ``not reproduced``.
    where : str
        The file concerned, below the dataset's folder.
    text : str
        A sentence.
    """

    kind: str
    where: str
    text: str


def missing(where: str) -> Fault:
    """Return the fault of a file that is not there."""
    return Fault("missing", where, f"{where} is missing.")


def changed(where: str, what: str) -> Fault:
    """Return the fault of a file that is not as it was written; `what` ends the sentence."""
    return Fault("changed", where, f"{where} is not as it was written: {what}.")


def unreadable(where: str, error: Exception) -> Fault:
    """Return the fault of a file that cannot be read."""
    return Fault("unreadable", where, f"{where} cannot be read: {error}")


def stranger(where: str) -> Fault:
    """Return the fault of a file that no run has written."""
    return Fault("stranger", where, f"{where} does not belong to the dataset.")

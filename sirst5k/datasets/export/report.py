"""What a conversion did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ConvertReport:
    """What a conversion did.

    Attributes
    ----------
    root : str
        The folder that was written.
    to : str
        The target: ``dnanet``, ``coco`` …
    samples : int
        Images in it.
    copied : int
        Images that are the source's files, byte for byte; the others were encoded anew, with
        the same grey levels.
    targets : int
        Targets of all images, 8-connected.
    lists : mapping of str to int
        Lists written, by name, with their lengths.
    renamed : mapping of str to str
        Lists of the source that are called otherwise now.
    lost : mapping of str to str
        Lists of the source that were not written, or that nothing reads as a list there, with
        the reason.
    outside : int
        Images that were left out because they are in none of the lists that the target keeps
        as folders.
    skipped : mapping of str to str
        Samples left out on the user's wish, with the reason.
    filled_holes : int
        Targets whose holes the target's form cannot express (YOLO).
    """

    root: str
    to: str
    samples: int
    copied: int
    targets: int
    lists: Mapping[str, int]
    renamed: Mapping[str, str]
    lost: Mapping[str, str]
    outside: int
    skipped: Mapping[str, str]
    filled_holes: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)

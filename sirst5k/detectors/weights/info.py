"""Where the weights of a loaded network come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """What `load_weights` found; the attribute `weights_info` of the network it returns.

    Attributes
    ----------
    source : str
        The file, or what was given in its place.
    sha256 : str
        Of the file; empty if there was none.
    keys : {"sirst5k", "published"}
        Whose names the entries had.
    wrappers : tuple of str
        What was looked through, outermost first: keys of dictionaries, beginnings of names.
    dead : tuple of str
        Entries left out because no output depends on them.
    normalisation_from : {"given", "file", "published", "unknown"}
        Where the network's normalisation comes from. If unknown, none is applied, and what
        the network says is worth little until one is given.
    extra : mapping of str to str
        What the file says besides.
    """

    source: str
    sha256: str
    keys: str
    wrappers: tuple[str, ...]
    dead: tuple[str, ...]
    normalisation_from: str
    extra: Mapping[str, str] = field(default_factory=dict)

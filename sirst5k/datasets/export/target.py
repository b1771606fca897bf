"""What a target of conversion has to say: where files go, and what describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sirst5k.datasets.export.selection import Selection
from sirst5k.sample import Mask


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sample goes.

    Attributes
    ----------
    id : str
        Its id in the output.
    image : str
        Its image file below the output folder, without ending.
    mask : str
        Its mask file, without ending; empty if masks are described otherwise.
    """

    id: str
    image: str
    mask: str = ""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What goes where.

    Attributes
    ----------
    places : mapping of str to Place
        By id in the source, in order; samples that have no place are left out.
    lists : mapping of str to tuple of str
        Lists by their name in the output, of ids in the source.
    names : mapping of str to str
        Lists by their name in the source, and what they are called in the output.
    lost : mapping of str to str
        Lists that are not written, or not read as such, with the reason.
    """

    places: Mapping[str, Place]
    lists: Mapping[str, Sequence[str]]
    names: Mapping[str, str]
    lost: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stored:
    """A sample that was stored.

    Attributes
    ----------
    id : str
        Its id in the source.
    image : str
        Its image file, below the output folder.
    width, height : int
        Pixels.
    copied : bool
        Whether the image is the source's file, byte for byte.
    targets : int
        Targets of the mask.
    note : Any
        What the target's `describe` said of the mask.
    """

    id: str
    image: str
    width: int
    height: int
    copied: bool
    targets: int
    note: Any = None


class Target(Protocol):
    """A layout, or a form, that datasets are converted to. Holds parameters only."""

    @property
    def name(self) -> str:
        """What `convert_dataset` calls it."""
        ...

    @property
    def takes(self) -> frozenset[str]:
        """Formats of image files that are copied untouched: png, jpeg, bmp, tiff."""
        ...

    @property
    def addition(self) -> str:
        """The longest that is put behind an id in a file's name: ``_pixels0.png``."""
        ...

    @property
    def folders(self) -> tuple[str, ...]:
        """Top folders that it makes, apart from those of lists."""
        ...

    def arrange(self, selection: Selection) -> Arrangement:
        """Say where samples and lists go."""
        ...

    def describe(self, mask: Mask) -> Any:
        """Return what is to be known of a mask at the end; a small value that can be pickled."""
        ...

    def sidecar(self, place: Place, mask: Mask) -> tuple[str, bytes] | None:
        """Return a file that stands beside the image: path below the output folder, content."""
        ...

    def documents(
        self, arrangement: Arrangement, stored: Mapping[str, Stored]
    ) -> Iterable[tuple[str, bytes]]:
        """Return the files that describe the whole, which are written last."""
        ...

"""How a dataset is to be read, and what reading it gives: shared by layouts and `open_dataset`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sirst5k.datasets.dataset import Source
    from sirst5k.datasets.index import SampleIndex


@dataclass(frozen=True, slots=True)
class Reading:
    """What `open_dataset` was asked for.

    Attributes
    ----------
    mask_threshold : float or None
        Mask levels strictly above it are target.
    max_pixels : int
        Larger images are refused unread.
    skip : bool
        Whether samples that cannot be used are left out instead of refused.
    follow_links : bool
        Whether files may be links out of the folder.
    """

    mask_threshold: float | None
    max_pixels: int
    skip: bool
    follow_links: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """The samples of a folder.

    Attributes
    ----------
    source : Source
        Reads one by its id.
    index : SampleIndex
        Which there are.
    """

    source: Source
    index: SampleIndex

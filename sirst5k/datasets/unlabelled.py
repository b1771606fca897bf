"""Images without masks, for what only needs that no target is in them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np

from sirst5k.datasets.names import natural_key
from sirst5k.datasets.scanning import own_image_files
from sirst5k.errors import DatasetError
from sirst5k.imaging import read_image
from sirst5k.sample import Sample


class UnlabelledImages(Sequence[Sample]):
    """The image files of a folder as samples without any target, in the order of their names.

    Numbers in names count as numbers, so that frames stand in the order of time. Files are read
    when they are asked for.

    Parameters
    ----------
    folder : path
        Images below it count, too.

    Raises
    ------
    DatasetError
        If it holds no image, or a link out of it.

    Examples
    --------
    Where whoever has the folder knows that no target is in it:

        NoiseBank.sample(UnlabelledImages("frames"), sequence=True)
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.root = Path(folder)
        found = dict(own_image_files(f"{os.fspath(folder)}/"))
        if not found:
            raise DatasetError(f"Expected images in {self.root}, but there is none.")
        self.ids = tuple(sorted(found, key=natural_key))
        self._endings = found

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Sample: ...

    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...

    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        """Read an image, or several; their masks are empty."""
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        name = self.ids[index]
        image = read_image(self.root / f"{name}{self._endings[name]}")
        return Sample(name, image, np.zeros(image.shape, np.bool_))

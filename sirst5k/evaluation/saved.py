"""Predictions that somebody saved: masks or maps of probability, in files of many kinds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.datasets import Dataset
from sirst5k.datasets.pairs import natural_key
from sirst5k.errors import (
    DatasetError,
    DatasetNotFoundError,
    ImageError,
    PairingError,
    ParameterError,
    suggest,
)
from sirst5k.evaluation.naming import Matching, match_names
from sirst5k.imaging import ENDINGS, MAX_PIXELS
from sirst5k.imaging.decoding import decode, read_bytes
from sirst5k.imaging.grey import to_grey, to_image_dtype
from sirst5k.sample import full_scale

INPUTS = ("prob", "logits")
RESIZES = ("nearest",)
_SILENT_LOGIT = -1000.0  # its sigmoid is 0 in any precision
_ENDINGS = (*ENDINGS, ".npy")


class SavedPredictions:
    """A folder of predictions, matched to the samples of a dataset.

    What integer levels mean is decided once for the whole folder: where no file holds
    anything but 0 and 1, or in 16 bit 0 and 255, they are masks; else they are fractions of
    255, or of 65535 in 16 bit.

    Parameters
    ----------
    root : path
        Searched with all folders inside it for PNG, BMP, JPEG, TIFF and NPY files.
    dataset : Dataset
        Whose samples are wanted.
    inputs : {"prob", "logits"}
        What float files hold.
    resize : {"nearest"}, optional
        Bring predictions of another size to that of their image; refused if not given.

    Attributes
    ----------
    matching : Matching
        Which file is whose.

    Raises
    ------
    DatasetError
        If there is no folder, or nothing in it fits any sample.
    PairingError
        If a name fits twice.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        dataset: Dataset,
        *,
        inputs: str = "prob",
        resize: str | None = None,
    ) -> None:
        if inputs not in INPUTS:
            raise ParameterError(f"There are no inputs {inputs!r}.{suggest(inputs, INPUTS)}")
        if resize is not None and resize not in RESIZES:
            raise ParameterError(f"There is no resize {resize!r}.{suggest(resize, RESIZES)}")
        self.root = Path(root)
        self.inputs, self.resize = inputs, resize
        files = _files(self.root)
        self.matching: Matching = match_names(
            dataset.ids, files, self.root, others=_every_id(dataset)
        )
        if not self.matching.files:
            raise DatasetError(
                f"Expected predictions named like the {len(dataset)} images of "
                f"{dataset.describe()} ({_some(dataset.ids)}), but {root} holds "
                f"{_some(self.matching.extra)}. Name each prediction like its image."
            )
        self._units: dict[np.dtype[Any], float] = {}

    def read(self, sample_id: str, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Return a prediction as ``(H, W)`` float32 of probabilities, or logits if so said.

        Where there is no file, nothing was detected: probabilities of 0, or very low logits.

        Raises
        ------
        ImageError
            If the file cannot be read, has another size, or values out of range.
        """
        file = self.matching.files.get(sample_id)
        if file is None:
            return np.full(shape, 0.0 if self.inputs == "prob" else _SILENT_LOGIT, np.float32)
        values = self._values(file, read_map(file))
        if values.shape == shape:
            return values
        if self.resize is None:
            raise ImageError(
                f"Expected a prediction of the image's size, {shape[1]}×{shape[0]}, but {file} "
                f"is {values.shape[1]}×{values.shape[0]}. Predict at the image's own size, or "
                "pass --resize nearest (resize='nearest')."
            )
        resized = cv2.resize(values, shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
        return resized.astype(np.float32, copy=False)

    def _values(self, file: Path, levels: NDArray[Any]) -> NDArray[np.float32]:
        if levels.dtype.kind != "f" and self.inputs == "logits":
            raise ImageError(
                f"Expected float files of logits, but {file} holds {levels.dtype}. Leave out "
                "--inputs logits for masks and maps of probability."
            )
        if levels.dtype == np.bool_:
            return levels.astype(np.float32)
        if levels.dtype.kind == "u":
            return levels.astype(np.float32) / np.float32(self._unit(levels.dtype))
        if self.inputs == "prob" and not (levels.min() >= 0 and levels.max() <= 1):
            raise ImageError(
                f"Expected probabilities in 0…1, but {file} holds {levels.min():g} to "
                f"{levels.max():g}. If these are logits, pass --inputs logits."
            )
        return levels.astype(np.float32, copy=False)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was concluded from the levels read so far, where that could be wrong."""
        return tuple(
            f"Nothing in {self.root} but 0 and {unit:g}: read as masks, not as probabilities."
            for dtype, unit in self._units.items()
            if unit != full_scale(dtype)
        )

    def _unit(self, dtype: np.dtype[Any]) -> float:
        """Return what full certainty is in integer files, looking at as many as need be."""
        if dtype not in self._units:
            # What two-level masks may have for their second level. A map of probabilities soon
            # shows another one, and ends the search.
            candidates, seen = {1, 255} - {int(full_scale(dtype))}, False
            for file in self.matching.files.values():
                levels = read_map(file)
                if levels.dtype != dtype:
                    continue
                present = set(np.unique(levels).tolist()) - {0}
                seen |= bool(present)
                candidates = {level for level in candidates if present <= {level}}
                if not candidates:
                    break
            known = seen and candidates
            self._units[dtype] = float(min(candidates)) if known else full_scale(dtype)
        return self._units[dtype]


def read_map(file: Path) -> NDArray[Any]:
    """Return the ``(H, W)`` array in a file: bool, uint8, uint16, or a float that is finite.

    Raises
    ------
    ImageError
        If it cannot be read, or holds something else.
    """
    if file.suffix.lower() == ".npy":
        return _read_array(file)
    pixels, header = decode(read_bytes(file), str(file))
    if header.colour == "palette" and pixels.ndim == 3:
        # A mask in palette colours, say dark red: its strongest channel says what luma hides.
        strongest: NDArray[Any] = pixels[:, :, :3].max(axis=2)
        return strongest
    return to_image_dtype(to_grey(pixels), str(file))


def _read_array(file: Path) -> NDArray[Any]:
    try:
        stored = np.load(file, mmap_mode="r", allow_pickle=False)
        if stored.size > MAX_PIXELS:
            raise ImageError(
                f"Expected at most {MAX_PIXELS:,} values, but {file} declares {stored.size:,}."
            )
        array = np.asarray(stored)
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise ImageError(
            f"Expected an array saved by numpy.save, but {file} cannot be read: {error}."
        ) from error
    shape = tuple(length for length in array.shape if length != 1)
    if array.ndim > 2 and len(shape) <= 2:
        # Batch and channel axes of length 1 stand before or after height and width.
        axes = array.shape[2:] if array.ndim == 4 else array.shape[1:]
        array = array.reshape(axes if array.shape[0] == 1 else array.shape[:2])
    if array.ndim != 2 or array.size == 0:
        raise ImageError(f"Expected an array (H, W), but {file} holds one of {array.shape}.")
    if array.dtype.kind not in "fbu" or (array.dtype.kind == "u" and array.dtype.itemsize > 2):
        array = _small_integers(array, file)
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ImageError(f"Expected numbers, but {file} holds NaN. Replace those values.")
    return array


def _small_integers(array: NDArray[Any], file: Path) -> NDArray[Any]:
    if array.dtype.kind in "iu" and array.min() >= 0 and array.max() <= 65535:
        return array.astype(np.uint8 if array.max() <= 255 else np.uint16)
    raise ImageError(
        f"Expected bool, 8-bit, 16-bit or float values, but {file} holds {array.dtype}"
        f"{f' from {array.min()} to {array.max()}' if array.dtype.kind in 'iu' else ''}."
    )


def _files(root: Path) -> list[Path]:
    if not root.exists():
        raise DatasetNotFoundError(
            f"Expected a folder of predictions, but there is no {str(root)!r}. Check the path."
        )
    if not root.is_dir():
        raise DatasetNotFoundError(
            f"Expected a folder of predictions, but {str(root)!r} is a file. Name its folder."
        )
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
        found += [
            Path(folder, name)
            for name in names
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in _ENDINGS  # noqa: PTH122
        ]
    if not found:
        raise DatasetError(
            f"Expected predictions in {root}, but it holds no PNG, BMP, JPEG, TIFF or NPY file."
        )
    return found


def _every_id(dataset: Dataset) -> tuple[str, ...]:
    try:
        return dataset.of_split("all").ids
    except PairingError:  # incomplete pairs outside the split are no concern of an evaluation
        return dataset.ids


def _some(names: Sequence[str]) -> str:
    shown = sorted(names, key=natural_key)[:3]
    return ", ".join(shown) + (", …" if len(names) > 3 else "")

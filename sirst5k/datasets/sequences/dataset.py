"""Labelled sequences as a lazy sequence of clips."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from sirst5k.clip import Clip
from sirst5k.datasets.sequences.cache import CAPACITY, FrameCache
from sirst5k.datasets.sequences.labels import FrameLabels
from sirst5k.datasets.sequences.source import SequenceSource
from sirst5k.datasets.sequences.windows import LENGTH, check_length, window
from sirst5k.datasets.splits import Splits
from sirst5k.errors import DatasetError, ImageError
from sirst5k.sample import Image

if TYPE_CHECKING:
    from sirst5k.datasets.dataset import Dataset


class SequenceDataset(Sequence[Clip]):
    """Clips of one split of a dataset of sequences, read when asked for.

    Parameters
    ----------
    source : SequenceSource
        Reads a frame by its id.
    sequences : mapping of str to sequence of str
        All frames of each sequence in the order of time, by ids ``sequence/frame``.
    ids : sequence of str
        The key frames of this dataset, in order: one clip each.
    splits : Splits
        Every list of key frames, by name.
    layout : str
        Name of the layout.
    root : Path, optional
        Its folder; None for embedded sequences.
    split : str, optional
        Name of the list that `ids` comes from; None for everything there is.
    length : int
        Frames of a clip.
    keys : sequence of str, optional
        All labelled frames, for the split ``all``; by default `ids`.
    skipped : mapping of str to str, optional
        Frames left out on the user's wish, with the reason.
    remarks : sequence of str
        What was accepted in the files, though their owner should know of it.
    cache_bytes : int
        How much memory decoded frames may take.

    Attributes
    ----------
    sequences : mapping of str to tuple of str
        Those with a key frame in `ids`, each with all of its frames.
    """

    def __init__(
        self,
        source: SequenceSource,
        sequences: Mapping[str, Sequence[str]],
        ids: Sequence[str],
        splits: Splits,
        layout: str,
        root: Path | None = None,
        split: str | None = None,
        *,
        length: int = LENGTH,
        keys: Sequence[str] | None = None,
        skipped: Mapping[str, str] | None = None,
        remarks: Sequence[str] = (),
        cache_bytes: int = CAPACITY,
    ) -> None:
        self.source = source
        self.ids: tuple[str, ...] = tuple(ids)
        self.splits = splits
        self.layout = layout
        self.root = root
        self.split = split
        self.length = check_length(length)
        self.skipped: Mapping[str, str] = dict(skipped or {})
        self.remarks: tuple[str, ...] = tuple(remarks)
        self._everything = sequences
        self._keys: tuple[str, ...] = self.ids if keys is None else tuple(keys)
        self._cache = FrameCache(cache_bytes)
        named = dict.fromkeys(sequence_of(frame_id) for frame_id in self.ids)
        self.sequences: Mapping[str, tuple[str, ...]] = {
            name: tuple(sequences[name]) for name in named
        }
        self._places: dict[str, int] = {
            frame_id: place
            for frames in self.sequences.values()
            for place, frame_id in enumerate(frames)
        }

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> SequenceDataset: ...
    def __getitem__(self, index: int | slice) -> Clip | SequenceDataset:
        if isinstance(index, slice):
            return self.subset(self.ids[index])
        return self.get(self.ids[index])

    def get(self, frame_id: str) -> Clip:
        """Return the clip that ends with a frame of one of the `sequences`.

        Raises
        ------
        DatasetError
            If there is no such frame.
        ImageError
            If a frame cannot be read, or the frames of the clip differ in size or depth.
        """
        names = self.window(frame_id)
        frames = [self.read_frame(name) for name in names]
        for name, frame in zip(names, frames, strict=True):
            if frame.shape != frames[-1].shape or frame.dtype != frames[-1].dtype:
                raise ImageError(
                    f"Expected the frames of a clip to be alike, but {self._where(name)} is "
                    f"{frame.shape[1]}×{frame.shape[0]} of {frame.dtype} and "
                    f"{self._where(frame_id)} is {frames[-1].shape[1]}×{frames[-1].shape[0]} of "
                    f"{frames[-1].dtype}. Take the sequence apart where it changes."
                )
        labels = self.labels(frame_id)
        meta: dict[str, Any] = {"frames": list(names)}
        if labels.tracks is not None:
            meta["tracks"] = list(labels.tracks)
        file = self.source.file(frame_id)
        if file is not None:
            meta["image_path"] = str(file)
        mask = labels.mask
        if mask is not None and mask.shape != frames[-1].shape:
            raise ImageError(
                f"Expected frame and mask of one size, but {self._where(frame_id)} is "
                f"{frames[-1].shape[1]}×{frames[-1].shape[0]} and its mask is "
                f"{mask.shape[1]}×{mask.shape[0]}. Replace the one that is wrong."
            )
        return Clip(frame_id, np.stack(frames), labels.boxes, labels.classes, mask, meta)

    def read_frame(self, frame_id: str) -> Image:
        """Return one frame of the `sequences`, ``(H, W)``, read-only: it may come from a cache.

        Raises
        ------
        DatasetError
            If there is no such frame.
        ImageError
            If it cannot be read.
        """
        self._place(frame_id)
        return self._cache.get(frame_id, self.source.read)

    def labels(self, frame_id: str, *, with_mask: bool = True) -> FrameLabels:
        """Return the targets of a frame of the `sequences`; decodes no frame.

        Parameters
        ----------
        frame_id : str
        with_mask : bool
            Whether target pixels are wanted where they are known. Without them labels are
            quicker to have, where boxes stand in a list.
        """
        self._place(frame_id)
        return self.source.labels(frame_id, with_mask)

    def window(self, frame_id: str) -> tuple[str, ...]:
        """Return the ids of the `length` frames of a clip, the key frame last.

        The first frame of the sequence is repeated where the clip begins before it.
        """
        place = self._place(frame_id)
        return window(self.sequences[sequence_of(frame_id)], place, self.length)

    def stills(self) -> Dataset:
        """Return each key frame as a `Sample`.

        Where only boxes are known the mask is the filled boxes, and the samples'
        ``meta["mask_from"]`` says ``"boxes"``.
        """
        from sirst5k.datasets.sequences.stills import stills_of

        return stills_of(self)

    def with_length(self, length: int) -> SequenceDataset:
        """Return the same key frames with clips of another number of frames."""
        return self._with(self.ids, self.split, self.skipped, check_length(length))

    def subset(self, ids: Iterable[str], split: str | None = None) -> SequenceDataset:
        """Return a dataset of the same source with only these key frames, in this order."""
        return self._with(tuple(ids), split or self.split, self.skipped, self.length)

    def whole_clips(self) -> SequenceDataset:
        """Return a dataset without the key frames whose clips would repeat a sequence's first.

        Raises
        ------
        DatasetError
            If none is left, as no sequence is long enough.
        """
        least = self.length - 1
        kept = [key for key in self.ids if self._place(key) >= least]
        if not kept:
            raise DatasetError(
                f"Expected a key frame with {least} frames before it, but no sequence of "
                f"{self.describe()} has one. Take shorter clips, or those that repeat a frame."
            )
        return self.subset(kept)

    def of_split(self, name: str) -> SequenceDataset:
        """Return the clips of one split.

        Parameters
        ----------
        name : str
            The list's name, a role (``train``, ``val``, ``trainval``, ``test``), or ``all``
            for every labelled frame there is.

        Raises
        ------
        SplitError
            If there is no such split, or several lists claim the role.
        """
        if name == "all":
            return self._with(self._keys, None, self.skipped, self.length)
        resolved = self.splits.resolve(name)
        return self._with(self.splits[resolved], resolved, self.skipped, self.length)

    def fingerprint(self) -> str:
        """Return a sha256 over key frames, all frames of their sequences and their labels.

        It takes no decoding, and is the same wherever a folder is copied.
        """
        digest = hashlib.sha256()
        for frame_id in self.ids:
            digest.update(f"{frame_id}\n".encode())
        for frames in self.sequences.values():
            for frame_id in frames:
                digest.update(f"{frame_id}\0{self.source.stamp(frame_id)}\n".encode())
        return digest.hexdigest()

    def describe(self) -> str:
        """Return one phrase naming the dataset, for messages."""
        return f"{self.root} ({self.layout} layout)" if self.root is not None else self.layout

    def __repr__(self) -> str:
        split = f", split={self.split!r}" if self.split else ""
        return (
            f"SequenceDataset({self.describe()!r}, {len(self)} clips of {self.length} frames in "
            f"{len(self.sequences)} sequences{split})"
        )

    def _place(self, frame_id: str) -> int:
        place = self._places.get(frame_id)
        if place is None:
            why = self.skipped.get(frame_id, "The sequences of this split do not have it.")
            raise DatasetError(f"There is no frame {frame_id!r} in {self.describe()}: {why}")
        return place

    def _where(self, frame_id: str) -> str:
        return str(self.source.file(frame_id) or frame_id)

    def _with(
        self,
        ids: tuple[str, ...],
        split: str | None,
        skipped: Mapping[str, str],
        length: int,
    ) -> SequenceDataset:
        return SequenceDataset(
            self.source,
            self._everything,
            ids,
            self.splits,
            self.layout,
            self.root,
            split,
            length=length,
            keys=self._keys,
            skipped=skipped,
            remarks=self.remarks,
            cache_bytes=self._cache.capacity,
        )


def sequence_of(frame_id: str) -> str:
    """Return the sequence that a frame belongs to: its id without the last part.

    Examples
    --------
    >>> sequence_of("train/data5/17")
    'train/data5'
    """
    return frame_id.rpartition("/")[0]

"""A labelled dataset as a lazy sequence of samples."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, overload

from sirst5k.datasets.splits import Splits
from sirst5k.sample import Mask, Sample


class Source(Protocol):
    """Where samples come from: files on disk, or a procedure."""

    def read(self, sample_id: str) -> Sample:
        """Return one sample, decoded now."""
        ...

    def read_mask(self, sample_id: str) -> Mask:
        """Return the mask of a sample alone."""
        ...

    def files(self, sample_id: str) -> tuple[Path, Path] | None:
        """Return the image and mask file of a sample, or None where there are no files."""
        ...

    def check(self, sample_id: str) -> None:
        """Raise what `read` would raise, as far as that shows without decoding."""
        ...

    def stamp(self, sample_id: str) -> str:
        """Return what identifies a sample's content without decoding it."""
        ...


class Dataset(Sequence[Sample]):
    """Samples of one split of a dataset, read when asked for.

    Parameters
    ----------
    source : Source
        Reads a sample by its id.
    ids : sequence of str
        The samples of this dataset, in order.
    splits : Splits
        Every list that the layout has, by name.
    layout : str
        Name of the layout.
    root : Path, optional
        Its folder; None for embedded scenes.
    split : str, optional
        Name of the list that `ids` comes from; None for everything there is.
    everything : callable, optional
        Returns all samples of the source, for the split ``all``; by default `ids`.
    skipped : mapping of str to str, optional
        Samples left out on the user's wish, with the reason.
    """

    def __init__(
        self,
        source: Source,
        ids: Sequence[str],
        splits: Splits,
        layout: str,
        root: Path | None = None,
        split: str | None = None,
        *,
        everything: Callable[[], Sequence[str]] | None = None,
        skipped: Mapping[str, str] | None = None,
    ) -> None:
        self.source = source
        self.ids: tuple[str, ...] = tuple(ids)
        self.splits = splits
        self.layout = layout
        self.root = root
        self.split = split
        self.skipped: Mapping[str, str] = dict(skipped or {})
        self._everything = everything if everything is not None else _Constant(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Dataset: ...
    def __getitem__(self, index: int | slice) -> Sample | Dataset:
        if isinstance(index, slice):
            return self.subset(self.ids[index])
        return self.source.read(self.ids[index])

    def get(self, sample_id: str) -> Sample:
        """Return the sample of that id, whichever split it is in."""
        return self.source.read(sample_id)

    def subset(self, ids: Iterable[str], split: str | None = None) -> Dataset:
        """Return a dataset of the same source with only these ids, in this order."""
        return self._with(tuple(ids), split or self.split, self.skipped)

    def of_split(self, name: str) -> Dataset:
        """Return the samples of one split.

        Parameters
        ----------
        name : str
            The list's name (``50_50/train``), a role (``train``, ``val``, ``trainval``,
            ``test``), or ``all`` for everything there is.

        Raises
        ------
        SplitError
            If there is no such split, or several lists claim the role.
        """
        if name == "all":
            return self._with(tuple(self._everything()), None, self.skipped)
        resolved = self.splits.resolve(name)
        ids = self.splits[resolved]
        return self._with(ids, resolved, self.splits.dropped(resolved))

    def fingerprint(self) -> str:
        """Return a sha256 over the ids and what identifies each sample's content.

        For files that is their size in bytes, so it costs one ``stat`` a file and no
        decoding, and is the same wherever the folder is copied.
        """
        digest = hashlib.sha256()
        for sample_id in self.ids:
            digest.update(f"{sample_id}\0{self.source.stamp(sample_id)}\n".encode())
        return digest.hexdigest()

    def describe(self) -> str:
        """Return one phrase naming the dataset, for messages."""
        where = str(self.root) if self.root is not None else self.layout
        return f"{where} ({self.layout} layout)" if self.root is not None else where

    def __repr__(self) -> str:
        split = f", split={self.split!r}" if self.split else ""
        return f"Dataset({self.describe()!r}, {len(self)} samples{split})"

    def _with(self, ids: tuple[str, ...], split: str | None, skipped: Mapping[str, str]) -> Dataset:
        return Dataset(
            self.source,
            ids,
            self.splits,
            self.layout,
            self.root,
            split,
            everything=self._everything,
            skipped=skipped,
        )


@dataclass(frozen=True)
class _Constant:
    """A function that returns what it was made with, and that worker processes can unpickle."""

    ids: tuple[str, ...]

    def __call__(self) -> tuple[str, ...]:
        return self.ids

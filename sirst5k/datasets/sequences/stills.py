"""Key frames as a dataset of single images, for whatever takes no clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sirst5k.clip import Boxes
from sirst5k.datasets.dataset import Dataset
from sirst5k.sample import Mask, Sample

if TYPE_CHECKING:
    from sirst5k.datasets.sequences.dataset import SequenceDataset


class StillSource:
    """Reads the key frames of a `SequenceDataset` as samples.

    Parameters
    ----------
    sequences : SequenceDataset
        Opened on all sequences that are asked for.
    """

    def __init__(self, sequences: SequenceDataset) -> None:
        self.sequences = sequences

    def read(self, sample_id: str) -> Sample:
        """Return one frame with its mask, or with its boxes filled where there is no mask."""
        image = self.sequences.read_frame(sample_id)
        labels = self.sequences.labels(sample_id)
        mask = labels.mask
        meta = {"mask_from": "masks" if mask is not None else "boxes"}
        if mask is None:
            mask = fill_boxes(labels.boxes, (image.shape[0], image.shape[1]))
        return Sample(sample_id, image, mask, meta)

    def read_mask(self, sample_id: str) -> Mask:
        """Return the mask of a frame alone."""
        labels = self.sequences.labels(sample_id)
        if labels.mask is not None:
            return labels.mask
        return fill_boxes(labels.boxes, self.sequences.source.shape(sample_id))

    def files(self, sample_id: str) -> tuple[Path, Path] | None:  # noqa: ARG002
        """Return None: boxes have no mask file, and masks may lie anywhere."""
        return None

    def check(self, sample_id: str) -> None:
        """Raise what `read` would raise, as far as that shows without decoding."""
        self.sequences.labels(sample_id, with_mask=False)
        self.sequences.source.shape(sample_id)

    def stamp(self, sample_id: str) -> str:
        """Return what identifies a frame's content and labels."""
        return self.sequences.source.stamp(sample_id)


def stills_of(sequences: SequenceDataset) -> Dataset:
    """Return the key frames of sequences as a `Dataset`; see `SequenceDataset.stills`."""
    return Dataset(
        StillSource(sequences.of_split("all")),
        sequences.ids,
        sequences.splits,
        sequences.layout,
        sequences.root,
        sequences.split,
        skipped=sequences.skipped,
    )


def fill_boxes(boxes: Boxes, shape: tuple[int, int]) -> Mask:
    """Return the mask of all pixels whose centre lies in a box.

    Parameters
    ----------
    boxes : (N, 4) float32
        x1, y1, x2, y2, ends exclusive.
    shape : (int, int)
        Height and width.
    """
    mask = np.zeros(shape, np.bool_)
    # A pixel's centre lies at its number + ½: the first one inside is ceil(edge - ½).
    height, width = shape
    edges = np.ceil(boxes.astype(np.float64) - 0.5)
    edges = np.clip(edges, 0, [width, height, width, height]).astype(np.int64)
    for x1, y1, x2, y2 in edges.tolist():
        mask[y1:y2, x1:x2] = True
    return mask

"""Test images on which the arms disagree, with what each of them found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.comparison.cells import DONE, MASKS, cell_config, read_rows
from sirst5k.comparison.experiment import Cell, Experiment
from sirst5k.comparison.training_sets import open_parts
from sirst5k.datasets import SequenceDataset
from sirst5k.drawing import Picture, grey_picture, image_stretch
from sirst5k.drawing.embedding import data_uri, fitted
from sirst5k.evaluation.squashing import squashed
from sirst5k.evaluation.verdicts import HIT, MISS, verdicts
from sirst5k.sample import Sample

_SIDE = 256  # pixels of a picture in the page
HITS, MISSES, ALARMS = (64, 148, 255), (255, 214, 0), (255, 64, 64)


@dataclass(frozen=True, slots=True)
class GalleryRow:
    """One test image, with a picture for each arm.

    Attributes
    ----------
    detector, sample : str
    pictures : sequence of (str, str, str)
        Arm, a sentence about it, and the picture as a data URI.
    """

    detector: str
    sample: str
    pictures: Sequence[tuple[str, str, str]]


def gallery(root: Path, experiment: Experiment, most: int = 4) -> list[GalleryRow]:
    """Return, for each detector, the images whose IoU differs most between the arms.

    The seed that most arms have finished is shown, with its last weights.
    """
    rows: list[GalleryRow] = []
    _, test = open_parts(experiment)
    if isinstance(test, SequenceDataset):  # boxes have no masks to show
        return rows
    for detector in experiment.detectors:
        cells = _shown_cells(root, experiment, detector)
        if len(cells) < 2:
            continue
        frames = squashed(test, cell_config(experiment, cells[0]).frame)
        ious = np.array([[row.iou for row in read_rows(root / cell.name)] for cell in cells])
        apart = np.nan_to_num(ious.max(axis=0) - ious.min(axis=0))
        masks = [np.load(root / cell.name / MASKS, allow_pickle=False) for cell in cells]
        for index in np.argsort(-apart, kind="stable")[:most]:
            if apart[index] <= 0:
                break
            sample = frames[int(index)]
            pictures = [
                _picture(sample, _unpacked(stored[f"arr_{index}"], sample.shape), cell.arm, iou)
                for cell, stored, iou in zip(cells, masks, ious[:, index], strict=True)
            ]
            rows.append(GalleryRow(detector, sample.id, pictures))
    return rows


def _shown_cells(root: Path, experiment: Experiment, detector: str) -> list[Cell]:
    fraction = max(experiment.fractions)
    best: list[Cell] = []
    for seed in experiment.seeds:
        cells = [Cell(detector, arm.name, fraction, seed) for arm in experiment.arms]
        cells = [cell for cell in cells if (root / cell.name / DONE).is_file()]
        if len(cells) > len(best):
            best = cells
    return best


def _unpacked(bits: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.bool_]:
    count = shape[0] * shape[1]
    return np.unpackbits(bits, count=count).reshape(shape).astype(np.bool_)


def _picture(
    sample: Sample, predicted: NDArray[np.bool_], arm: str, iou: float
) -> tuple[str, str, str]:
    """Return arm, sentence and picture of what one arm found in an image."""
    marks = verdicts(predicted, sample.mask)
    hits = sum(mark.kind == HIT for mark in marks)
    misses = sum(mark.kind == MISS for mark in marks)
    alarms = len(marks) - hits - misses
    text = f"IoU {iou:.2f}, {hits} found, {misses} missed, {alarms} false"
    picture = grey_picture(image_stretch(sample.image).apply(sample.image))
    _fill(picture, predicted & sample.mask, HITS)
    _fill(picture, sample.mask & ~predicted, MISSES)
    _fill(picture, predicted & ~sample.mask, ALARMS)
    return arm, text, data_uri(fitted(picture, _SIDE))


def _fill(picture: Picture, where: NDArray[np.bool_], colour: tuple[int, int, int]) -> None:
    picture[where] = (0.35 * picture[where] + 0.65 * np.array(colour)).astype(np.uint8)


def to_plain(rows: Sequence[GalleryRow]) -> list[dict[str, Any]]:
    """Return which images are shown, for the machine-readable results."""
    return [{"detector": row.detector, "sample": row.sample} for row in rows]

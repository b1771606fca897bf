"""Saved boxes, matched to the frames of a dataset."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from sirst5k.detectors.boxes import Detections
from sirst5k.errors import DatasetError
from sirst5k.evaluation.clips.box_files import BoxFiles, read_box_files
from sirst5k.evaluation.clips.found import NOTHING, found_boxes
from sirst5k.evaluation.clips.running import Sequences
from sirst5k.evaluation.naming import match_names

_ROOT = Path("/")


class SavedBoxes:
    """Boxes that anybody saved, by the ids of a dataset's key frames.

    Names are matched as those of saved maps are: exactly, or without regard to the folders
    around them, to case, to suffixes, to zero padding, in that order.

    Parameters
    ----------
    path : path
        See `read_box_files`.
    dataset : SequenceDataset
    images : path, optional
        See `read_box_files`.

    Attributes
    ----------
    lenient : mapping of str to str
        Ids whose name in the file differs, with what was overlooked.
    missing : tuple of str
        Ids that the file does not have, where it lists silent frames as well.
    extra : tuple of str
        Names in the file that are no key frame of the dataset.

    Raises
    ------
    DatasetError
        If no name in the file fits any frame.
    PairingError
        If a name fits twice.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        dataset: Sequences,
        images: str | os.PathLike[str] | None = None,
    ) -> None:
        self.path = Path(path)
        self._files: BoxFiles = read_box_files(path, images)
        # Paths of another machine, whatever their separators, become names below a root.
        names = {_ROOT / _relative(name): name for name in self._files.rows}
        others = [frame_id for frames in dataset.sequences.values() for frame_id in frames]
        matching = match_names(dataset.ids, names, _ROOT, others=others)
        if not matching.files and names:
            raise DatasetError(
                f"Expected boxes of frames named like those of {dataset.describe()} "
                f"({', '.join(dataset.ids[:2])} …), but {path} has {next(iter(names.values()))!r}."
            )
        self._names: Mapping[str, str] = {
            frame_id: names[file] for frame_id, file in matching.files.items()
        }
        self.lenient = matching.lenient
        self.missing = matching.missing if self._files.complete else ()
        self.extra = matching.extra

    @property
    def matched(self) -> int:
        """Key frames that the file has."""
        return len(self._names)

    def get(self, frame_id: str) -> Detections:
        """Return the boxes of a frame; none where the file has none."""
        name = self._names.get(frame_id)
        rows = [] if name is None else self._files.rows[name]
        if not rows:
            return NOTHING
        table = np.array(rows, np.float64)
        return found_boxes(table[:, :4], table[:, 5], table[:, 4].astype(np.int64))


def _relative(name: str) -> PurePosixPath:
    path = PurePosixPath(name.replace("\\", "/"))
    return PurePosixPath(*(part for part in path.parts if part not in ("/", "..", ".")))

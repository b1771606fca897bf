"""Embedded sequences with moving targets as a dataset: nothing on disk, frames made when read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.datasets.demo.sensor import digitise, read_out
from sirst5k.datasets.moving.camera import draw_camera
from sirst5k.datasets.moving.scene import MovingScene, populate
from sirst5k.datasets.moving.scenery import paint_scenery
from sirst5k.datasets.moving.spec import MovingSpec, parse_moving
from sirst5k.datasets.sequences.dataset import SequenceDataset, sequence_of
from sirst5k.datasets.sequences.labels import FrameLabels, labels_of
from sirst5k.datasets.sequences.windows import LENGTH
from sirst5k.datasets.splits import Splits
from sirst5k.memory import keep_freed_memory
from sirst5k.sample import Image
from sirst5k.seeds import rng_for

GENERATOR_VERSION = 1
"""Raised whenever the same specification gives other pixels than before."""

_HELD = 128 << 20  # bytes of scenes that are kept
_COUNT_SHARES = (0.4, 0.35, 0.25)
_BORDER = 0.3  # of the longer side: scenery beyond the frame, for the camera to drift over


def open_moving(spec: str, frames: int = LENGTH) -> SequenceDataset:
    """Open embedded sequences of moving targets.

    Parameters
    ----------
    spec : str
        ``demo:sequences=8,frames=40,size=128,seed=0``: see `parse_moving`.
    frames : int
        Of a clip.

    Returns
    -------
    SequenceDataset
        Layout ``demo-sequences``; every frame is a key frame. Of every four sequences three
        are in the split ``train`` and one is in ``test``.

    Raises
    ------
    DatasetError
        If the specification has an unknown setting or a value out of range.

    Examples
    --------
    >>> clips = open_moving("demo:sequences=4,frames=6,size=48", frames=3)
    >>> clips[2].id, clips[2].frames.shape, list(clips.of_split("test").sequences)
    ('demo_sky_0000/000002', (3, 48, 48), ['demo_urban_0003'])
    """
    chosen = parse_moving(spec)
    sequences: dict[str, tuple[str, ...]] = {}
    lists: dict[str, list[str]] = {"train": [], "test": []}
    for index in range(chosen.sequences):
        name = chosen.name_of(index)
        sequences[name] = tuple(f"{name}/{frame:06d}" for frame in range(chosen.frames))
        lists["test" if chosen.held_out(index) else "train"] += sequences[name]
    lists = {role: ids for role, ids in lists.items() if ids}
    every = [frame_id for ids in sequences.values() for frame_id in ids]
    return SequenceDataset(
        MovingSource(chosen), sequences, every, Splits(lists), "demo-sequences", length=frames
    )


class MovingSource:
    """Renders frames by id.

    Parameters
    ----------
    spec : MovingSpec
    """

    has_masks = True

    def __init__(self, spec: MovingSpec) -> None:
        self.spec = spec
        self._forget()

    def read(self, frame_id: str) -> Image:
        """Render one frame."""
        scene, time = self._at(frame_id)
        sensor, pattern = scene.camera.sensor, scene.camera.pattern
        rng = rng_for(self.spec.seed, frame_id, 0)
        image: Image = digitise(
            read_out(rng, sensor, scene.signal(time), pattern), sensor, self.spec.depth
        )
        return image

    def labels(self, frame_id: str, with_mask: bool) -> FrameLabels:
        """Return the targets of a frame, exactly."""
        scene, time = self._at(frame_id)
        seen = [sighting for sighting in scene.sightings(time) if sighting.counts]
        return labels_of(
            [sighting.box for sighting in seen],
            tracks=[sighting.track for sighting in seen],
            mask=scene.mask(seen) if with_mask else None,
        )

    def shape(self, frame_id: str) -> tuple[int, int]:  # noqa: ARG002
        """Return height and width: those of all frames."""
        return self.spec.height, self.spec.width

    def file(self, frame_id: str) -> Path | None:  # noqa: ARG002
        """Return None: there are no files."""
        return None

    def stamp(self, frame_id: str) -> str:  # noqa: ARG002
        """Return all that a frame's pixels follow from."""
        spec = self.spec
        return (
            f"demo-sequences generator={GENERATOR_VERSION} seed={spec.seed} frames={spec.frames} "
            f"size={spec.width}x{spec.height} depth={spec.depth} targets={spec.targets} "
            f"scr={spec.scr}"
        )

    def scene(self, sequence: str) -> MovingScene:
        """Return what the frames of a sequence follow from; the last ones made are kept."""
        with self._lock:
            if sequence in self._scenes:
                self._scenes.move_to_end(sequence)
                return self._scenes[sequence]
        scene = compose(self.spec, sequence)
        with self._lock:
            self._scenes[sequence] = scene
            while len(self._scenes) > 1 and sum(s.nbytes for s in self._scenes.values()) > _HELD:
                self._scenes.popitem(last=False)
        return scene

    def _at(self, frame_id: str) -> tuple[MovingScene, int]:
        return self.scene(sequence_of(frame_id)), int(frame_id.rpartition("/")[2])

    def _forget(self) -> None:
        self._scenes: OrderedDict[str, MovingScene] = OrderedDict()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"spec": self.spec}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.spec = state["spec"]
        self._forget()


def compose(spec: MovingSpec, sequence: str) -> MovingScene:
    """Return a sequence's scenery, camera and targets.

    Parameters
    ----------
    spec : MovingSpec
    sequence : str
        Its name, which with the seed addresses all randomness but the frames' noise.
    """
    keep_freed_memory()
    rng = rng_for(spec.seed, sequence, 0)
    scene = sequence.split("_")[1]
    border = max(8.0, np.ceil(_BORDER * max(spec.height, spec.width)))
    camera = draw_camera(rng, spec.frames, spec.height, spec.width, border)
    room = 2 * int(border) + 1
    scenery = paint_scenery(rng, scene, camera.optics, spec.height + room, spec.width + room)
    rng = rng_for(spec.seed, sequence, 1)
    count = spec.targets
    if count is None:
        count = 1 + int(rng.choice(len(_COUNT_SHARES), p=_COUNT_SHARES))
    return populate(rng, scene, scenery, camera, (spec.height, spec.width), count, spec.scr)

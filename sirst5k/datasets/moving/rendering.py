"""Frames and labels out of moving scenes, which are composed when they are first asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from sirst5k.datasets.moving.scene import MovingScene
from sirst5k.datasets.sequences.dataset import sequence_of
from sirst5k.datasets.sequences.labels import FrameLabels, labels_of
from sirst5k.sample import Image
from sirst5k.seeds import rng_for

_HELD = 128 << 20  # bytes of scenes that are kept


class SceneSource:
    """Renders frames by id; subclasses say what a sequence's scene is.

    Parameters
    ----------
    seed : int
        With a frame's id it addresses its noise.
    """

    has_masks = True

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._forget()

    def compose(self, sequence: str) -> MovingScene:
        """Return what the frames of a sequence follow from."""
        raise NotImplementedError

    def read(self, frame_id: str) -> Image:
        """Render one frame."""
        scene, time = self._at(frame_id)
        return scene.shoot(rng_for(self.seed, frame_id, 0), time)

    def labels(self, frame_id: str, with_mask: bool) -> FrameLabels:
        """Return the targets of a frame, exactly."""
        scene, time = self._at(frame_id)
        seen = [sighting for sighting in scene.sightings(time) if sighting.counts]
        return labels_of(
            [sighting.box for sighting in seen],
            tracks=[sighting.track for sighting in seen],
            mask=scene.mask(seen) if with_mask else None,
        )

    def shape(self, frame_id: str) -> tuple[int, int]:
        """Return height and width of a frame."""
        scene = self.scene(sequence_of(frame_id))
        return scene.height, scene.width

    def file(self, frame_id: str) -> Path | None:  # noqa: ARG002
        """Return None: there are no files."""
        return None

    def scene(self, sequence: str) -> MovingScene:
        """Return what the frames of a sequence follow from; the last ones made are kept."""
        with self._lock:
            if sequence in self._scenes:
                self._scenes.move_to_end(sequence)
                return self._scenes[sequence]
        scene = self.compose(sequence)
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
        return {k: v for k, v in vars(self).items() if k not in ("_scenes", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._forget()

"""Embedded sequences with moving targets as a dataset: nothing on disk, frames made when read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sirst5k.datasets.moving.camera import draw_camera
from sirst5k.datasets.moving.population import add_decoys, draw_count, populate
from sirst5k.datasets.moving.rendering import SceneSource
from sirst5k.datasets.moving.scene import Digits, MovingScene
from sirst5k.datasets.moving.scenery import paint_scenery
from sirst5k.datasets.moving.spec import MovingSpec, parse_moving
from sirst5k.datasets.sequences.dataset import SequenceDataset
from sirst5k.datasets.sequences.windows import LENGTH
from sirst5k.datasets.splits import Splits
from sirst5k.memory import keep_freed_memory
from sirst5k.seeds import rng_for

GENERATOR_VERSION = 1
"""Raised whenever the same specification gives other pixels than before."""

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


class MovingSource(SceneSource):
    """Renders the frames of embedded sequences by id.

    Parameters
    ----------
    spec : MovingSpec
    """

    def __init__(self, spec: MovingSpec) -> None:
        super().__init__(spec.seed)
        self.spec = spec

    def compose(self, sequence: str) -> MovingScene:
        """Return a sequence's scenery, camera and targets."""
        return compose(self.spec, sequence)

    def shape(self, frame_id: str) -> tuple[int, int]:  # noqa: ARG002
        """Return height and width: those of all frames."""
        return self.spec.height, self.spec.width

    def stamp(self, frame_id: str) -> str:  # noqa: ARG002
        """Return all that a frame's pixels follow from."""
        spec = self.spec
        others = f" decoys={spec.decoys}" if spec.decoys else ""
        others += f" speed={spec.speed}" if spec.speed is not None else ""
        others += f" camera={spec.camera}" if spec.camera != "drifting" else ""
        return (
            f"demo-sequences generator={GENERATOR_VERSION} seed={spec.seed} frames={spec.frames} "
            f"size={spec.width}x{spec.height} depth={spec.depth} targets={spec.targets} "
            f"scr={spec.scr}{others}"
        )


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
    staring = spec.camera == "staring"
    camera = draw_camera(rng, spec.frames, spec.height, spec.width, border, staring=staring)
    room = 2 * int(border) + 1
    scenery = paint_scenery(rng, scene, camera.optics, spec.height + room, spec.width + room)
    rng = rng_for(spec.seed, sequence, 1)
    count = spec.targets
    if count is None:
        count = draw_count(rng)
    sides = spec.height, spec.width
    made = populate(rng, scene, scenery, camera, sides, count, spec.scr, spec.speed)
    if spec.decoys:
        # Numbers of their own: the targets are the same with and without decoys.
        made = add_decoys(rng_for(spec.seed, sequence, 2), made, scene, spec.decoys, spec.scr)
    return replace(made, digits=Digits.of_depth(spec.depth, camera.sensor))

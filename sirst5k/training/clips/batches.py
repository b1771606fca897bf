"""One step's clips and boxes: a function of its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sirst5k.detectors.normalisation import Normalisation
from sirst5k.seeds import stable_hash
from sirst5k.training.clips.frames import ClipFrames, normalised
from sirst5k.training.clips.store import ClipStore
from sirst5k.training.clips.turning import draw, turn_boxes, turn_clips
from sirst5k.training.config import TrainingConfig
from sirst5k.training.frames.batch import send
from sirst5k.training.sampling import Indices, ShuffledBatches, share

_AUGMENT = stable_hash("flips and turns of a training step's clips")


@dataclass(frozen=True, eq=False)
class ClipBatch:
    """What a step learns from.

    Attributes
    ----------
    clips : (B, C, T, S, S) float32
        Normalised.
    boxes : (B, M, 4) float32
        Centre x and y, width and height in pixels.
    classes : (B, M) int64
    counts : (B,) int64
        How many of the M boxes are targets.
    """

    clips: Tensor
    boxes: Tensor
    classes: Tensor
    counts: Tensor


class ClipMaker:
    """Makes the batch of any step.

    Parameters
    ----------
    store : ClipStore
    frames : ClipFrames
    batches : ShuffledBatches
    config : TrainingConfig
    normalisation : Normalisation
    rank, ranks : int
        Which share of every batch is made here.
    """

    def __init__(
        self,
        store: ClipStore,
        frames: ClipFrames,
        batches: ShuffledBatches,
        config: TrainingConfig,
        normalisation: Normalisation,
        rank: int = 0,
        ranks: int = 1,
    ) -> None:
        self.store = store
        self.frames = frames
        self.batches = batches
        self.config = config
        self.normalisation = normalisation
        self.rank, self.ranks = rank, ranks

    def indices(self, step: int) -> Indices:
        """Return the clips of this process's share of a step's batch."""
        return share(self.batches.at(step), self.rank, self.ranks)

    def make(self, step: int) -> ClipBatch:
        """Return the batch of a step."""
        store, config, chosen = self.store, self.config, self.indices(step)
        words = np.random.SeedSequence(entropy=config.seed, spawn_key=(_AUGMENT, step, self.rank))
        rng = np.random.Generator(np.random.PCG64DXSM(words))
        turns = draw(config.augmentation, len(chosen), rng)
        grey = turn_clips(self.frames.clips(store.windows[chosen]), turns)
        clips = normalised(grey, config.in_channels, self.normalisation)
        if config.channels_last:
            clips = clips.contiguous(memory_format=torch.channels_last_3d)
        counts = store.counts[chosen]
        most = max(1, int(counts.max()))
        boxes = turn_boxes(store.boxes[chosen, :most], turns, store.side)
        known = (centred(boxes), store.classes[chosen, :most], counts)
        return ClipBatch(clips, *(send(array, self.frames.device) for array in known))


def centred(boxes: NDArray[Any]) -> NDArray[np.float32]:
    """Return boxes x1, y1, x2, y2 as centre x and y, width and height."""
    low, high = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([(low + high) / 2, high - low], axis=-1).astype(np.float32)

"""Which frames make up which batch: a function of seed and step, so that any step can be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.seeds import stable_hash

Indices = NDArray[np.int64]
_ORDER = stable_hash("order of the frames in an epoch")


class Batches(Protocol):
    """The batches of a run."""

    @property
    def per_epoch(self) -> int:
        """Number of batches of an epoch."""
        ...

    def at(self, step: int) -> Indices:
        """Return the frames of the batch of a step, counted from 0."""
        ...


@dataclass(frozen=True)
class ShuffledBatches:
    """Every frame at most once an epoch, in an order that the seed and the epoch decide.

    Parameters
    ----------
    frames : int
        Number of frames.
    batch_size : int
    drop_last : bool
        Whether a smaller last batch is left out. Where there are fewer frames than a batch
        holds, they are repeated instead: every batch then has its full size.
    seed : int
    epochs_per_pass : int
        An epoch ends after this part of its batches, rounded down, and at least one.
    """

    frames: int
    batch_size: int
    drop_last: bool = True
    seed: int = 0
    epochs_per_pass: int = 1

    def __post_init__(self) -> None:
        if self.frames < 1 or self.batch_size < 1:
            raise ParameterError(
                f"Expected at least one frame and a batch of at least one, got {self.frames} "
                f"and {self.batch_size}."
            )

    @property
    def per_epoch(self) -> int:
        """Number of batches of an epoch."""
        whole, rest = divmod(self.frames, self.batch_size)
        batches = whole + (1 if rest and not self.drop_last else 0)
        return max(1, batches // self.epochs_per_pass)

    def at(self, step: int) -> Indices:
        """Return the frames of the batch of a step, counted from 0."""
        epoch, place = divmod(step, self.per_epoch)
        order = _order(self.frames, self.seed, epoch)
        if self.frames < self.batch_size and self.drop_last:
            return np.resize(order, self.batch_size)
        batch: Indices = order[place * self.batch_size : (place + 1) * self.batch_size]
        return batch


class NegativeBatches:
    """A source image together with all its variants, one source a batch.

    The published SIRST-5K scheme: the loss is summed over the negatives of an image.

    Parameters
    ----------
    parents : sequence of str
        Of every frame, the image that it was made of, or itself.
    seed : int
    """

    def __init__(self, parents: Sequence[str], seed: int = 0) -> None:
        groups: dict[str, list[int]] = {}
        for index, parent in enumerate(parents):
            groups.setdefault(parent, []).append(index)
        self._groups = [np.array(members, np.int64) for members in groups.values()]
        self._seed = seed
        if not self._groups:
            raise ParameterError("Expected at least one frame to train on, got none.")

    @property
    def per_epoch(self) -> int:
        """Number of batches of an epoch: one a source image."""
        return len(self._groups)

    @property
    def largest(self) -> int:
        """Frames of the largest batch."""
        return max(len(members) for members in self._groups)

    def at(self, step: int) -> Indices:
        """Return the frames of the batch of a step, counted from 0."""
        epoch, place = divmod(step, self.per_epoch)
        group = int(_order(len(self._groups), self._seed, epoch)[place])
        return self._groups[group]


def share(batch: Indices, rank: int, ranks: int) -> Indices:
    """Return the part of a batch that one of several processes makes.

    Shares are equal: of a last batch that cannot be divided, some frames are taken twice.

    Parameters
    ----------
    batch : (N,) int64
    rank, ranks : int
        Which process of how many.
    """
    equal = np.resize(batch, -(-len(batch) // ranks) * ranks)
    return equal[rank::ranks].copy()


@lru_cache(maxsize=4)
def _order(length: int, seed: int, epoch: int) -> Indices:
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(_ORDER, epoch))
    generator = np.random.Generator(np.random.PCG64DXSM(sequence))
    order: Indices = np.asarray(generator.permutation(length), np.int64)
    order.flags.writeable = False  # it is shared between calls
    return order

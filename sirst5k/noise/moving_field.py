"""A noise field that moves as a sensor's does: new in every frame, but for what stays."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.noise.fields import spectral_field, tile_field
from sirst5k.noise.sequence_noise import SequenceNoise

METHODS = {"spectral": spectral_field, "tile": tile_field}
"""Ways to make a field of either part."""

_FIXED, _WHITE = 0, 1


class MovingField:
    """The noise of one sequence, any frame of it made when it is asked for.

    Parameters
    ----------
    noise : SequenceNoise
    shape : (int, int)
        Height and width in pixels.
    seed : int
        Not negative. Frame *t* depends on this and on *t* alone.
    method : str
        ``spectral`` or ``tile``; see `sirst5k.noise.fields`.

    Examples
    --------
    >>> from sirst5k.noise import NoiseBank
    >>> rng = np.random.default_rng(0)
    >>> noise = SequenceNoise(NoiseBank.from_windows(rng.normal(0, 2, (8, 32, 32))))
    >>> field = MovingField(noise, (64, 80), seed=1)
    >>> field.at(3).shape, bool((field.at(3) == field.at(3)).all()), bool(field.fixed.any())
    ((64, 80), True, False)
    """

    def __init__(
        self, noise: SequenceNoise, shape: tuple[int, int], seed: int, method: str = "spectral"
    ) -> None:
        if method not in METHODS:
            raise ParameterError(
                f"Expected a field of {' or '.join(METHODS)} for sequences, got {method!r}."
            )
        if seed < 0:
            raise ParameterError(f"Expected a seed that is not negative, got {seed}.")
        self.noise = noise
        self.shape = shape
        self.seed = seed
        self.method = method

    @cached_property
    def fixed(self) -> NDArray[np.float32]:
        """What stays over the sequence: ``(H, W)`` float32, zero mean, level `fixed_std`."""
        bank = self.noise.fixed
        if bank is None:
            return np.zeros(self.shape, np.float32)
        return METHODS[self.method](bank, self.shape, self._rng(_FIXED))

    def white(self, frame: int) -> NDArray[np.float32]:
        """Return what is new in a frame: ``(H, W)`` float32, zero mean, level `white_std`.

        Parameters
        ----------
        frame : int
            Number of the frame in its sequence, from 0.
        """
        return METHODS[self.method](self.noise.white, self.shape, self._rng(_WHITE, frame))

    def at(self, frame: int) -> NDArray[np.float32]:
        """Return the whole noise of a frame, ``(H, W)`` float32 in the noise's grey levels."""
        return self.white(frame) + self.fixed

    def _rng(self, *address: int) -> np.random.Generator:
        sequence = np.random.SeedSequence(entropy=self.seed, spawn_key=address)
        return np.random.Generator(np.random.PCG64DXSM(sequence))

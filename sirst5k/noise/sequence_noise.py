"""The noise of a camera over time: what is new in every frame, and what stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sirst5k.errors import NoiseError
from sirst5k.noise.bank import NoiseBank

if TYPE_CHECKING:
    from sirst5k.noise.sampling_sequences import FrameSource


@dataclass(frozen=True, eq=False)
class SequenceNoise:
    """The two parts of a sensor's noise, each a bank of its own.

    Attributes
    ----------
    white : NoiseBank
        What is new in every frame; its ``std`` is that of one frame's temporal noise.
    fixed : NoiseBank, optional
        The pattern that stays with the pixels while the scene moves; None if there is none
        that could be told from the temporal noise.
    report : mapping
        How both were measured. JSON-like values.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> white = NoiseBank.from_windows(rng.normal(0, 2, (8, 32, 32)))
    >>> SequenceNoise(white)
    SequenceNoise(white std 1.99, fixed std 0 of 1, 8 and 0 windows of 32×32)
    """

    white: NoiseBank
    fixed: NoiseBank | None = None
    report: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fixed = self.fixed
        if fixed is not None and fixed.full_scale != self.white.full_scale:
            raise NoiseError(
                f"Expected both parts of the noise in the same grey levels, got full scales "
                f"{self.white.full_scale:g} and {fixed.full_scale:g}."
            )

    @classmethod
    def sample(
        cls,
        source: FrameSource,
        size: int = 32,
        step: int | None = None,
        quantile: float = 0.1,
        tolerance: float = 2.0,
        guard: int = 7,
        max_variance: float | None = None,
        max_tiles: int = 1024,
        max_frames: int = 64,
        max_sequences: int = 64,
        min_whiteness: float = 0.8,
        progress: Callable[[Iterable[str]], Iterable[str]] | None = None,
    ) -> SequenceNoise:
        """Measure the noise of a dataset of sequences.

        Of each sequence the first frames are looked at. A window counts if it is quiet in
        every one of them (see `sirst5k.noise.find_flat_windows`), free of what is labelled
        in any of them, and if what varies in it is white in time.

        Parameters
        ----------
        source : SequenceDataset
            Or anything with `sequences`, `read_frame` and `labels` as it has them.
        size, step, quantile, tolerance, guard, max_variance
            As in `find_flat_windows`.
        max_tiles : int
            Most windows to keep of either part.
        max_frames, max_sequences : int
            Most frames of a sequence, from its beginning, and most sequences, spread evenly.
        min_whiteness : float
            Least von Neumann ratio of a window. Where the scene moves through it the ratio
            is low, since what moves changes little from frame to frame.
        progress : callable, optional
            Wraps the loop over the sequences, as `tqdm` does.

        Raises
        ------
        NoiseError
            If no window is quiet enough in every frame of any sequence.
        """
        from sirst5k.noise.sampling_sequences import sample_sequences

        rule = {
            "size": size,
            "step": step,
            "quantile": quantile,
            "tolerance": tolerance,
            "guard": guard,
            "max_variance": max_variance,
        }
        return sample_sequences(
            source, rule, max_tiles, max_frames, max_sequences, min_whiteness, progress
        )

    @classmethod
    def load(cls, path: str | Path) -> SequenceNoise:
        """Read the noise from an ``.npz`` file; runs no code from it.

        A file with an ordinary bank gives noise that is all white.

        Raises
        ------
        NoiseError
            If the file holds neither.
        """
        from sirst5k.noise.sequence_file import load_sequence_noise

        return load_sequence_noise(Path(path))

    def save(self, path: str | Path) -> None:
        """Write both parts to an ``.npz`` file."""
        from sirst5k.noise.sequence_file import save_sequence_noise

        save_sequence_noise(self, Path(path))

    def __repr__(self) -> str:
        return (
            f"SequenceNoise(white std {self.white_std:.3g}, fixed std {self.fixed_std:.3g} of "
            f"{self.full_scale:g}, {len(self.white)} and {self.patterns} windows of "
            f"{self.white.size}×{self.white.size})"
        )

    @property
    def full_scale(self) -> float:
        """Grey level that is white in the source."""
        return self.white.full_scale

    @property
    def patterns(self) -> int:
        """Number of windows of the fixed part."""
        return 0 if self.fixed is None else len(self.fixed)

    @property
    def white_std(self) -> float:
        """Standard deviation of what is new in every frame, in grey levels."""
        return self.white.std

    @property
    def fixed_std(self) -> float:
        """Standard deviation of what stays, in grey levels."""
        return 0.0 if self.fixed is None else self.fixed.std

    def rescaled(self, full_scale: float) -> SequenceNoise:
        """Return the noise in the grey levels of images with another full scale."""
        fixed = None if self.fixed is None else self.fixed.rescaled(full_scale)
        return SequenceNoise(self.white.rescaled(full_scale), fixed, self.report)

"""A bank of real noise: quiet windows cut from a dataset, and what they say of its sensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import NoiseError
from sirst5k.noise.plane import remove_plane
from sirst5k.noise.shaping import Shaping
from sirst5k.noise.spectrum import periodogram
from sirst5k.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, eq=False)
class NoiseBank:
    """Windows of real noise with their provenance.

    The windows are kept as they were cut, in the grey levels of their source; everything
    else follows from them.

    Attributes
    ----------
    windows : (N, s, s) uint8 | uint16 | float32
        The cut-outs, or temporal residuals (float32) where a sequence was sampled.
    full_scale : float
        Grey level that is white in the source: 255, 65535, or 1.0 for float images.
    sources : tuple of str
        Ids of the sampled images.
    origin : (N, 3) int32
        Index into `sources`, first row and first column of each window.
    report : mapping
        How it was sampled: parameters, candidates, thresholds. JSON-like values.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> frames = rng.normal(100, 2, (8, 32, 32)).round().astype(np.uint8)
    >>> bank = NoiseBank.from_windows(frames)
    >>> bank.tiles.shape, bank.tiles.dtype
    ((8, 32, 32), dtype('float32'))
    >>> abs(bank.std - 2) < 0.2
    True
    """

    windows: NDArray[Any]
    full_scale: float
    sources: tuple[str, ...]
    origin: NDArray[np.int32]
    report: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.windows.ndim != 3 or self.windows.shape[1] != self.windows.shape[2]:
            raise NoiseError(
                f"Expected square noise windows (N, s, s), got shape {self.windows.shape}."
            )
        if len(self.windows) == 0:
            raise NoiseError("Expected at least one noise window, got none.")
        if self.windows.shape[1] < 4:
            raise NoiseError(
                f"Expected noise windows of at least 4×4 pixels, got side {self.windows.shape[1]}."
            )
        if not np.isfinite(self.windows).all():
            raise NoiseError("Expected finite noise windows, got NaN or infinity among them.")
        if self.origin.shape != (len(self.windows), 3):
            raise NoiseError(
                f"Expected an origin (source, row, column) for each of {len(self.windows)} "
                f"windows, got shape {self.origin.shape}."
            )

    @classmethod
    def from_windows(
        cls,
        windows: NDArray[Any],
        full_scale: float | None = None,
        name: str = "windows",
    ) -> NoiseBank:
        """Make a bank of windows that were cut elsewhere.

        Parameters
        ----------
        windows : (N, s, s) or (s, s) array
            Grey levels of ``uint8``, ``uint16`` or float.
        full_scale : float, optional
            Grey level that is white; follows from the dtype by default.
        name : str
            What to call their source.
        """
        stack = windows[None] if windows.ndim == 2 else windows
        if stack.dtype.kind not in "uif":
            raise NoiseError(f"Expected noise windows of numbers, got dtype {stack.dtype}.")
        if stack.dtype not in (np.uint8, np.uint16):
            stack = stack.astype(np.float32)
        white = float(np.iinfo(stack.dtype).max) if stack.dtype.kind == "u" else 1.0
        origin = np.zeros((len(stack), 3), np.int32)
        return cls(stack, full_scale or white, (name,), origin, {"method": "given"})

    @classmethod
    def sample(
        cls,
        dataset: Sequence[Sample],
        size: int = 32,
        step: int | None = None,
        quantile: float = 0.1,
        tolerance: float = 2.0,
        guard: int = 7,
        max_variance: float | None = None,
        max_tiles: int = 1024,
        max_frames: int = 512,
        sequence: bool = False,
        progress: Callable[[Iterable[int]], Iterable[int]] | None = None,
    ) -> NoiseBank:
        """Cut the quiet windows of a dataset into a bank.

        See `sirst5k.noise.find_flat_windows` for the rule within an image. Over the
        images, those whose noise floor is far above the others' (more than four robust
        standard deviations of the logarithm) show clutter, not noise, and are left out;
        and each image gives about as many windows as any other.

        Parameters
        ----------
        dataset : sequence of Sample
            Its masks are excluded.
        size, step, quantile, tolerance, guard, max_variance
            As in `find_flat_windows`.
        max_tiles : int
            Most windows to keep.
        max_frames : int
            Most images to look at, spread evenly over the dataset.
        sequence : bool
            Take the dataset as consecutive frames of one camera. The noise is then what
            changes from frame to frame; windows must be quiet in every frame.
        progress : callable, optional
            Wraps the loop over the images, as `tqdm` does.

        Raises
        ------
        NoiseError
            If no window is quiet enough; it says what the nearest was and how to loosen.
        """
        from sirst5k.noise.sampling import sample_frames, sample_sequence

        rule = {
            "size": size,
            "step": step,
            "quantile": quantile,
            "tolerance": tolerance,
            "guard": guard,
            "max_variance": max_variance,
        }
        sampler = sample_sequence if sequence else sample_frames
        return sampler(dataset, rule, max_tiles, max_frames, progress)

    @classmethod
    def load(cls, path: str | Path) -> NoiseBank:
        """Read a bank from an ``.npz`` file; runs no code from it.

        Raises
        ------
        NoiseError
            If the file is no noise bank.
        """
        from sirst5k.noise.bank_file import load_bank

        return load_bank(Path(path))

    def save(self, path: str | Path) -> None:
        """Write the bank to an ``.npz`` file, with its spectrum and distribution in it."""
        from sirst5k.noise.bank_file import save_bank

        save_bank(self, Path(path))

    def __len__(self) -> int:
        return len(self.windows)

    def __repr__(self) -> str:
        return (
            f"NoiseBank({len(self)} windows of {self.size}×{self.size} from "
            f"{len(self.sources)} sources, std {self.std:.3g} of {self.full_scale:g})"
        )

    @property
    def size(self) -> int:
        """Side of a window in pixels."""
        return int(self.windows.shape[1])

    @cached_property
    def _flat(self) -> NDArray[np.float32]:
        return remove_plane(self.windows)

    @cached_property
    def levels(self) -> NDArray[np.float64]:
        """Standard deviation of each window without its plane, ``(N,)``, grey levels."""
        levels: NDArray[np.float64] = self._flat.std(axis=(1, 2), dtype=np.float64)
        return levels

    @cached_property
    def _ordered_levels(self) -> NDArray[np.float64]:
        return np.sort(self.levels)

    def level_at(self, quantile: float) -> float:
        """Return a quantile of `levels`, in grey levels; `quantile` is in [0, 1]."""
        place = quantile * (len(self) - 1)
        return float(np.interp(place, np.arange(len(self)), self._ordered_levels))

    @cached_property
    def std(self) -> float:
        """The bank's typical noise level: the median of `levels`, in grey levels."""
        return self.level_at(0.5)

    @cached_property
    def tiles(self) -> NDArray[np.float32]:
        """Noise tiles ``(N, s, s)`` float32 in grey levels: plane removed, level `std`.

        Windows of images with much and with little noise are brought to one level, so
        that fields made of them are as even as a sensor's noise is. The level that each
        window had is in `levels`.
        """
        alive = np.maximum(self.levels, np.finfo(np.float32).tiny)
        scaled: NDArray[np.float32] = self._flat * (self.std / alive)[:, None, None].astype(
            np.float32
        )
        return scaled

    @cached_property
    def spectrum(self) -> NDArray[np.float64]:
        """Average power spectrum ``(s, s)`` of the unit-variance, Hann-windowed tiles."""
        return periodogram(self.tiles)

    @cached_property
    def shaping(self) -> Shaping:
        """Corrected power spectrum and distribution that `spectral_field` draws from."""
        if not self.std > 0:
            raise NoiseError("Expected noise with some variance, got constant windows.")
        return Shaping.fit(self.tiles)

    def rescaled(self, full_scale: float) -> NoiseBank:
        """Return the bank in the grey levels of images with another full scale.

        Parameters
        ----------
        full_scale : float
            255 for 8-bit images, 65535 for 16-bit ones, 1.0 for float ones.
        """
        if full_scale == self.full_scale:
            return self
        windows = (self.windows * (full_scale / self.full_scale)).astype(np.float32)
        return NoiseBank(windows, full_scale, self.sources, self.origin, self.report)

"""The parameters of each operation, written once: frozen, checked, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sirst5k.errors import RecipeError, suggest
from sirst5k.negatives import DECOYS, PATCH_SIZES, SEAMS
from sirst5k.negatives.stamp import MAX_HALO
from sirst5k.noise import FIELDS

Range = tuple[float, float]
CountRange = tuple[int, int]


def _check(condition: bool, sentence: str) -> None:
    if not condition:
        raise RecipeError(sentence)


def _check_name(key: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise RecipeError(f"{key}: no such choice {value!r}.{suggest(str(value), known)}")


def _check_range(key: str, value: Range | CountRange, least: float) -> None:
    _check(
        len(value) == 2 and least <= value[0] <= value[1],
        f"{key}: expected [low, high] with {least:g} <= low <= high, got {list(value)}.",
    )


def _check_choices(key: str, values: tuple[object, ...], known: tuple[object, ...]) -> None:
    _check(len(values) > 0, f"{key}: expected at least one of {list(known)}, got none.")
    for value in values:
        _check(value in known, f"{key}: expected some of {list(known)}, got {value!r}.")
    _check(len(set(values)) == len(values), f"{key}: expected each once, got {list(values)}.")


@dataclass(frozen=True, slots=True)
class MixupDisplacement:
    """Noise mixed in with a fixed weight, as published; each weight makes its own outputs."""

    method: ClassVar[str] = "mixup"
    field: str = "resize"
    weights: tuple[float, ...] = (0.1,)

    def __post_init__(self) -> None:
        _check_name("displacement.field", self.field, FIELDS)
        _check(len(self.weights) > 0, "displacement.weights: expected at least one, got none.")
        for weight in self.weights:
            _check(
                0 <= weight <= 1, f"displacement.weights: expected values in [0, 1], got {weight}."
            )
        _check(
            len({f"{weight:g}" for weight in self.weights}) == len(self.weights),
            f"displacement.weights: expected values that differ in their name, "
            f"got {list(self.weights)}.",
        )


@dataclass(frozen=True, slots=True)
class ResidualDisplacement:
    """Zero-mean noise added at a drawn level of the bank, times a drawn gain."""

    method: ClassVar[str] = "residual"
    field: str = "spectral"
    gain_range: Range = (0.5, 1.5)
    signal_dependence: float = 0.0
    scr_range: Range | None = None

    def __post_init__(self) -> None:
        _check_name("displacement.field", self.field, FIELDS)
        _check_range("displacement.gain_range", self.gain_range, 0)
        _check(
            0 <= self.signal_dependence <= 1,
            f"displacement.signal_dependence: expected a value in [0, 1], "
            f"got {self.signal_dependence}.",
        )
        if self.scr_range is not None:
            _check_range("displacement.scr_range", self.scr_range, 0)


@dataclass(frozen=True, slots=True)
class PatchNegatives:
    """A patch of fixed size around one target turned, as published: an output for each."""

    method: ClassVar[str] = "patch"
    patch_sizes: tuple[int, ...] = (3,)
    quarter_turns: tuple[int, ...] = (0, 1, 2, 3)

    def __post_init__(self) -> None:
        _check_choices("negatives.patch_sizes", self.patch_sizes, PATCH_SIZES)
        _check_choices("negatives.quarter_turns", self.quarter_turns, (0, 1, 2, 3))


@dataclass(frozen=True, slots=True)
class AdaptiveNegatives:
    """Every target turned in a window of its own, centred on it."""

    method: ClassVar[str] = "adaptive"
    symmetries: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    margin: int = 3
    margin_ratio: float = 0.5
    seam: str = "feather"

    def __post_init__(self) -> None:
        _check_choices("negatives.symmetries", self.symmetries, tuple(range(8)))
        _check(self.margin >= 1, f"negatives.margin: expected at least 1 pixel, got {self.margin}.")
        _check(
            self.margin_ratio >= 0,
            f"negatives.margin_ratio: expected a value >= 0, got {self.margin_ratio}.",
        )
        _check_name("negatives.seam", self.seam, SEAMS)


@dataclass(frozen=True, slots=True)
class MatchedPaste:
    """Targets of the image pasted elsewhere in it, their contrast matched to the new place.

    ``scr_range`` is the SCR to give them, drawn; None keeps each target's own.
    ``max_stretch`` is how many times stronger or weaker the place may make a target, beyond
    what the drawn SCR asks for.
    """

    method: ClassVar[str] = "matched"
    count_range: CountRange = (1, 2)
    scr_range: Range | None = None
    symmetries: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    guard: int = 5
    halo: int = 3
    max_stretch: float = 2.0

    def __post_init__(self) -> None:
        _check_range("paste.count_range", self.count_range, 0)
        if self.scr_range is not None:
            _check_range("paste.scr_range", self.scr_range, 0)
            _check(
                self.scr_range[0] > 0,
                f"paste.scr_range: expected low > 0, got {list(self.scr_range)}.",
            )
        _check_choices("paste.symmetries", self.symmetries, tuple(range(8)))
        _check(self.guard >= 1, f"paste.guard: expected at least 1 pixel, got {self.guard}.")
        _check(
            0 <= self.halo <= MAX_HALO,
            f"paste.halo: expected 0 to {MAX_HALO} pixels, got {self.halo}.",
        )
        _check(
            self.max_stretch >= 1,
            f"paste.max_stretch: expected a factor of at least 1, got {self.max_stretch}.",
        )


@dataclass(frozen=True, slots=True)
class ClutterDecoys:
    """Clutter that draws the eye put beside the targets, without a label.

    ``contrast_range`` is in standard deviations of the background around each decoy, its
    slope apart.
    """

    method: ClassVar[str] = "clutter"
    count_range: CountRange = (0, 3)
    kinds: tuple[str, ...] = tuple(DECOYS)
    contrast_range: Range = (4.0, 10.0)
    guard: int = 7

    def __post_init__(self) -> None:
        _check_range("decoys.count_range", self.count_range, 0)
        for kind in self.kinds:
            _check_name("decoys.kinds", kind, tuple(DECOYS))
        _check_choices("decoys.kinds", self.kinds, tuple(DECOYS))
        _check_range("decoys.contrast_range", self.contrast_range, 0)
        _check(self.guard >= 0, f"decoys.guard: expected pixels >= 0, got {self.guard}.")


@dataclass(frozen=True, slots=True)
class PublishedSampling:
    """Where noise comes from if none is given: one window that the published rule accepts."""

    method: ClassVar[str] = "published"
    size: int = 32
    max_variance: float = 50.0

    def __post_init__(self) -> None:
        _check(self.size >= 4, f"sampling.size: expected at least 4 pixels, got {self.size}.")
        _check(
            self.max_variance > 0,
            f"sampling.max_variance: expected a value > 0, got {self.max_variance}.",
        )


@dataclass(frozen=True, slots=True)
class AdaptiveSampling:
    """Where noise comes from if none is given: windows as quiet as their image allows.

    ``max_variance`` is in squared grey levels; None means the published limit, see
    `sirst5k.noise.windows.loudest`.
    """

    method: ClassVar[str] = "adaptive"
    size: int = 32
    quantile: float = 0.1
    tolerance: float = 2.0
    guard: int = 7
    max_variance: float | None = None
    max_tiles: int = 1024

    def __post_init__(self) -> None:
        _check(self.size >= 4, f"sampling.size: expected at least 4 pixels, got {self.size}.")
        _check(
            0 <= self.quantile <= 1,
            f"sampling.quantile: expected a value in [0, 1], got {self.quantile}.",
        )
        _check(
            self.tolerance >= 1, f"sampling.tolerance: expected at least 1, got {self.tolerance}."
        )
        _check(self.guard >= 0, f"sampling.guard: expected pixels >= 0, got {self.guard}.")
        _check(
            self.max_variance is None or self.max_variance > 0,
            f"sampling.max_variance: expected a value > 0 or null, got {self.max_variance}.",
        )
        _check(
            self.max_tiles >= 1, f"sampling.max_tiles: expected at least 1, got {self.max_tiles}."
        )


Displacement = MixupDisplacement | ResidualDisplacement
Negatives = PatchNegatives | AdaptiveNegatives
Sampling = PublishedSampling | AdaptiveSampling

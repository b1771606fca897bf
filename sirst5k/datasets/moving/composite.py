"""Moving targets on the frames of any still dataset: its backgrounds become clips.

Each still is a sequence: the camera drifts and shakes over it by parts of pixels, targets of the
embedded kind (`movers`) fly through, and the sensor adds noise. The frame is a little smaller
than the still, so that nothing outside of it has to be made up.

A still's own noise is frozen and would drift with the scene. So it is smoothed by a Gaussian of
half a pixel, which takes about half of white noise's power, and the sensor's noise takes its
place: as strong as the still's was, four fifths of it new in every frame and the rest fixed to
the pixels. How strong that is tells the median of the still's second differences (after
J. Immerkær, "Fast noise variance estimation", CVIU 64, 1996).

**The still's own targets** are real, and stay: they stand in the scene, move with it only, and
are labelled with boxes and masks, by their nearest pixels. Taking them out would leave either
unlabelled targets or made-up pixels; with ``existing="leave out"`` stills that have any are left
out instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sirst5k.components import label_targets
from sirst5k.datasets.dataset import Dataset
from sirst5k.datasets.demo import settings
from sirst5k.datasets.demo.canvas import Field
from sirst5k.datasets.demo.optics import Optics
from sirst5k.datasets.demo.sensor import Sensor
from sirst5k.datasets.moving.camera import Camera, draw_pan, fixed_pattern
from sirst5k.datasets.moving.paths import draw_jitter
from sirst5k.datasets.moving.population import draw_count, populate
from sirst5k.datasets.moving.rendering import SceneSource
from sirst5k.datasets.moving.scene import Digits, MovingScene
from sirst5k.datasets.moving.scenery import Scenery
from sirst5k.datasets.moving.spec import parse_ratio
from sirst5k.datasets.moving.spline import surface
from sirst5k.datasets.sequences.dataset import SequenceDataset, sequence_of
from sirst5k.datasets.sequences.windows import LENGTH
from sirst5k.datasets.splits import Splits
from sirst5k.errors import DatasetError, ParameterError
from sirst5k.sample import Image, full_scale
from sirst5k.seeds import rng_for

COMPOSITE_VERSION = 1
"""Raised whenever the same still and settings give other pixels than before."""

SMALLEST_STILL = 32
_BORDER = 0.06  # of the shorter side
_EXISTING = ("keep", "leave out")


@dataclass(frozen=True, slots=True)
class CompositeSpec:
    """How stills become sequences.

    Attributes
    ----------
    frames : int
        Of each sequence.
    seed : int
    targets : int or None
        Moving ones of each sequence; None for 1 to 3, drawn.
    scr : float or None
        Signal-to-clutter ratio of every moving target; None for 3 to 12, drawn.
    existing : str
        ``keep`` or ``leave out``.

    Raises
    ------
    ParameterError
        If one is out of range.
    """

    frames: int = 20
    seed: int = 0
    targets: int | None = None
    scr: float | None = None
    existing: str = "keep"

    def __post_init__(self) -> None:
        if not 1 <= self.frames <= 100_000 or self.seed < 0:
            raise ParameterError(
                f"Expected 1 to 100000 frames and a seed from 0, got {self.frames} and {self.seed}."
            )
        if self.targets is not None and not 0 <= self.targets <= 20:
            raise ParameterError(f"Expected 0 to 20 targets, got {self.targets}.")
        if self.scr is not None and not 0.1 <= self.scr <= 200:
            raise ParameterError(
                f"Expected a signal-to-clutter ratio from 0.1 to 200, got {self.scr}."
            )
        if self.existing not in _EXISTING:
            raise ParameterError(
                f"Expected existing to be {' or '.join(map(repr, _EXISTING))}, got "
                f"{self.existing!r}."
            )


def composite_sequences(
    dataset: Dataset,
    *,
    frames: int = 20,
    seed: int = 0,
    targets: int | None = None,
    scr: float | None = None,
    existing: str = "keep",
    length: int = LENGTH,
) -> SequenceDataset:
    """Make a sequence of moving targets out of every still of a dataset.

    Parameters
    ----------
    dataset : Dataset
        Its splits become those of the sequences: a test still's clips are test clips.
    frames : int
        Of each sequence.
    seed : int
    targets : int, optional
        Moving ones of each sequence; 1 to 3 by default.
    scr : float, optional
        Signal-to-clutter ratio of every moving target; 3 to 12 by default.
    existing : {"keep", "leave out"}
        Whether the still's own targets stand in the scene, labelled, or stills that have any
        are left out, for which all masks are read now.
    length : int
        Frames of a clip.

    Returns
    -------
    SequenceDataset
        Layout ``moving``; a sequence has its still's id.

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    DatasetError
        If no still is left.
    """
    spec = CompositeSpec(frames, seed, targets, scr, existing)
    names = {name: dataset.splits[name] for name in dataset.splits}
    stills = dict.fromkeys([*dataset.ids, *(i for ids in names.values() for i in ids)])
    used = [i for i in stills if existing == "keep" or not dataset.source.read_mask(i).any()]
    if not set(used) & set(dataset.ids):
        raise DatasetError(f"All images of {dataset.describe()} have targets; none is left.")
    sequences = {i: tuple(f"{i}/{time:06d}" for time in range(frames)) for i in used}
    lists = {
        name: [frame for i in ids for frame in sequences.get(i, ())] for name, ids in names.items()
    }
    own = [frame for i in dataset.ids for frame in sequences.get(i, ())]
    return SequenceDataset(
        CompositeSource(dataset, spec),
        sequences,
        own,
        Splits(lists, dataset.splits.canonical),
        "moving",
        dataset.root,
        dataset.split,
        length=length,
        keys=[frame for ids in sequences.values() for frame in ids],
    )


class CompositeSource(SceneSource):
    """Renders the frames of composed sequences by id.

    Parameters
    ----------
    stills : Dataset
    spec : CompositeSpec
    """

    def __init__(self, stills: Dataset, spec: CompositeSpec) -> None:
        super().__init__(spec.seed)
        self.stills = stills
        self.spec = spec

    def compose(self, sequence: str) -> MovingScene:
        """Return a still as a scene, with its camera and targets."""
        from scipy import ndimage  # slow to import, and only sequences made of stills need it

        sample = self.stills.get(sequence)
        height, width = sample.shape
        if min(height, width) < SMALLEST_STILL:
            raise DatasetError(
                f"Expected images of at least {SMALLEST_STILL}×{SMALLEST_STILL} pixels for moving "
                f"targets, but {sequence!r} is {width}×{height}. Leave it out."
            )
        spec = self.spec
        rng = rng_for(spec.seed, sequence, 0)
        border = max(3, round(_BORDER * min(height, width)))
        sides = height - 2 * border - 1, width - 2 * border - 1
        digits, picture = to_fractions(sample.image)
        camera = _draw_camera(rng, spec.frames, sides, border, noise_of(picture))
        smooth = ndimage.gaussian_filter(picture, 0.5, mode="mirror")
        scenery = Scenery(smooth, surface(smooth), None, "still")
        rng = rng_for(spec.seed, sequence, 1)
        count = draw_count(rng) if spec.targets is None else spec.targets
        scene = populate(rng, "sky", scenery, camera, sides, count, spec.scr)
        standing, _ = label_targets(sample.mask)
        return replace(scene, digits=digits, standing=standing)

    def stamp(self, frame_id: str) -> str:
        """Return all that a frame's pixels follow from."""
        still = self.stills.source.stamp(sequence_of(frame_id))
        return f"moving version={COMPOSITE_VERSION} {self.spec} {still}"


def _draw_camera(
    rng: np.random.Generator, frames: int, sides: tuple[int, int], border: int, noise: float
) -> Camera:
    temporal = float(np.sqrt(0.8) * noise)
    fixed = float(np.sqrt(0.2) * noise)
    sensor = Sensor(read=temporal, shot=0.0, columns=0.3 * fixed, rows=0.15 * fixed)
    pattern = fixed_pattern(rng, sensor, *sides, share=fixed / temporal)
    jitter = draw_jitter(rng, frames, rng.choice([0.05, 0.2, 0.45]))
    optics = Optics(rng.uniform(0.5, 1.1))
    return Camera(optics, 1.0, sensor, pattern, draw_pan(rng, frames, border), jitter)


def to_fractions(image: Image) -> tuple[Digits, Field]:
    """Return a still in fractions of full scale, and the way back to its own levels.

    Eight bits have 255 for full scale and are cut there. Deeper images rarely use all of theirs:
    what they span but for one pixel in a thousand at both ends is 0 to 1, and they are cut only
    where their depth ends.
    """
    levels = image.astype(np.float64)
    if image.dtype == np.uint8:
        return Digits(), levels / 255
    low, high = (float(edge) for edge in np.quantile(levels, (0.001, 0.999)))
    span = max(high - low, 1e-6 * full_scale(image.dtype))
    floats = image.dtype == np.float32
    ends = (-np.inf, np.inf) if floats else (0.0, full_scale(image.dtype))
    return Digits(str(image.dtype), low, span, *ends), (levels - low) / span


def noise_of(picture: Field) -> float:
    """Return the standard deviation of a picture's white noise, at least 0.3 levels of 255.

    The response to ``[1 -2 1]ᵀ [1 -2 1]``, which cancels smooth content, has 6 times the noise's
    standard deviation; its median absolute value is 0.6745 of its own.
    """
    across = picture[:, :-2] - 2 * picture[:, 1:-1] + picture[:, 2:]
    both = across[:-2] - 2 * across[1:-1] + across[2:]
    return max(float(np.median(np.abs(both))) / (0.6745 * 6), 0.3 / 255)


def split_address(text: str) -> tuple[str, str]:
    """Return the dataset and the settings of ``moving:PATH?frames=20,seed=0,scr=5``.

    Examples
    --------
    >>> split_address("moving:data/sirst?scr=5"), split_address("moving:what?")
    (('data/sirst', 'scr=5'), ('what?', ''))
    """
    address = text.removeprefix("moving:")
    path, mark, rest = address.rpartition("?")
    return (path, rest) if mark and "=" in rest else (address, "")


def open_composite(text: str, length: int, stills: Dataset) -> SequenceDataset:
    """Make sequences of stills by the settings of an address, see `split_address`.

    Raises
    ------
    DatasetError
        If a setting is unknown, twice there, or out of range.
    """
    values: dict[str, int | float | str] = {}
    for key, value in settings.pairs(text, split_address(text)[1], _KEYS, "Moving targets"):
        if key == "scr":
            values[key] = parse_ratio(value)
        elif key == "existing":
            values[key] = value.replace("-", " ")
        else:
            low, high = {"frames": (1, 100_000), "targets": (0, 20)}.get(key, (0, 2**63 - 1))
            values[key] = settings.whole(key, value, low, high)
    return composite_sequences(stills, length=length, **values)  # type: ignore[arg-type]


_KEYS = ("frames", "seed", "targets", "scr", "existing")

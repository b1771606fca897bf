"""What every transform can do: be called, draw, apply, replay, and be written down."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, overload

import numpy as np

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.noise import NoiseBank
from sirst5k.sample import Image, Mask, Sample
from sirst5k.seeds import rng_for
from sirst5k.transforms.checking import (
    Plane,
    as_mask,
    check_image,
    check_plane,
    check_probability,
    check_whole,
)
from sirst5k.transforms.drawn import Drawn, Parameters, operations
from sirst5k.transforms.epoch import Epoch
from sirst5k.transforms.motions import Motion
from sirst5k.transforms.scene import Arrays, Scene


class Transform(ABC):
    """A change of an image and its mask, drawn anew at every call.

    Parameters
    ----------
    p : float
        Probability that a call changes anything.
    seed : int, optional
        With it a sample's change follows from (seed, its id, the epoch) alone; without it
        every call draws from fresh entropy of the operating system.
    """

    name: ClassVar[str]

    def __init__(self, p: float, seed: int | None) -> None:
        self.p = check_probability(p)
        self.seed = None if seed is None else check_whole(seed, "seed")
        self._epoch = None if seed is None else Epoch()

    @overload
    def __call__(self, image: Sample, *, rng: np.random.Generator | None = ...) -> Sample: ...
    @overload
    def __call__(
        self,
        image: Image,
        mask: Plane,
        rng: np.random.Generator | None = ...,
        *,
        key: str | None = ...,
    ) -> tuple[Image, Plane]: ...
    @overload
    def __call__(
        self,
        image: Image,
        mask: Plane,
        rng: np.random.Generator | None = ...,
        *,
        key: str | None = ...,
        images: Arrays | None = ...,
        masks: Arrays | None = ...,
        boxes: Any = ...,
        points: Any = ...,
    ) -> dict[str, Any]: ...
    def __call__(
        self,
        image: Image | Sample,
        mask: Plane | None = None,
        rng: np.random.Generator | None = None,
        *,
        key: str | None = None,
        images: Arrays | None = None,
        masks: Arrays | None = None,
        boxes: Any = None,
        points: Any = None,
    ) -> Any:
        """Draw a change and apply it.

        What came in is never written to, and what comes back are arrays of their own.

        Parameters
        ----------
        image : (H, W) uint8 | uint16 | float32, or Sample
            Float images have white at 1, or the units of float images that the noise bank
            was sampled from.
        mask : (H, W) bool, or any numbers
            A pixel above 0 is a target's; dtype and values come back.
        rng : numpy.random.Generator, optional
            Where to draw from. By default from seed, sample and epoch if there is a seed,
            else from fresh entropy.
        key : str, optional
            Names the image if there is a seed, as a sample's id does.
        images : mapping or sequence of (H, W) arrays, optional
            Further images of the same scene: other bands, other frames. They get the same
            change, its strength scaled to their depth.
        masks : mapping or sequence of (H, W) arrays, optional
            Further masks or label images, which follow.
        boxes : (N, 4 or more), optional
            x1, y1, x2, y2 along pixel edges (x2 is the last column plus one); those whose
            centre lies in a moved window follow, and further columns with them.
        points : (N, 2 or more), optional
            x, y with whole numbers at pixel centres.

        Returns
        -------
        (image, mask), or dict, or Sample
            A pair; with ``images``, ``masks``, ``boxes`` or ``points`` a dict of all that
            was given, by these names; a sample for a sample, whose ``meta["operations"]``
            has been extended by the concrete parameters.

        Raises
        ------
        ShapeError, ParameterError
            If the arrays are not what is described above.
        """
        if isinstance(image, Sample):
            if mask is not None or (key, images, masks, boxes, points) != (None,) * 5:
                raise ParameterError(
                    "Expected a Sample alone, got other arrays or a key beside it. Call "
                    "t(sample.image, sample.mask, key=sample.id, ...)."
                )
            return self._on_sample(image, rng)
        scene = Scene(image, mask, images, masks, boxes, points)
        self._run(scene, self._generator(rng, key))
        return scene.result()

    def draw(
        self,
        image: Image,
        mask: Plane,
        rng: np.random.Generator | None = None,
        *,
        key: str | None = None,
    ) -> Drawn:
        """Draw the concrete parameters of one change: a small dict that JSON can hold.

        The same `rng` in the same state makes `draw` and then `apply` do what a call does.
        """
        return self._draw(Scene(image, mask), self._generator(rng, key))

    def apply(
        self,
        image: Image,
        mask: Plane,
        params: Parameters,
        *,
        images: Arrays | None = None,
        masks: Arrays | None = None,
        boxes: Any = None,
        points: Any = None,
    ) -> Any:
        """Apply drawn parameters; takes and returns what a call does.

        Raises
        ------
        ParameterError
            If the parameters are not those of this transform, or do not fit the image.
        """
        scene = Scene(image, mask, images, masks, boxes, points)
        self._apply(scene, params)
        return scene.result()

    def motions(self, mask: Plane, params: Parameters) -> list[Motion]:
        """Return how drawn parameters move what lies on the scene.

        Parameters
        ----------
        mask : (H, W) array
            As it is before the transform.
        params : mapping
            From `draw`.
        """
        if not isinstance(mask, np.ndarray) or mask.ndim != 2:
            raise ShapeError(f"mask: expected an array (H, W), got {np.shape(mask)}.")
        return self._motions(as_mask(check_plane(mask, mask.shape)), params)

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch: with a seed, every sample is now drawn differently.

        Workers that are already running see it too, if they were started by a DataLoader
        or another `multiprocessing` process, forked or spawned.
        """
        number = check_whole(epoch, "epoch")
        if self._epoch is not None:
            self._epoch.number = number

    @property
    def epoch(self) -> int:
        """The epoch, from 0; always 0 without a seed."""
        return 0 if self._epoch is None else self._epoch.number

    def prepare(self, image: Image) -> None:
        """Compute now what the first call with such an image would.

        Once before workers are forked, it need not be done in each of them.
        """
        check_image(image)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `from_dict` makes the same transform of."""
        return {"transform": self.name, **self._document(), "p": self.p, "seed": self.seed}

    @classmethod
    def from_dict(cls, document: object, bank: NoiseBank | str | Path | None = None) -> Transform:
        """Make a transform from what `to_dict` returned; see `sirst5k.transforms.from_dict`."""
        from sirst5k.transforms.documents import from_dict

        made = from_dict(document, bank)
        if not isinstance(made, cls):
            raise ParameterError(f"Expected a document of {cls.name}, got one of {made.name}.")
        return made

    def to_text(self) -> str:
        """Return the transform as a YAML document."""
        from sirst5k.transforms.documents import to_text

        return to_text(self)

    def save(self, path: str | Path) -> None:
        """Write the transform to a YAML file."""
        from sirst5k.transforms.documents import save

        save(self, path)

    def __repr__(self) -> str:
        document = self.to_dict()
        del document["transform"]
        values = ", ".join(f"{key}={value!r}" for key, value in document.items())
        return f"{self.name}({values})"

    @abstractmethod
    def _draw(self, scene: Scene, rng: np.random.Generator, forced: bool = False) -> Drawn:
        """Draw; the scene may come out changed. `forced` leaves `p` out of it."""

    @abstractmethod
    def _run(self, scene: Scene, rng: np.random.Generator, forced: bool = False) -> Drawn:
        """Draw and change the scene."""

    @abstractmethod
    def _apply(self, scene: Scene, params: Parameters) -> None:
        """Change the scene as drawn."""

    @abstractmethod
    def _motions(self, mask: Mask, params: Parameters) -> list[Motion]: ...

    @abstractmethod
    def _document(self) -> dict[str, Any]:
        """Return the plain values of everything but name, `p` and `seed`."""

    def _on_sample(self, sample: Sample, rng: np.random.Generator | None) -> Sample:
        scene = Scene(sample.image, sample.mask)
        drawn = self._run(scene, self._generator(rng, None if self.seed is None else sample.id))
        history = [*sample.meta.get("operations", ()), *operations(drawn)]
        meta = {**sample.meta, "operations": history}
        image, mask = scene.pair()
        return replace(sample, image=image, mask=mask, meta=meta)

    def _generator(self, rng: np.random.Generator | None, key: str | None) -> np.random.Generator:
        if isinstance(rng, np.random.Generator):
            return rng
        if rng is not None:
            raise ParameterError(
                f"rng: expected a numpy.random.Generator, got {type(rng).__name__}. Make one: "
                f"numpy.random.default_rng(seed)."
            )
        if self.seed is None:
            if key is not None:
                raise ParameterError(
                    f"key: expected {self.name} to have a seed that {key!r} is drawn with, but "
                    f"it has none. Give it one: seed=0."
                )
            return np.random.default_rng()
        if not isinstance(key, str):
            raise ParameterError(
                f"{self.name} has a seed and draws by who an image is, but does not know it. "
                f"Call it with a Sample, or with key=..., or with rng=...."
            )
        return rng_for(self.seed, key, self.epoch)

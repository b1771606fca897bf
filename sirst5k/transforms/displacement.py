"""Noise displacement as a transform."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirst5k.errors import ParameterError, RecipeError
from sirst5k.noise import displace
from sirst5k.sample import Image, Mask, full_scale
from sirst5k.synthesis.displacing import (
    add_field,
    adding,
    apply_displacement,
    as_fraction,
    draw_source,
    mixing,
)
from sirst5k.synthesis.parameters import MixupDisplacement, Range, ResidualDisplacement
from sirst5k.transforms.banks import BankLike, describe_bank, open_bank
from sirst5k.transforms.canvas import (
    canvas_field,
    canvas_of,
    canvas_side,
    check_ratio,
    draw_window,
    mix_window,
)
from sirst5k.transforms.checking import check_choice, check_image
from sirst5k.transforms.drawn import Drawn, Parameters
from sirst5k.transforms.operation import (
    Operation,
    build_settings,
    keep_to_defaults,
    plain_values,
)
from sirst5k.transforms.scene import Scene

_RESIDUAL, _MIXUP = ResidualDisplacement(), MixupDisplacement()
METHODS = {"residual": ResidualDisplacement, "mixup": MixupDisplacement}

FLOAT_RANGE = (-1.0, 2.0)
"""Grey levels that a float image with white at 1 may have, noise and highlights included."""


class NoiseDisplacement(Operation):
    """Put noise of a real sensor into the image; the mask stays.

    Parameters
    ----------
    bank : NoiseBank, str or path
        Where the noise comes from: a bank, the path of one (``.npz``), an image or folder
        of noise, or ``demo``.
    method : {"residual", "mixup"}
        ``residual`` adds zero-mean noise, as a sensor does. ``mixup`` mixes a noise image
        in, as published, which dims everything.
    field : {"spectral", "tile", "resize"}, optional
        How a field is made of the bank; ``spectral`` for ``residual`` and ``resize`` for
        ``mixup`` by default.
    gain_range : (float, float)
        ``residual``: factor on the noise level, which itself is drawn from the bank's.
    signal_dependence : float
        ``residual``: share of the noise's variance that follows the signal, in [0, 1].
    scr_range : (float, float), optional
        ``residual``: move each target to a drawn signal-to-clutter ratio.
    weights : sequence of float
        ``mixup``: the shares of the noise, of which one is drawn.
    weight_range : (float, float), optional
        ``mixup``: draw the share from this range instead.
    canvas : int
        How many times as large as an image a field is that is made once, and that each
        call cuts its noise out of; rounded up to a power of two, and up to 4096 pixels. 0
        makes a new field at every call, as the synthesis does and as images of more than
        2048 pixels get it. Not for ``field="resize"``.
    p : float
        Probability that a call changes anything.
    seed : int, optional
        See `Transform`.

    Examples
    --------
    >>> from sirst5k import NoiseBank, open_dataset
    >>> scenes = open_dataset("demo:n=4", "train")
    >>> displace = NoiseDisplacement(NoiseBank.sample(scenes), p=1.0)
    >>> image, mask = displace(scenes[0].image, scenes[0].mask, np.random.default_rng(0))
    >>> image.dtype, bool((mask == scenes[0].mask).all())
    (dtype('uint8'), True)
    """

    name = "NoiseDisplacement"
    op = "displace"

    def __init__(
        self,
        bank: BankLike,
        method: str = "residual",
        field: str | None = None,
        *,
        gain_range: Range = _RESIDUAL.gain_range,
        signal_dependence: float = _RESIDUAL.signal_dependence,
        scr_range: Range | None = _RESIDUAL.scr_range,
        weights: tuple[float, ...] = _MIXUP.weights,
        weight_range: Range | None = None,
        canvas: int = 4,
        p: float = 0.5,
        seed: int | None = None,
    ) -> None:
        super().__init__(p, seed)
        check_choice(method, METHODS, "method")
        adds = {
            "gain_range": gain_range,
            "signal_dependence": signal_dependence,
            "scr_range": scr_range,
        }
        mixes = {"weights": weights}
        kind = {} if field is None else {"field": field}
        self.settings: ResidualDisplacement | MixupDisplacement
        if method == "residual":
            keep_to_defaults(method, "mixup", mixes, _MIXUP)
            if weight_range is not None:
                raise ParameterError("weight_range: belongs to method 'mixup', not to 'residual'.")
            self.settings = build_settings(ResidualDisplacement, **kind, **adds)
        else:
            keep_to_defaults(method, "residual", adds, _RESIDUAL)
            self.settings = build_settings(MixupDisplacement, **kind, **mixes)
        self.weight_range = None if weight_range is None else _weight_range(weight_range)
        self.canvas = check_ratio(canvas)
        self.bank, self._bank_name = open_bank(bank)

    @property
    def method(self) -> str:
        """``residual`` or ``mixup``."""
        return self.settings.method

    def prepare(self, image: Image) -> None:
        """Fit the bank's spectrum, and make the canvas for such images."""
        if self.settings.field == "spectral":
            _ = self.bank.shaping
        side = self._side(check_image(image))
        if side:
            params = {"canvas": [side, 0], "field": self.settings.field}
            canvas_of(self.bank, params, image.dtype)

    def _side(self, image: Image) -> int:
        height, width = image.shape
        return 0 if self.settings.field == "resize" else canvas_side(self.canvas, (height, width))

    def _choose(self, scene: Scene, rng: np.random.Generator) -> Drawn:
        image, settings = scene.image, self.settings
        if image.dtype.kind == "f" and self.bank.full_scale != 1.0:
            _check_float_range(image, self.bank.full_scale)
        side = self._side(image)
        if side:
            source = draw_window(side, 0, scene.shape, rng)
        else:
            source = draw_source(settings, self.bank, rng)
        if isinstance(settings, ResidualDisplacement):
            return adding(settings, source, self.bank, image.dtype, rng)
        if self.weight_range is not None:
            return mixing(settings, source, float(rng.uniform(*self.weight_range)))
        return mixing(settings, source, settings.weights[int(rng.integers(len(settings.weights)))])

    def _change(self, image: Image, mask: Mask, params: Parameters) -> tuple[Image, Mask]:
        if "canvas" not in params:
            return apply_displacement(image, mask, params, self.bank), mask
        if params["method"] == "mixup":
            return self._mixed(image, params), mask
        if image.dtype.kind == "u" and params["scr"] is None and not params["signal_dependence"]:
            gain = params["std"] / self.bank.std if self.bank.std > 0 else 0.0
            return mix_window(image, self.bank, params, 1.0, gain, 0.0), mask
        height, width = image.shape
        field = canvas_field(self.bank, params, (height, width), image.dtype)
        return add_field(image, mask, params, self.bank, field), mask

    def _mixed(self, image: Image, params: Parameters) -> Image:
        weight = params["weight"]
        if image.dtype.kind == "u":
            scale = full_scale(image.dtype) / self.bank.full_scale
            level = weight * scale * float(self.bank.windows.mean(dtype=np.float64))
            return mix_window(image, self.bank, params, 1 - weight, weight * scale, level)
        height, width = image.shape
        field = canvas_field(self.bank, params, (height, width), image.dtype)
        return displace(image, as_fraction(self.bank, field), weight)

    def _scaled(self, params: Parameters, ratio: float) -> Parameters:
        return {**params, "std": params["std"] * ratio} if "std" in params else params

    def _document(self) -> dict[str, Any]:
        own = plain_values(self.settings)
        if self.method == "mixup":
            own["weight_range"] = None if self.weight_range is None else list(self.weight_range)
        bank = describe_bank(self.bank, self._bank_name)
        return {"bank": bank, "method": self.method, **own, "canvas": self.canvas}


def _weight_range(given: Any) -> Range:
    try:
        low, high = (float(part) for part in given)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"weight_range: expected [low, high], got {given!r}.") from error
    if not 0 <= low <= high <= 1:
        raise RecipeError(
            f"weight_range: expected [low, high] with 0 <= low <= high <= 1, got {[low, high]}."
        )
    return low, high


def _check_float_range(image: Image, white: float) -> None:
    low, high = float(image.min()), float(image.max())
    if low < FLOAT_RANGE[0] or high > FLOAT_RANGE[1]:
        raise ParameterError(
            f"image: expected float grey levels with white at 1, got {low:g} to {high:g}; the "
            f"noise bank's white is {white:g}. Transform the image before it is normalised, or "
            f"divide it by its white, or give a bank sampled from such float images."
        )

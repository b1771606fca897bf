"""What a row of a contact sheet shows: its panels, their captions, and where they zoom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.components import find_targets
from sirst5k.contrast import measure_targets
from sirst5k.drawing import Panel, Stretch, image_stretch, noise_stretch
from sirst5k.noise import NoiseBank
from sirst5k.sample import Sample
from sirst5k.synthesis.displacing import apply_displacement, noise_alone
from sirst5k.synthesis.sheet_choice import turns_of
from sirst5k.synthesis.sheet_focus import Focus, Point, box_of, find_focus, nearest_target
from sirst5k.synthesis.sheet_rows import SheetRow
from sirst5k.synthesis.virtual import resize_sample

Operation = Mapping[str, Any]
_SYMMETRIES = (
    "not turned", "turned 90°", "turned 180°", "turned 270°",
    "mirrored", "mirrored, 90°", "mirrored, 180°", "mirrored, 270°",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Captioned:
    """A panel, the point it is enlarged around, and the words beside that."""

    panel: Panel
    centre: Point
    caption: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowPanels:
    """All of one row, each panel in its column; None where there is nothing to show.

    Attributes
    ----------
    source, noise, displaced : Captioned, optional
    variants : tuple of Captioned
    focus : Focus
    title, facts : str
        Name of the source, and what there is to know of it.
    """

    source: Captioned | None
    noise: Captioned | None
    displaced: Captioned | None
    variants: tuple[Captioned, ...]
    focus: Focus
    title: str
    facts: str


def row_panels(row: SheetRow, size: int | None, bank: NoiseBank | None) -> RowPanels:
    """Compose the panels of a row.

    Parameters
    ----------
    row : SheetRow
    size : int, optional
        Side that the recipe brings images to.
    bank : NoiseBank, optional
        The noise that was used; without it neither noise nor displaced image are shown.
    """
    source = row.source
    prepared = None if source is None else resize_sample(source, size)
    base = prepared if prepared is not None else row.variants[0]
    focus = find_focus(base, row.variants)
    operation = _displacement(row.variants[0])
    noise = mixed = None
    if operation is not None and bank is not None:
        noise = _noise_panel(noise_alone(base.image, operation, bank), focus)
        if prepared is not None:
            image = apply_displacement(prepared.image, prepared.mask, operation, bank)
            mixed = Sample(row.source_id, image, prepared.mask, {"operations": [operation]})
    outputs = [*([] if mixed is None else [mixed]), *row.variants]
    views = [(each.image, _centre(each, focus)) for each in outputs]
    tones = image_stretch(base.image), focus.stretch([(base.image, (focus.y, focus.x)), *views])
    return RowPanels(
        source=None if source is None else _source_panel(source, focus, tones),
        noise=noise,
        displaced=None if mixed is None else _displaced_panel(mixed, focus, tones),
        variants=tuple(_variant_panel(v, row.source_id, focus, tones) for v in row.variants),
        focus=focus,
        title=row.source_id,
        facts=_facts(source if source is not None else base, base, tones[0]),
    )


def _source_panel(source: Sample, focus: Focus, tones: tuple[Stretch, Stretch]) -> Captioned:
    centre = focus.centre_in(source.shape)
    panel = Panel(source.image, source.mask, (), *tones)
    target = nearest_target(source, centre)
    if target is None:
        return Captioned(panel, centre, ("no target",))
    size = f"{target.width} × {target.height} px"
    return Captioned(panel, centre, ("target", size, *_contrast(source, centre)))


def _noise_panel(noise: NDArray[np.float32], focus: Focus) -> Captioned:
    stretch = noise_stretch(noise)
    mean, std = float(noise.mean(dtype=np.float64)), float(noise.std(dtype=np.float64))
    words = [f"σ {_figure(std)}"]
    # Published noise is not free of a mean: it lifts the image.
    words += [f"mean {_figure(mean)}"] if abs(mean) > 0.2 * std else []
    panel = Panel(noise, None, (), stretch, stretch)
    return Captioned(panel, (focus.y, focus.x), (*words, "shown ±3σ"))


def _displaced_panel(mixed: Sample, focus: Focus, tones: tuple[Stretch, Stretch]) -> Captioned:
    operation = mixed.meta["operations"][0]
    formula = "I + N"
    if operation["method"] == "mixup":
        formula = f"{operation['weight']:g} N + {1 - operation['weight']:g} I"
    centre = _centre(mixed, focus)
    words = (formula, f"{operation['field']} field", *_contrast(mixed, centre))
    return Captioned(Panel(mixed.image, mixed.mask, (), *tones, plain=True), centre, words)


def _variant_panel(
    variant: Sample, source_id: str, focus: Focus, tones: tuple[Stretch, Stretch]
) -> Captioned:
    turns = turns_of(variant.meta["operations"])
    boxes = tuple(box_of(turn.window) for turn in turns if turn.symmetry)
    centre = _centre(variant, focus)
    words = [variant.id.removeprefix(source_id).lstrip("_") or variant.id]
    words += [_SYMMETRIES[turn.symmetry] for turn in turns if turn.target == focus.target]
    operation = _displacement(variant)
    if operation is not None and operation["method"] == "residual":
        words.append(f"σ {_figure(operation['std'])}")
    panel = Panel(variant.image, variant.mask, boxes, *tones)
    return Captioned(panel, centre, (*words, *_contrast(variant, centre)))


def _facts(sample: Sample, base: Sample, stretch: Stretch) -> str:
    height, width = sample.shape
    depth = {"u": f"{8 * sample.image.itemsize}-bit", "f": "float"}[sample.image.dtype.kind]
    targets = len(find_targets(sample.mask))
    words = [f"{width} × {height} px", depth, f"{targets} target{'s' if targets != 1 else ''}"]
    if base.shape != sample.shape:
        words.append(f"brought to {base.shape[1]} × {base.shape[0]}")
    if not stretch.is_identity:
        low, high = _figure(stretch.low), _figure(stretch.high)
        words.append(f"contrast stretched, {low} to {high}")
    return " · ".join(words)


def _contrast(sample: Sample, centre: Point) -> list[str]:
    """Return the contrast of the target near a point in grey levels, if it has any."""
    target = nearest_target(sample, centre)
    measured = measure_targets(sample.image, sample.mask)
    found = [each.contrast for each in measured if each.target == target]
    return [f"contrast {_figure(contrast)}" for contrast in found if np.isfinite(contrast)]


def _figure(value: float) -> str:
    """Return three digits of a number, more before the point rather than an exponent."""
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text.replace("-", "−")


def _centre(sample: Sample, focus: Focus) -> Point:
    return focus.centre_after(turns_of(sample.meta["operations"]))


def _displacement(variant: Sample) -> Operation | None:
    operations: Sequence[Operation] = variant.meta["operations"]
    return next((each for each in operations if each["op"] == "displace"), None)

"""Noise fields of a batch: new ones, or windows of one large field, on the batch's device.

Every source draws small parameters for each frame and makes fields of them, zero-mean and in
the bank's grey levels; a field is the same whatever batch it is made in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.noise import NoiseBank
from sirst5k.noise.fields import _crossfade
from sirst5k.transforms.canvas import canvas_side, make_canvas
from sirst5k.transforms.torch.processor import on_processor
from sirst5k.transforms.torch.processor.adding import DTYPES, running_sums
from sirst5k.transforms.torch.processor.compiled import kernels
from sirst5k.transforms.torch.randomness import below, derive_many, uniform

Shape = tuple[int, int]

_SOURCE = 1  # the stream of random numbers that fields come from


class FieldSource(nn.Module):
    """Where the fields of a batch come from.

    Subclasses implement `draw` and `make`.
    """

    def prepare(self, shape: Shape, device: torch.device) -> Any:
        """Compute now what the first fields of a shape need."""

    def draw(self, seeds: Tensor, frames: int, shape: Shape) -> dict[str, Tensor]:
        """Draw what distinguishes the fields: tensors of ``(B, T, …)``.

        Parameters
        ----------
        seeds : (B,) int64
        frames : int
            Fields for each sample, T.
        shape : (int, int)
            Their height and width in pixels.
        """
        raise NotImplementedError

    def make(self, drawn: Mapping[str, Any], shape: Shape) -> Tensor:
        """Return the fields, ``(B, T, H, W)`` float32, new ones; their means may differ from 0."""
        raise NotImplementedError


class CanvasFields(FieldSource):
    """Windows of one large field, which is made when the first image of a size comes.

    It is the one that the array version cuts its windows out of, for float images.

    Parameters
    ----------
    bank : NoiseBank
    field : str
        ``spectral`` or ``tile``.
    ratio : int
        How many times an image's longer side the large field measures.
    """

    def __init__(self, bank: NoiseBank, field: str, ratio: int) -> None:
        super().__init__()
        self.bank, self.field, self.ratio = bank, field, ratio
        self._steps: dict[str, float] = {}

    def side(self, shape: Shape) -> int:
        """Return the side of the large field in pixels; 0 for images that are too large."""
        return canvas_side(self.ratio, shape)

    def prepare(self, shape: Shape, device: torch.device) -> Tensor:
        """Return the large field for a size of images, made now if it is a new one."""
        side = self.side(shape)
        name = f"_canvas_{side}"
        if name not in self._buffers:
            levels = make_canvas(self.bank, self.field, side, 0, "<f4").codes
            self.register_buffer(name, torch.tensor(levels, device=device), persistent=False)
        kept: Tensor = self._buffers[name]
        return kept

    def coded(self, shape: Shape, dtype: torch.dtype) -> tuple[Tensor, Tensor, float]:
        """Return the large field as images of a dtype have grey levels, in memory.

        Returns
        -------
        codes : (side, side) tensor
            As `sirst5k.transforms.canvas.Canvas` has them.
        sums : (side + 1, side + 1) tensor
            Their `running_sums`.
        step : float
            Grey levels of the bank to a code.
        """
        side = self.side(shape)
        name = f"_{str(dtype).removeprefix('torch.')}_{side}"
        if name not in self._steps:
            canvas = make_canvas(self.bank, self.field, side, 0, np.dtype(DTYPES[dtype]).str)
            self.register_buffer(f"_codes{name}", torch.tensor(canvas.codes), persistent=False)
            sums = torch.from_numpy(running_sums(canvas))
            self.register_buffer(f"_sums{name}", sums, persistent=False)
            self._steps[name] = canvas.step
        return self._buffers[f"_codes{name}"], self._buffers[f"_sums{name}"], self._steps[name]

    def draw(self, seeds: Tensor, frames: int, shape: Shape) -> dict[str, Tensor]:
        """Draw where each window lies."""
        drawn = uniform(seeds, _SOURCE, 2 * frames).view(len(seeds), frames, 2)
        side = self.side(shape)
        if on_processor(drawn) and (compiled := kernels("displacing")):
            free = side - shape[0] + 1, side - shape[1] + 1
            return {"place": torch.from_numpy(compiled.draw_places(drawn.numpy(), free))}
        places = [below(drawn[..., axis], side - shape[axis] + 1) for axis in (0, 1)]
        return {"place": torch.stack(places, dim=-1)}

    def make(self, drawn: Mapping[str, Any], shape: Shape) -> Tensor:
        """Cut the windows out."""
        canvas = self.prepare(shape, drawn["place"].device)
        place: Tensor = drawn["place"]
        # A view of all stretches of a row, which overlap: those that are chosen are copied whole.
        stretches = canvas.view(-1).unfold(0, shape[1], 1)
        rows = place[..., :1] + torch.arange(shape[0], device=place.device)
        first = rows * len(canvas) + place[..., 1:]
        return stretches.index_select(0, first.flatten()).view(*first.shape, shape[1])


class TileFields(FieldSource):
    """Randomly chosen, randomly mirrored tiles, overlapping; see `sirst5k.noise.tile_field`.

    Parameters
    ----------
    bank : NoiseBank
    """

    def __init__(self, bank: NoiseBank) -> None:
        super().__init__()
        self.size = bank.size
        self.overlap = max(1, bank.size // 4)
        self.register_buffer("_tiles", torch.from_numpy(bank.tiles.copy()), persistent=False)
        weight = torch.from_numpy(_crossfade(self.size, self.overlap))
        self.register_buffer("_weight", weight, persistent=False)

    def draw(self, seeds: Tensor, frames: int, shape: Shape) -> dict[str, Tensor]:  # noqa: ARG002
        """Draw a seed for each field."""
        return {"field_seed": derive_many(seeds, frames)}

    def make(self, drawn: Mapping[str, Any], shape: Shape) -> Tensor:
        """Lay the tiles."""
        seeds: Tensor = drawn["field_seed"].flatten()
        rows, columns = (self._tiles_along(length) for length in shape)
        count = rows * columns
        chosen = below(uniform(seeds, 0, count), len(self._tiles))
        mirrored = below(uniform(seeds, 1, count), 4)
        tiles = self._tiles[chosen]
        for bit, axis in ((1, -2), (2, -1)):
            over = ((mirrored & bit) > 0)[..., None, None]
            tiles = torch.where(over, tiles.flip(axis), tiles)
        step = self.size - self.overlap
        canvas = (rows * step + self.overlap, columns * step + self.overlap)
        laid = F.fold(
            (tiles * self._weight).flatten(2).transpose(1, 2), canvas, self.size, stride=step
        )[:, 0]
        # The first and last seams fade into nothing on one side: leave them outside.
        cut = laid.unfold(1, shape[0], 1).unfold(2, shape[1], 1)
        corner = uniform(seeds, 2, 2)
        free = [
            below(corner[:, axis], canvas[axis] - 2 * self.overlap - shape[axis] + 1)
            for axis in (0, 1)
        ]
        field: Tensor = cut[
            torch.arange(len(seeds), device=seeds.device),
            free[0] + self.overlap,
            free[1] + self.overlap,
        ]
        return field.view(*drawn["field_seed"].shape, *shape)

    def _tiles_along(self, length: int) -> int:
        return -(-(length + self.overlap) // (self.size - self.overlap))


class StretchedTiles(FieldSource):
    """One tile each, stretched bilinearly, as published; see `sirst5k.noise.resize_field`.

    Parameters
    ----------
    tiles : (N, s, s) float array
        Noise in the units that fields are to have.
    """

    def __init__(self, tiles: np.ndarray[Any, Any]) -> None:
        super().__init__()
        levels = torch.from_numpy(np.ascontiguousarray(tiles, dtype=np.float32))
        self.register_buffer("_tiles", levels, persistent=False)

    def draw(self, seeds: Tensor, frames: int, shape: Shape) -> dict[str, Tensor]:  # noqa: ARG002
        """Draw which tile each field is."""
        return {"tile": below(uniform(seeds, _SOURCE, frames), len(self._tiles))}

    def make(self, drawn: Mapping[str, Any], shape: Shape) -> Tensor:
        """Stretch them."""
        return F.interpolate(self._tiles[drawn["tile"]], shape, mode="bilinear")

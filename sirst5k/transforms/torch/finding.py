"""Targets of a batch of masks, found on their device: 8-connected components and their boxes.

Targets are small and few, so only the words of eight pixels that hold any part of one are
looked at, and of these the runs: stretches of target pixels in a row. Runs of neighbouring
rows that touch are joined by hooking the label of each onto the least one beside it and
halving the paths (Y. Shiloach and U. Vishkin, "An O(log n) parallel connectivity algorithm",
J. Algorithms 3(1), 1982), in a fixed number of rounds. No shape depends on the data, but on a
processor: see `sirst5k.transforms.torch.processor`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.errors import ParameterError
from sirst5k.transforms.torch.batch import target_masks
from sirst5k.transforms.torch.processor import on_processor
from sirst5k.transforms.torch.processor.finding import Found, Limits, find_targets, list_runs

MAX_WORDS = 256
"""Most words of eight pixels, within a row, that may hold target pixels in an image."""
MAX_RUNS = 256
"""Most stretches of target pixels in rows that an image may have."""
ROUNDS = 5
"""How often labels are joined; see `TargetFinder`."""

_WORD = 8
_MOST_BITS = 4  # of a word's edges: no two runs start or end side by side
_FAR = 2**30
_NUMPY = (torch.bool, torch.uint8, torch.int32, torch.int64, torch.float32, torch.float64)
# Times a word of bytes 0 and 1, its top byte holds them as bits, the first one lowest.
_GATHER_BITS = 0x0102040810204080


class Targets(NamedTuple):
    """Targets of each image of a batch, in raster order of their first pixel.

    Attributes
    ----------
    boxes : (B, K, 4) int64
        Top, left, bottom, right, half-open; zeros where there is none.
    valid : (B, K) bool
        Which of the K are targets: the first ones.
    area : (B, K) int64
        Pixels.
    centres : (B, K, 2) int64
        Row and column of the centroid, rounded half to even.
    complete : (B,) bool
        False for an image with more to it than could be looked at; none of its targets is
        valid then.
    runs : (B, R, 3) int64
        Row, first and last column of each run of target pixels.
    owner : (B, R) int64
        Which target a run belongs to; K for nobody's.
    """

    boxes: Tensor
    valid: Tensor
    area: Tensor
    centres: Tensor
    complete: Tensor
    runs: Tensor
    owner: Tensor


class _Runs(NamedTuple):
    """Runs in raster order: row, first and last column, which there are, if there are more."""

    row: Tensor
    first: Tensor
    last: Tensor
    there: Tensor
    overflow: Tensor


class TargetFinder(nn.Module):
    """Find the 8-connected components of each mask, without waiting for the device.

    An image is either done completely, and then exactly as `sirst5k.components.find_targets`
    does it, or not at all: ``complete`` is False. It is not done if it has more than
    `max_targets` components, more than `MAX_WORDS` aligned words of eight pixels with a target
    pixel in them, more than `MAX_RUNS` runs, or a component so winding that `ROUNDS` rounds do
    not join it. That last is checked, not assumed. The largest spirals, combs, zigzags and
    clusters of noise for which there is room need 4.

    Parameters
    ----------
    max_targets : int
        How many there is room for, K.

    Examples
    --------
    >>> masks = torch.zeros(1, 16, 16, dtype=torch.bool)
    >>> masks[0, 3:5, 4:7] = True
    >>> targets = TargetFinder(max_targets=2)(masks)
    >>> targets.boxes.tolist(), targets.valid.tolist()
    ([[[3, 4, 5, 7], [0, 0, 0, 0]]], [[True, False]])
    """

    def __init__(self, max_targets: int = 32) -> None:
        super().__init__()
        if max_targets < 1:
            raise ParameterError(f"Expected max_targets of at least 1, got {max_targets}.")
        self.max_targets = max_targets
        count, places = _bit_tables()
        self.register_buffer("_bit_count", count, persistent=False)
        self.register_buffer("_bit_place", places, persistent=False)

    def forward(self, masks: Tensor) -> Targets:
        """Find the targets of ``(B, H, W)`` bool masks."""
        if not on_processor(masks):
            return self._find_fixed(masks)
        found, limits = self._find_pixels(masks[:, None])
        parts = (*found[:5], *list_runs(found, limits))
        return Targets(*(torch.from_numpy(part) for part in parts))

    def locate(self, masks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes, which of them are valid, and centres in a batch's masks as they come.

        Parameters
        ----------
        masks : (B, 1, H, W) or (B, 1, T, H, W) tensor
            Above 0 on targets, of which those of all frames count together.
        """
        if on_processor(masks):
            found, _ = self._find_pixels(masks.flatten(1, -3))
            parts = found.boxes, found.valid, found.centres
            return tuple(torch.from_numpy(part) for part in parts)
        targets = self._find_fixed(target_masks(masks))
        return targets.boxes, targets.valid, targets.centres

    def _find_pixels(self, masks: Tensor) -> tuple[Found, Limits]:
        """Find the targets of ``(B, T, H, W)`` masks in memory."""
        known = masks if masks.dtype in _NUMPY else masks > 0
        limits = Limits(self.max_targets, MAX_WORDS, MAX_RUNS)
        return find_targets(known.detach().numpy(), limits), limits

    def _find_fixed(self, masks: Tensor) -> Targets:
        """Find the targets of ``(B, H, W)`` bool masks in fixed shapes."""
        runs = self._find_runs(masks)
        labels, joined = _join(runs, masks.shape[2])
        order = torch.arange(MAX_RUNS, device=masks.device)
        numbers = ((labels == order) & runs.there).cumsum(1) - 1
        complete = joined & ~runs.overflow & (numbers[:, -1] < self.max_targets)
        # The least label of a component is its first run, so its number is its raster order.
        owner = numbers.gather(1, labels)
        owner = torch.where(runs.there & complete[:, None], owner, self.max_targets)
        return _measure(runs, owner, self.max_targets, complete)

    def extra_repr(self) -> str:
        """Return the parameters, for the module's ``repr``."""
        return f"max_targets={self.max_targets}"

    def _find_runs(self, masks: Tensor) -> _Runs:
        """Return the first `MAX_RUNS` runs of each mask."""
        batch = len(masks)
        edges, place, crowded = _find_edges(masks)
        counts = self._bit_count[edges]
        found, excess, reached = _nth(counts, MAX_RUNS)
        word = found.clamp(max=edges.shape[1] - 1)
        before = (reached - counts).gather(1, word)
        number = torch.arange(MAX_RUNS, device=masks.device) - before
        bits = edges.gather(1, word) * _MOST_BITS + number.clamp(0, _MOST_BITS - 1)
        pixel = place.repeat(2, 1).gather(1, word) * _WORD + self._bit_place[bits]
        there = found[:batch] < edges.shape[1]
        width = masks.shape[2] + -masks.shape[2] % _WORD
        row = torch.div(pixel[:batch], width, rounding_mode="floor")
        first, last = pixel[:batch] - row * width, pixel[batch:] - row * width
        return _Runs(row, first, last, there, crowded | excess[:batch])


def _bit_tables() -> tuple[Tensor, Tensor]:
    """Return how many bits of each byte are set, and at ``byte * 4 + n`` the place of the n-th."""
    places = [[bit for bit in range(_WORD) if byte >> bit & 1] for byte in range(256)]
    counts = torch.tensor([len(found) for found in places])
    padded = [[*found, 0, 0, 0, 0][:_MOST_BITS] for found in places]
    return counts, torch.tensor(padded).flatten()


def _find_edges(masks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return where runs start and end in the words that hold target pixels.

    Returns
    -------
    edges : (2 * B, P) int64
        As bits of each word: the first pixels of runs, then, in the second half, the last.
    place : (B, P) int64
        Which word of the mask, its rows filled up to whole words, each of the P is.
    crowded : (B,) bool
        Whether there are more than P.
    """
    batch, _, width = masks.shape
    padded = F.pad(masks, (0, -width % _WORD)) if width % _WORD else masks.contiguous()
    words = padded.view(torch.int64).view(batch, -1)
    count, a_row = words.shape[1], padded.shape[2] // _WORD
    place, crowded, _ = _nth(words != 0, min(MAX_WORDS, count))
    column = place % a_row
    around = torch.stack([place - 1, place, place + 1], dim=1).clamp(0, count - 1)
    bits = words.gather(1, around.flatten(1)).view(around.shape)
    before, own, after = ((bits * _GATHER_BITS >> 56) & 255).unbind(1)
    own = own * (place < count)
    before = (before >> 7) * (column > 0)
    after = (after << 7) * (column < a_row - 1)
    starts = own & ~(own << 1 | before)
    ends = own & ~(own >> 1 | after)
    return torch.cat([starts, ends]), place, crowded


def _nth(counts: Tensor, most: int) -> tuple[Tensor, Tensor, Tensor]:
    """Find where the running total of each row reaches 1 … `most`.

    Returns
    -------
    places : (N, most) int64
        The row's length where it does not get so far.
    more : (N,) bool
        Whether it goes beyond `most`.
    reached : (N, L) int32
        The running total.
    """
    reached = counts.cumsum(1, dtype=torch.int32)
    wanted = torch.arange(1, most + 1, device=counts.device, dtype=torch.int32)
    places = torch.searchsorted(reached, wanted.expand(len(counts), most).contiguous())
    return places, reached[:, -1] > most, reached


def _join(runs: _Runs, width: int) -> tuple[Tensor, Tensor]:
    """Return the least run of each run's component, and whether all are joined.

    Three neighbours of a run are enough: the first and the last that touch it in the row
    above, and the first in the row below. One between the first and the last above touches no
    other run of this row, so that it finds this one as its first below.
    """
    stride = width + 1  # a free place, so that rows do not touch end to end
    row = torch.where(runs.there, runs.row * stride, _FAR)
    start, end = row + runs.first, row + runs.last
    start, end = (torch.where(runs.there, edge, _FAR) for edge in (start, end))
    firsts = torch.searchsorted(end, torch.cat([start - stride - 1, start + stride - 1], dim=1))
    lasts = torch.searchsorted(
        start, torch.cat([end - stride + 1, end + stride + 1], dim=1), right=True
    )
    own = torch.arange(MAX_RUNS, device=start.device).expand_as(start)
    touches = (firsts < lasts) & runs.there.repeat(1, 2)
    first_above, first_below = torch.where(touches, firsts, own.repeat(1, 2)).chunk(2, dim=1)
    last_above = torch.where(touches[:, :MAX_RUNS], lasts[:, :MAX_RUNS] - 1, own)
    beside = torch.cat([first_above, last_above, first_below, own], dim=1)
    labels = own
    for _ in range(ROUNDS):
        roots = labels.gather(1, beside)
        # Both ways: a neighbour need not have this run among its three.
        labels = labels.scatter_reduce(1, roots, _least(roots).repeat(1, 4), "amin")
        labels = labels.gather(1, labels)
        labels = labels.gather(1, labels)
    agree = labels.gather(1, beside) == labels.repeat(1, 4)
    return labels, agree.all(1) & (labels.gather(1, labels) == labels).all(1)


def _least(roots: Tensor) -> Tensor:
    """Return the least of the four numbers of each run."""
    half = torch.minimum(*roots.chunk(2, dim=1))
    return torch.minimum(*half.chunk(2, dim=1))


def _measure(runs: _Runs, owner: Tensor, count: int, complete: Tensor) -> Targets:
    """Measure each target from the number of the one that each run belongs to."""
    row, first, last = runs.row, runs.first, runs.last
    # Owner `count` is nobody's: one place more, which is dropped again.
    edges = torch.stack([row, first, -1 - row, -1 - last], dim=1)
    index = owner[:, None].expand(-1, 4, -1)
    least = edges.new_full((len(owner), 4, count + 1), _FAR)
    least = least.scatter_reduce(2, index, edges, "amin")[..., :count].transpose(1, 2)
    length = last - first + 1
    # Twice the sum of the columns of a run is (first + last) times its length.
    parts = torch.stack([length, 2 * row * length, (first + last) * length], dim=1)
    sums = parts.new_zeros(len(owner), 3, count + 1).scatter_add(2, index[:, :3], parts)
    area, moments = sums[:, 0, :count], sums[:, 1:, :count].transpose(1, 2)
    valid = area > 0
    boxes = torch.cat([least[..., :2], -least[..., 2:]], dim=2) * valid[..., None]
    centres = _round_half_even(moments, 2 * area[..., None])
    where = torch.stack([row, first, last], dim=2)
    return Targets(boxes, valid, area, centres, complete, where, owner)


def label_map(targets: Targets, shape: tuple[int, int]) -> Tensor:
    """Return which target each pixel belongs to: ``(B, H, W)`` int32, 0 for none, from 1."""
    tall, wide = shape
    batch, count = targets.valid.shape
    mine = targets.owner < count
    label = torch.where(mine, targets.owner + 1, 0).to(torch.int32)
    row, first, last = torch.where(mine[..., None], targets.runs, 0).unbind(2)
    # A run raises the row's running total by its label, and lowers it again behind its end.
    steps = label.new_zeros(batch, tall * (wide + 1))
    steps = steps.scatter_add(1, row * (wide + 1) + first, label)
    steps = steps.scatter_add(1, row * (wide + 1) + last + 1, -label)
    return steps.view(batch, tall, wide + 1).cumsum(2, dtype=torch.int32)[..., :wide]


def _round_half_even(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Divide whole numbers and round as Python does; the denominator is even, or 0."""
    denominator = denominator.clamp(min=2)
    whole = torch.div(numerator, denominator, rounding_mode="floor")
    twice = 2 * (numerator - whole * denominator)
    return whole + ((twice + whole % 2) > denominator)

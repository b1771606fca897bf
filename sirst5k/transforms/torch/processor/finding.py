"""Targets of a batch of masks by the list of their pixels, all images at once.

The pixels give runs, stretches in a row; a run hangs on the first one that touches it in the row
above. What is then still apart and touches is joined by hooking the greater root onto the less,
until nothing is left to join.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sirst5k.transforms.torch.processor.compiled import kernels
from sirst5k.transforms.torch.processor.ragged import restarted

Ints = NDArray[np.int64]

_WORD = 8  # bytes that are compared with 0 at once


class Limits(NamedTuple):
    """What an image may have, as `sirst5k.transforms.torch.TargetFinder` says."""

    targets: int
    words: int
    runs: int


class Runs(NamedTuple):
    """Runs of all images in raster order, ``(N,)`` each: whose, row, first and last column."""

    image: Ints
    row: Ints
    first: Ints
    last: Ints


class Found(NamedTuple):
    """Targets of a batch, as `sirst5k.transforms.torch.Targets` has them, and their runs.

    Attributes
    ----------
    boxes, valid, area, centres, complete
        As there.
    runs : Runs
        Of images that are not too crowded.
    owner : (N,) int64
        Which target of its image each run belongs to.
    """

    boxes: Ints
    valid: NDArray[np.bool_]
    area: Ints
    centres: Ints
    complete: NDArray[np.bool_]
    runs: Runs
    owner: Ints


def find_targets(masks: NDArray[Any], limits: Limits) -> Found:
    """Find the 8-connected components of each mask.

    Parameters
    ----------
    masks : (B, T, H, W) array
        Above 0 on targets, of which those of all T frames count together.
    limits : Limits
        Images that exceed one are left out.
    """
    compiled = kernels("finding")
    if compiled and masks.flags.c_contiguous:
        known = _as_known(masks)
        parts = compiled.find(known, _long_words(known), *limits)
        boxes, valid, area, centres, complete, *runs, owner = parts
        return Found(boxes, valid, area, centres, complete, Runs(*runs), owner)
    return _find_targets(masks, limits)


def _as_known(masks: NDArray[Any]) -> NDArray[Any]:
    """Return masks in one of the two types that functions are compiled for."""
    if masks.dtype == np.float32:
        return masks
    return (masks if masks.itemsize == 1 else masks > 0).view(np.uint8)


def _long_words(masks: NDArray[Any]) -> NDArray[Any]:
    """Return masks as words of eight bytes if their rows are whole ones, for a glance at them."""
    fits = masks.shape[-1] * masks.itemsize % _WORD == 0
    return masks.view(np.uint64) if fits else masks


def _find_targets(masks: NDArray[Any], limits: Limits) -> Found:
    """Find them by calls of numpy on the list of all target pixels."""
    batch, shape = len(masks), (masks.shape[2], masks.shape[3])
    pixels = target_pixels(masks)
    complete = _uncrowded(pixels, batch, shape, limits)
    if not complete.all():
        pixels = pixels[complete[pixels // (shape[0] * shape[1])]]
    runs = _runs_of(pixels, shape)
    roots = _join(runs, shape)
    first_runs = (roots == np.arange(len(roots))).nonzero()[0]
    counts = np.bincount(runs.image[first_runs], minlength=batch)
    complete &= counts <= limits.targets
    # The first run of a component is its root, so that roots are in raster order.
    number = np.zeros(len(roots), np.int64)
    number[first_runs] = restarted(counts)
    owner = np.where(complete[runs.image], number[roots], limits.targets)
    boxes, valid, area, centres = _measure(runs, roots, complete, limits.targets)
    return Found(boxes, valid, area, centres, complete, runs, owner)


def list_runs(found: Found, limits: Limits) -> tuple[Ints, Ints]:
    """Return runs and their owners image by image, as `Targets` has them."""
    batch, runs = len(found.valid), found.runs
    listed = np.zeros((batch, limits.runs, 3), np.int64)
    owners = np.full((batch, limits.runs), limits.targets)
    place = runs.image, restarted(np.bincount(runs.image, minlength=batch))
    listed[place] = np.stack(runs[1:], axis=1)
    owners[place] = found.owner
    return listed, owners


def target_pixels(masks: NDArray[Any]) -> Ints:
    """Return where any frame is above 0, in raster order, counted through all images.

    Parameters
    ----------
    masks : (B, T, H, W) array
    """
    frames, tall, wide = masks.shape[1:]
    pixels = _above_zero(masks.reshape(-1))
    if frames == 1:
        return pixels
    plane = tall * wide
    merged: Ints = np.unique(pixels // (frames * plane) * plane + pixels % plane)
    return merged


def _above_zero(flat: NDArray[Any]) -> Ints:
    """Return the places of values above 0: whole words are looked at first."""
    each = _WORD // flat.itemsize
    whole = flat.size // each * each
    places = (flat[:whole].view(np.uint64) != 0).nonzero()[0]
    word, within = (flat[:whole].reshape(-1, each)[places] > 0).nonzero()
    pixels: Ints = places[word] * each + within
    if whole == flat.size:
        return pixels
    return np.concatenate([pixels, whole + (flat[whole:] > 0).nonzero()[0]])


def _uncrowded(
    pixels: Ints, batch: int, shape: tuple[int, int], limits: Limits
) -> NDArray[np.bool_]:
    """Return which images keep to the limits of words and runs."""
    image = pixels // (shape[0] * shape[1])
    counts = np.bincount(image, minlength=batch)
    # There is at least one pixel to a word or a run.
    if counts.max(initial=0) <= min(limits.words, limits.runs):
        return np.ones(batch, np.bool_)
    line = pixels // shape[1]
    column = pixels - line * shape[1]
    words = _is_new(line * (-(-shape[1] // _WORD)) + column // _WORD, 0)
    runs = _is_new(pixels, 1) | (column == 0)
    kept: NDArray[np.bool_] = np.bincount(image[words], minlength=batch) <= limits.words
    kept &= np.bincount(image[runs], minlength=batch) <= limits.runs
    return kept


def _is_new(numbers: Ints, step: int) -> NDArray[np.bool_]:
    """Return which numbers are not the one before, or the next to it."""
    new = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1] + step, out=new[1:])
    return new


def _runs_of(pixels: Ints, shape: tuple[int, int]) -> Runs:
    line = pixels // shape[1]
    column = pixels - line * shape[1]
    starts = (_is_new(pixels, 1) | (column == 0)).nonzero()[0]
    line = line[starts]
    image = line // shape[0]
    return Runs(image, line - image * shape[0], column[starts], column[_ends(starts, len(pixels))])


def _ends(begins: Ints, length: int) -> Ints:
    """Return the last place of each stretch that goes on until the next one begins."""
    ends = np.empty_like(begins)
    ends[:-1] = begins[1:]
    ends[-1:] = length
    ends -= 1
    return ends


def _join(runs: Runs, shape: tuple[int, int]) -> Ints:
    """Return the first run of each run's component."""
    # A free place behind each row and a free row below each image: nothing touches across them.
    stride = shape[1] + 1
    row = (runs.image * (shape[0] + 1) + runs.row) * stride
    start, end = row + runs.first, row + runs.last
    firsts = end.searchsorted(start - stride - 1)
    behind = start.searchsorted(end - stride + 1, side="right")
    own = np.arange(len(row))
    roots = _climb(np.where(firsts < behind, firsts, own))
    # A run that touches several above has hung on the first of them alone.
    more = np.maximum(behind - firsts - 1, 0)
    mine = own.repeat(more)
    if not len(mine):
        return roots
    others = firsts[mine] + 1 + restarted(more)
    while True:
        one, other = roots[mine], roots[others]
        apart = one != other
        if not apart.any():
            return roots
        roots[np.maximum(one, other)[apart]] = np.minimum(one, other)[apart]
        roots = _climb(roots)


def _climb(parents: Ints) -> Ints:
    """Follow parents to the roots."""
    while True:
        higher = parents[parents]
        if (higher == parents).all():
            return parents
        parents = higher


def _measure(
    runs: Runs, roots: Ints, complete: NDArray[np.bool_], count: int
) -> tuple[Ints, NDArray[np.bool_], Ints, Ints]:
    """Return boxes, which there are, areas and rounded centres of complete images' targets."""
    room = len(complete), count
    boxes, centres = np.zeros((*room, 4), np.int64), np.zeros((*room, 2), np.int64)
    valid, area = np.zeros(room, np.bool_), np.zeros(room, np.int64)
    order = roots.argsort(kind="stable")
    if not complete.all():
        order = order[complete[runs.image[order]]]
    if not len(order):
        return boxes, valid, area, centres
    image, row, first, last = (part[order] for part in runs)
    begins = _is_new(roots[order], 0).nonzero()[0]
    length = last - first + 1
    counts = np.bincount(image[begins], minlength=room[0])
    place = image[begins], restarted(counts)
    pixels = np.add.reduceat(length, begins)
    # Runs are in raster order: a target's first is in its top row, its last in its lowest.
    lowest = _ends(begins, len(order))
    left, right = np.minimum.reduceat(first, begins), np.maximum.reduceat(last, begins)
    valid[place], area[place] = True, pixels
    for edge, part in enumerate((row[begins], left, row[lowest] + 1, right + 1)):
        boxes[..., edge][place] = part
    for axis, part in enumerate((2 * row, first + last)):
        # Exact: so small numerators and denominators have no quotient next to a half but a half.
        centres[..., axis][place] = np.rint(np.add.reduceat(part * length, begins) / (2 * pixels))
    return boxes, valid, area, centres

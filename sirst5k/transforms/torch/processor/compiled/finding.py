"""Targets of a batch of masks, image by image: runs of pixels, joined to those they touch above."""

from __future__ import annotations

from typing import Any

import numpy as np

from sirst5k.transforms.torch.processor.compiled.decorating import compiled

_WORD = 8


@compiled
def find(masks: Any, words: Any, most_targets: int, most_words: int, most_runs: int) -> Any:
    """Find the 8-connected components of each mask.

    Parameters
    ----------
    masks : (B, T, H, W) uint8 | float32
        Above 0 on targets, of which those of all T frames count together.
    words : (B, T, H, V) array
        The same memory, in longer words where rows are whole ones.
    most_targets, most_words, most_runs : int
        As `Limits` has them.

    Returns
    -------
    boxes, valid, area, centres, complete, image, row, first, last, owner : arrays
        As `Found` and `Runs` have them.
    """
    batch = masks.shape[0]
    boxes = np.zeros((batch, most_targets, 4), np.int64)
    valid = np.zeros((batch, most_targets), np.bool_)
    area = np.zeros((batch, most_targets), np.int64)
    centres = np.zeros((batch, most_targets, 2), np.int64)
    complete = np.zeros(batch, np.bool_)
    runs = np.empty((3, batch * most_runs), np.int64)
    image = np.empty(batch * most_runs, np.int64)
    owner = np.empty(batch * most_runs, np.int64)
    filled, end = _filled(words), 0
    for sample in range(batch):
        own = runs[:, end : end + most_runs]
        count = _list_runs(masks[sample], filled[sample], own, most_words)
        if count < 0:
            continue
        numbers = owner[end : end + count]
        targets = _join(own[:, :count], numbers)
        complete[sample] = targets <= most_targets
        if complete[sample]:
            valid[sample, :targets] = True
            _measure(own[:, :count], numbers, boxes[sample], area[sample], centres[sample])
        else:
            numbers[:] = most_targets
        image[end : end + count] = sample
        end += count
    row, first, last = runs[:, :end]
    return boxes, valid, area, centres, complete, image[:end], row, first, last, owner[:end]


@compiled
def _filled(words: Any) -> Any:
    """Return in which rows of each image anything is not 0: ``(B, H)``."""
    batch, frames, tall, wide = words.shape
    filled = np.zeros((batch, tall), np.bool_)
    for sample in range(batch):
        for frame in range(frames):
            for y in range(tall):
                some = False
                for x in range(wide):  # to its end: so it goes many words at once
                    some |= words[sample, frame, y, x] != 0
                filled[sample, y] |= some
    return filled


@compiled
def _list_runs(mask: Any, filled: Any, runs: Any, most_words: int) -> int:
    """List the runs of a ``(T, H, W)`` mask; return how many there are, -1 if too many."""
    tall, wide = mask.shape[1:]
    seen = np.empty(wide, np.bool_)
    count, words = 0, 0
    for y in range(tall):
        if not filled[y]:
            continue
        _look_at(mask[:, y], seen)
        x, last_word = 0, -1
        while x < wide:
            if not seen[x]:
                x += 1
                continue
            first = x
            while x < wide and seen[x]:
                x += 1
            if count == runs.shape[1]:
                return -1
            runs[0, count], runs[1, count], runs[2, count] = y, first, x - 1
            count += 1
            words += (x - 1) // _WORD - max(first // _WORD - 1, last_word)
            last_word = (x - 1) // _WORD
        if words > most_words:
            return -1
    return count


@compiled
def _look_at(lines: Any, seen: Any) -> None:
    """Note where any of the lines of one row is above 0."""
    for x in range(lines.shape[1]):
        seen[x] = lines[0, x] > 0
    for frame in range(1, lines.shape[0]):
        for x in range(lines.shape[1]):
            seen[x] |= lines[frame, x] > 0


@compiled
def _join(runs: Any, owner: Any) -> int:
    """Fill in which component each run is of, in the order of first runs; return their number."""
    row, first, last = runs
    above = 0
    for run in range(len(owner)):
        owner[run] = run
        # Runs above that end before this one begins touch none of its row's later ones either.
        while row[above] < row[run] - 1 or (row[above] < row[run] and last[above] < first[run] - 1):
            above += 1
        other = above
        while row[other] < row[run] and first[other] <= last[run] + 1:
            one, two = _root(owner, run), _root(owner, other)
            owner[max(one, two)] = min(one, two)
            other += 1
    count = 0
    # Parents come before their children: theirs are numbers already, told apart by their sign.
    for run in range(len(owner)):
        if owner[run] == run:
            owner[run] = -1 - count
            count += 1
        else:
            owner[run] = owner[owner[run]]
    for run in range(len(owner)):
        owner[run] = -1 - owner[run]
    return count


@compiled
def _root(parents: Any, run: int) -> int:
    while parents[run] != run:
        parents[run] = parents[parents[run]]
        run = parents[run]
    return run


@compiled
def _measure(runs: Any, owner: Any, boxes: Any, area: Any, centres: Any) -> None:
    """Fill in boxes, areas and rounded centres of the components of an image."""
    row, first, last = runs
    for run in range(len(owner)):
        box, length = boxes[owner[run]], last[run] - first[run] + 1
        if area[owner[run]] == 0:
            box[:] = row[run], first[run], row[run] + 1, last[run] + 1
        box[1], box[2] = min(box[1], first[run]), row[run] + 1
        box[3] = max(box[3], last[run] + 1)
        area[owner[run]] += length
        # Twice the sum of their rows and columns, to begin with.
        centres[owner[run], 0] += 2 * row[run] * length
        centres[owner[run], 1] += (first[run] + last[run]) * length
    for number in range(len(area)):
        for axis in range(2):
            if area[number]:
                centres[number, axis] = np.rint(centres[number, axis] / (2 * area[number]))

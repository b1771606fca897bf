"""Which frames a clip is made of."""

from __future__ import annotations

from collections.abc import Sequence

from sirst5k.errors import ParameterError

LENGTH = 5
"""Frames of a clip in the published detectors (SSTNet, STMENet)."""


def check_length(length: int) -> int:
    """Return a clip's number of frames, or raise `ParameterError` if it cannot be one."""
    if isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= 1000:
        raise ParameterError(
            f"Expected clips of 1 to 1000 frames (5 in the published detectors), got {length!r}."
        )
    return length


def window(frames: Sequence[str], key: int, length: int) -> tuple[str, ...]:
    """Return the frames of a clip in chronological order, the key frame last.

    Where the sequence begins too late its first frame is repeated, as the published loaders
    do: ``frames[max(key - length + 1, 0)], …, frames[key]``.

    Parameters
    ----------
    frames : sequence of str
        A sequence's frames in the order of time.
    key : int
        Place of the key frame among them.
    length : int
        Frames of the clip.

    Examples
    --------
    >>> window("abcdef", 2, 5)
    ('a', 'a', 'a', 'b', 'c')
    """
    return tuple(frames[max(place, 0)] for place in range(key - length + 1, key + 1))

"""Tracks of scenes whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.tracking import Track, Tracker, TrackerSettings, track_frames


def around(centres: np.ndarray, side: float = 3.0) -> np.ndarray:
    return np.hstack([centres - side / 2, centres + side / 2])


def scene(starts: list, velocities: list, frames: int, noise: float = 0.3) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    p, v = np.array(starts, float), np.array(velocities, float)
    return [around(p + t * v + rng.normal(0, noise, p.shape)) for t in range(frames)]


def owners(track: Track) -> set[int]:
    return {point.place for point in track.points}


def test_crossing_targets_keep_their_numbers() -> None:
    """They meet in frame 10 and overlap themselves in no frame: 4 pixels a frame, 3 wide."""
    frames = scene([[0, 40], [80, 40]], [[4, 0.5], [-4, 0.5]], 21)
    tracks = track_frames([(boxes, [0.9, 0.9]) for boxes in frames])
    assert [len(track) for track in tracks] == [21, 21]
    assert [owners(track) for track in tracks] == [{0}, {1}]
    assert [track.number for track in tracks] == [1, 2]


def test_weak_detections_continue_but_never_begin() -> None:
    frames = scene([[10, 10], [60, 60]], [[2, 0], [0, 2]], 12)
    scores = [[0.9 if t < 4 else 0.2, 0.2] for t in range(12)]
    tracks = track_frames(list(zip(frames, scores, strict=True)))
    assert [owners(track) for track in tracks] == [{0}]
    assert len(tracks[0]) == 12


def test_gaps_are_bridged_up_to_patience() -> None:
    frames = scene([[10, 10]], [[3, 1]], 20)
    seen = [t < 8 or t >= 12 for t in range(20)]
    inputs = [(boxes, [0.9]) if ok else ([], []) for boxes, ok in zip(frames, seen, strict=True)]
    (one,) = track_frames(inputs, TrackerSettings(patience=4))
    assert (one.first, one.last, len(one)) == (0, 19, 16)
    two = track_frames(inputs, TrackerSettings(patience=3))
    assert [(track.first, track.last) for track in two] == [(0, 7), (12, 19)]


def test_flashes_are_no_tracks() -> None:
    rng = np.random.default_rng(1)
    inputs = [(around(rng.uniform(0, 500, (1, 2))), [0.9]) for _ in range(30)]
    assert track_frames(inputs) == []


def test_online_numbers_come_with_confirmation() -> None:
    tracker = Tracker(TrackerSettings(confirm=3))
    got = [tracker.update(boxes, [0.8]) for boxes in scene([[5, 5]], [[1, 1]], 4)]
    assert got == [[None], [None], [1], [1]]


def test_bad_input_gets_a_sentence() -> None:
    with pytest.raises(ShapeError, match="N scores"):
        Tracker().update([[0, 0, 1, 1]], [])
    with pytest.raises(ParameterError, match="weak ≤ sure"):
        TrackerSettings(weak=0.9)
    with pytest.raises(ParameterError, match="patience"):
        TrackerSettings(patience=-1)
    with pytest.raises(ParameterError, match="gate"):
        TrackerSettings(gate=0)

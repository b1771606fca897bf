"""Boxes of the filters on embedded sequences, and tracks from labels made worse.

    python benchmarks/sequences.py --json benchmarks/results/sequences.json

Prints what docs/evaluation-video.md shows: the table of the three filters with intervals over
sequences, how large their boxes are beside those of the targets that they find by place, and how
many tracks and changes of number the tracker makes of known targets. Takes about a minute.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from sirst5k import open_dataset
from sirst5k.evaluation import Bootstrap, evaluate_clips
from sirst5k.evaluation.clips import as_box_detector, detect_in_sequences, detector_table
from sirst5k.tracking import track_frames

FILTERS = ("tophat", "mpcm", "lcm")
SCENES = "demo:sequences=12,frames=40,size=128,seed={seed}"
NEAR = 3.0  # pixels between centres, as in the metrics
MEETING = 4.0  # pixels below which two targets can hardly be told apart
NOISE, MISSED, FALSE = 0.5, 0.1, 1.0


def box_areas(name: str, dataset: Any) -> float:
    """Return the median area of a detection over that of the target it finds by place."""
    found = []
    for _, frame_id, boxes in detect_in_sequences(as_box_detector(name), dataset):
        truth = dataset.labels(frame_id, with_mask=False).boxes
        sure = boxes.boxes[boxes.scores >= 0.5]
        apart = np.linalg.norm(centres(sure)[:, None] - centres(truth)[None], axis=2)
        for one, other in zip(*linear_sum_assignment(apart), strict=True):
            if apart[one, other] < NEAR:
                found.append(float(area(sure[one]) / area(truth[other])))
    return float(np.median(found))


def tracks(dataset: Any) -> dict[str, int]:
    """Count targets, tracks and changes of number, from labels made worse."""
    rng = np.random.default_rng(0)
    total = dict.fromkeys(("targets", "tracks", "changes", "changes_where_targets_meet"), 0)
    for ids in dataset.sequences.values():
        rows, owners, meeting, known = [], [], False, set()
        for frame_id in ids:
            labels = dataset.labels(frame_id, with_mask=False)
            known |= set(labels.tracks)
            middle = centres(labels.boxes)
            apart = np.linalg.norm(middle[:, None] - middle[None], axis=2)
            meeting |= bool((apart[np.triu_indices(len(apart), 1)] < MEETING).any())
            kept = rng.random(len(labels.boxes)) >= MISSED
            moved = labels.boxes[kept] + np.tile(rng.normal(0, NOISE, (kept.sum(), 2)), 2)
            false = rng.uniform(0, 125, (rng.poisson(FALSE), 2))
            boxes = np.vstack([moved, np.hstack([false, false + 3])])
            rows.append((boxes, np.full(len(boxes), 0.9)))
            names = [track for track, there in zip(labels.tracks, kept, strict=True) if there]
            owners.append([*names, *[None] * len(false)])
        found = track_frames(rows)
        numbers: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for track in found:
            for point in track.points:
                owner = owners[point.frame][point.place]
                if owner is not None:
                    numbers[owner].append((point.frame, track.number))
        changes = sum(
            before[1] != after[1]
            for seen in map(sorted, numbers.values())
            for before, after in pairwise(seen)
        )
        total["targets"] += len(known)
        total["tracks"] += len(found)
        total["changes"] += changes
        total["changes_where_targets_meet"] += changes * meeting
    return total


def centres(boxes: Any) -> Any:
    """Return the centres of ``(N, 4)`` boxes."""
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def area(box: Any) -> Any:
    """Return the area of a box in pixels."""
    return np.prod(box[2:] - box[:2])


def main() -> None:
    """Measure, print, and store if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    file = parser.parse_args().json
    dataset = open_dataset(SCENES.format(seed=0))
    reports = {
        name: evaluate_clips(
            dataset,
            detector=name,
            profiles=("corrected", "published"),
            bootstrap=Bootstrap(1000),
        )
        for name in FILTERS
    }
    print("\n".join(detector_table(reports)))
    areas = {name: box_areas(name, dataset) for name in FILTERS}
    print("median area of a box over the target's:", areas)
    counted = tracks(open_dataset(SCENES.format(seed=1)))
    print("tracks from labels made worse:", counted)
    if file is not None:
        document = {
            "detectors": {name: report.to_dict()["profiles"] for name, report in reports.items()},
            "areas": areas,
            "tracks": counted,
        }
        file.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()

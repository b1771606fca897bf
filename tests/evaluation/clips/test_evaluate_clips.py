"""Detectors and saved boxes on sequences, from frames to figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("faster_coco_eval")

from sirst5k.datasets import open_dataset
from sirst5k.errors import ImageError, ParameterError
from sirst5k.evaluation import Bootstrap
from sirst5k.evaluation.clips import (
    MapBoxes,
    as_box_detector,
    box_pr_plot,
    clip_problems,
    detector_table,
    evaluate_clips,
    found_boxes,
    summarise_clips,
    write_clip_plots,
)
from sirst5k.metrics.boxes import read_published_pr


@pytest.fixture(scope="module")
def sequences() -> Any:
    return open_dataset("demo:sequences=3,frames=6,size=64,seed=1")


class Oracle:
    """Knows the labels, and remembers in which order frames came."""

    name = "oracle"
    frames = 5

    def __init__(self, sequences: Any, shift: float = 0.0) -> None:
        self.sequences, self.shift = sequences, shift
        self.pushed: list[tuple[int, bool]] = []
        self.starts = 0

    def start(self) -> Any:
        self.starts += 1
        name = list(self.sequences.sequences)[self.starts - 1]
        return _Stream(self, iter(self.sequences.sequences[name]))


class _Stream:
    def __init__(self, oracle: Oracle, ids: Any) -> None:
        self.oracle, self.ids = oracle, ids

    def push(self, image: np.ndarray, wanted: bool = True) -> Any:
        frame_id = next(self.ids)
        assert np.array_equal(image, self.oracle.sequences.read_frame(frame_id))
        self.oracle.pushed.append((self.oracle.starts, wanted))
        boxes = self.oracle.sequences.labels(frame_id).boxes + np.float32(self.oracle.shift)
        return found_boxes(boxes, np.full(len(boxes), 0.9)) if wanted else None


def test_an_oracle_is_perfect_and_gets_every_frame_in_order(sequences: Any) -> None:
    oracle = Oracle(sequences)
    report = evaluate_clips(sequences, detector=oracle)
    scores = report.scores["corrected"]
    assert (scores.ap, scores.precision, scores.recall, scores.pd) == (1, 1, 1, 1)
    assert oracle.starts == 3
    assert oracle.pushed == [(k, True) for k in (1, 2, 3) for _ in range(6)]
    assert report.frames_seen == 5


def test_frames_that_are_not_asked_for_pass_through_a_detector_of_clips(sequences: Any) -> None:
    first = sequences.ids[3]
    some = sequences.subset([first])
    oracle = Oracle(some)
    report = evaluate_clips(some, detector=oracle)
    assert [wanted for _, wanted in oracle.pushed] == [False] * 3 + [True]
    assert report.scores["corrected"].frames == 1


def test_a_shift_of_pixels_fails_the_overlap_and_not_the_place(sequences: Any) -> None:
    scores = evaluate_clips(sequences, detector=Oracle(sequences, 2.0)).scores["corrected"]
    assert scores.pd == 1
    assert scores.recall < 0.5


def test_detectors_of_single_frames_give_components(sequences: Any) -> None:
    report = evaluate_clips(
        sequences, detector="tophat", profiles=("corrected", "published"), k=5, sizes=(9,)
    )
    assert report.source == "tophat"
    assert report.frames_seen == 1
    assert report.scores["corrected"].pd > 0.3
    assert report.scores["published"].ap50 == pytest.approx(report.scores["corrected"].ap50)
    assert len(report.rows["corrected"]) == len(sequences)


def test_functions_are_detectors_too(sequences: Any) -> None:
    ready = as_box_detector(lambda batch: (batch > batch.mean()) * 0.75)
    assert isinstance(ready, MapBoxes)
    assert evaluate_clips(sequences, detector=ready).scores["corrected"].detections > 0
    with pytest.raises(ParameterError, match="letterbox belongs"):
        as_box_detector("tophat", size=64)


def test_saved_boxes_score_as_the_detector_that_found_them(sequences: Any, tmp_path: Path) -> None:
    rows = [
        {
            "image_id": frame_id,
            "category_id": 1,
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "score": 0.9,
        }
        for frame_id in sequences.ids
        for x1, y1, x2, y2 in sequences.labels(frame_id).boxes.tolist()
    ]
    (tmp_path / "r.json").write_text(json.dumps(rows))
    report = evaluate_clips(sequences, predictions=tmp_path / "r.json")
    assert report.scores["corrected"].ap50 == 1
    assert report.matched == len(sequences)


def test_missing_frames_are_silence_and_named(sequences: Any, tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text(f"{sequences.ids[0]}\n")
    report = evaluate_clips(sequences, predictions=tmp_path / "r.txt")
    assert report.scores["corrected"].recall == 0
    assert len(report.missing) == len(sequences) - 1
    assert any("without saved boxes" in line for line in clip_problems(report))


def test_a_damaged_frame_stops_or_is_left_out(sequences: Any) -> None:
    class Damaged:
        """The same sequences, but for one frame."""

        def __getattr__(self, name: str) -> Any:
            return getattr(sequences, name)

        def read_frame(self, frame_id: str) -> Any:
            if frame_id == sequences.ids[2]:
                raise ImageError("cannot be read")
            return sequences.read_frame(frame_id)

    with pytest.raises(ImageError, match="cannot be read"):
        evaluate_clips(Damaged(), detector="tophat")
    report = evaluate_clips(Damaged(), detector="tophat", on_error="skip")
    assert dict(report.skipped) == {sequences.ids[2]: "cannot be read"}
    assert report.scores["corrected"].frames == len(sequences) - 1


def test_intervals_come_from_sequences(sequences: Any) -> None:
    rule = Bootstrap(50, seed=3)
    report = evaluate_clips(sequences, detector="tophat", bootstrap=rule)
    again = evaluate_clips(sequences, detector="tophat", bootstrap=rule)
    intervals = report.intervals["corrected"]
    assert intervals == again.intervals["corrected"]
    scores = report.scores["corrected"]
    for name in ("ap50", "recall", "false_alarms_per_frame"):
        low, high = intervals[name]
        assert low <= getattr(scores, name) <= high, name
    one = evaluate_clips(sequences[:6], detector="tophat", bootstrap=rule)
    assert one.intervals == {"corrected": {}}
    assert any("but one" in note for note in one.notes)


def test_report_as_text_json_csv_and_curves(sequences: Any, tmp_path: Path) -> None:
    report = evaluate_clips(
        sequences,
        detector="tophat",
        profiles=("corrected", "published"),
        bootstrap=Bootstrap(20),
    )
    text = "\n".join(summarise_clips(report))
    for word in ("AP50", "best F1", "Pd, 3 px", "18 frames in 3 sequences", "resamples of"):
        assert word in text
    assert all(len(line) <= 80 for line in text.splitlines())
    document = json.loads(report.to_json(curves=True))
    assert document["profiles"]["published"]["scores"]["confidence"] is None
    assert len(document["profiles"]["corrected"]["scores"]["interpolated"]) == 101
    report.write_rows(tmp_path / "rows.csv")
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * len(sequences)
    written = write_clip_plots(report, tmp_path / "plots")
    assert {path.name for path in written} == {"pr.png", "pr_corrected.txt", "pr_published.txt"}
    curve = read_published_pr(tmp_path / "plots" / "pr_published.txt")
    assert curve.ap50 == report.scores["published"].ap50
    assert box_pr_plot(report.scores, {"theirs": curve}).shape == (560, 760, 3)


def test_detectors_stand_in_one_table(sequences: Any) -> None:
    reports = {
        "oracle": evaluate_clips(sequences, detector=Oracle(sequences)),
        "tophat": evaluate_clips(sequences, detector="tophat", bootstrap=Bootstrap(20)),
    }
    lines = list(detector_table(reports))
    assert lines[2].startswith("| oracle | 5 | 1.000 |")
    assert lines[3].startswith("| tophat | 1 | 0.")
    assert lines[3].count("–") > 5  # intervals
    with pytest.raises(ParameterError, match="same frames"):
        part = evaluate_clips(sequences[:6], detector="tophat")
        list(detector_table({**reports, "part": part}))
    with pytest.raises(ParameterError, match="oracle"):
        list(detector_table(reports, "published"))


def test_bad_settings_get_a_sentence(sequences: Any) -> None:
    with pytest.raises(ParameterError, match="one of both"):
        evaluate_clips(sequences)
    with pytest.raises(ParameterError, match="have no confidence"):
        evaluate_clips(sequences, detector="tophat", profiles=("published",), confidence=0.3)
    with pytest.raises(ParameterError, match="Saved boxes take no"):
        evaluate_clips(sequences, predictions="x", k=5)
    with pytest.raises(ParameterError, match="Did you mean 'published'"):
        evaluate_clips(sequences, detector="tophat", profiles=("publishd",))

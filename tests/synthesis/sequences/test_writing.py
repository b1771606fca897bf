from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from synthesis.sequences.clips import clips, recipe

from sirst5k import open_dataset
from sirst5k.datasets import SequenceDataset
from sirst5k.datasets.sequences.writing import write_sequences
from sirst5k.errors import DatasetError, OutputError, ParameterError
from sirst5k.imaging import read_image, read_mask
from sirst5k.noise import SequenceNoise
from sirst5k.synthesis import verify_dataset
from sirst5k.synthesis.sequences import SyntheticSequences, write_sequence_dataset


def _make(*assignments: str, seed: int = 4, **scenes: object) -> SyntheticSequences:
    return SyntheticSequences(clips(**scenes), recipe(*assignments), seed=seed)  # type: ignore[arg-type]


def _write(out: Path, synthetic: SyntheticSequences, jobs: int = 1, **options: object):
    test = synthetic.dataset.of_split("test")
    return write_sequence_dataset(synthetic, out, jobs, test=test, **options)


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("stored") / "out"
    _write(out, _make())
    return out


def _content(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_a_folder_holds_frames_masks_annotations_and_tracks(stored):
    report = json.loads((stored / "dataset.json").read_text())
    assert report["counts"] == {
        "train": 72,
        "test": 12,
        "key_frames": {"train": 60, "test": 12},
        "sequences": {"train": 6, "test": 1},
        "without_targets": 0,
    }
    synthetic = _make()
    frame = synthetic.make(synthetic.maker.frame("long/b_v1/000005"))
    np.testing.assert_array_equal(read_image(stored / "images/long/b_v1/000005.png"), frame.image)
    np.testing.assert_array_equal(
        read_mask(stored / "masks/long/b_v1/000005.png").mask, frame.labels.mask
    )
    lines = (stored / "annotations/train.txt").read_text().splitlines()
    assert len(lines) == 60
    boxes = [[int(edge) for edge in box] for box in frame.labels.boxes.tolist()]
    text = " ".join(f"{','.join(map(str, box))},{kind}" for box, kind in zip(boxes, (0, 1, 0)))
    assert f"images/long/b_v1/000005.png {text}" in lines
    assert not any("000001.png" in line for line in lines)  # no key frame
    tracks = [json.loads(line) for line in (stored / "tracks.jsonl").read_text().splitlines()]
    assert {"frame": "a_v0/000000", "tracks": [3, 5, 8]} in tracks
    assert len(tracks) == 84
    assert SequenceNoise.load(stored / "noise.npz").patterns > 0


@pytest.mark.parametrize("masks", [True, False])
def test_it_opens_as_what_was_stored(tmp_path, masks):
    synthetic = _make("sampling.max_variance=1", depth=32, masks=masks)
    _write(tmp_path / "out", synthetic)
    back = open_dataset(tmp_path / "out", "train")
    assert isinstance(back, SequenceDataset)
    assert back.ids == synthetic.ids
    assert dict(back.sequences) == dict(synthetic.sequences)
    assert list(back.of_split("test").sequences) == ["t"]
    for frame in (synthetic.ids[3], synthetic.ids[17], synthetic.ids[-1]):
        np.testing.assert_array_equal(back.read_frame(frame), synthetic.read_frame(frame))
        one, other = back.labels(frame), synthetic.labels(frame)
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_array_equal(one.classes, other.classes)
        assert one.tracks == other.tracks
        assert (one.mask is None) == (other.mask is None) == (not masks)
        if one.mask is not None:
            np.testing.assert_array_equal(one.mask, other.mask)


def test_a_folder_of_sequences_is_a_source(tmp_path):
    whole = clips()
    write_sequences({"train": whole, "test": whole.of_split("test")}, tmp_path / "source")
    source = open_dataset(tmp_path / "source", "train")
    synthetic = SyntheticSequences(source, recipe("originals=false", "variants=1"), seed=4)
    write_sequence_dataset(synthetic, tmp_path / "out", test=source.of_split("test"))
    report = verify_dataset(tmp_path / "out", source=tmp_path / "source", sample=4)
    assert (report.samples, report.recomputed, report.faults) == (36, 4, ())
    # Where the frames came from does not show in what is made of them.
    direct = _make("originals=false", "variants=1")
    frame = "long/b_v0/000007"
    np.testing.assert_array_equal(synthetic.read_frame(frame), direct.read_frame(frame))


def test_two_workers_write_the_same_bytes(stored, tmp_path):
    _write(tmp_path / "two", _make(), jobs=2)
    assert _content(tmp_path / "two") == _content(stored)


def test_it_goes_on_where_it_stopped(stored, tmp_path, monkeypatch):
    synthetic = _make()
    calls = []

    def advance(_):
        calls.append(1)
        if len(calls) == 30:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        _write(out, synthetic, started=lambda *_: advance)
    assert not (out / "dataset.json").exists()
    assert [fault.kind for fault in verify_dataset(out).faults] == ["unfinished"]
    (out / "images/a/000003.png").unlink()
    report = _write(out, _make())
    assert report.written == 84 - 30 + 1
    assert _content(out) == _content(stored)
    assert _write(out, _make()).written == 0
    assert _content(out) == _content(stored)


def test_a_higher_limit_goes_on_from_a_lower_one(stored, tmp_path):
    assert _write(tmp_path / "out", _make(), limit=2).sequences == 2
    with pytest.raises(OutputError, match="limit: 2 there, 1 now"):
        _write(tmp_path / "out", _make(), limit=1)
    _write(tmp_path / "out", _make())
    assert _content(tmp_path / "out") == _content(stored)


def test_another_run_is_not_mixed_in(stored, tmp_path):
    with pytest.raises(OutputError, match="another run.*seed: 4 there, 9 now"):
        _write(stored, _make(seed=9))
    out = tmp_path / "out"
    _write(out, _make("variants=1", seed=9), limit=1)
    _write(out, _make(), overwrite=True)
    assert _content(out) == _content(stored)


def test_verify_finds_what_is_wrong_and_makes_frames_again(stored, tmp_path):
    import shutil

    report = verify_dataset(stored, sample=10)
    assert (report.samples, report.recomputed, report.faults) == (84, 10, ())
    out = tmp_path / "out"
    shutil.copytree(stored, out)
    (out / "images/a_v0/000003.png").unlink()
    (out / "masks/a_v0/000004.png").write_bytes(b"nothing")
    (out / "images/a_v0/extra.png").write_bytes(b"")
    (out / "tracks.jsonl").write_text("")
    # A record that says something else: the frame made again does not fit it.
    text = (out / "manifest.jsonl").read_text()
    (out / "manifest.jsonl").write_text(text.replace('"frame":5,', '"frame":6,'))
    found = {(fault.kind, fault.where) for fault in verify_dataset(out, sample=60).faults}
    assert found >= {
        ("missing", "images/a_v0/000003.png"),
        ("unreadable", "masks/a_v0/000004.png"),
        ("stranger", "images/a_v0/extra.png"),
        ("changed", "tracks.jsonl"),
        ("changed", "manifest.jsonl"),
        ("not reproduced", "images/a_v0/000005.png"),
    }


def test_boxes_alone_need_no_masks_and_floats_become_tiff(tmp_path):
    out = tmp_path / "out"
    synthetic = _make("sampling.max_variance=1", depth=32, masks=False, tracks=False)
    _write(out, synthetic)
    assert not list((out / "masks").rglob("*.png"))
    assert (out / "tracks.jsonl").read_text() == ""
    frame = read_image(out / "images/a_v1/000002.tiff")
    np.testing.assert_array_equal(frame, synthetic.read_frame("a_v1/000002"))
    report = verify_dataset(out, sample=4)
    assert (report.recomputed, report.faults) == (4, ())


def test_without_originals_frames_are_made_again_from_the_source(tmp_path):
    out = tmp_path / "out"
    _write(out, _make("originals=false", "variants=1"))
    report = verify_dataset(out)
    assert report.recomputed == 0
    assert "--source" in report.notes[0]
    with pytest.raises(DatasetError, match="--source"):
        verify_dataset(out, sample=3)


def test_test_sequences_are_kept_apart(tmp_path):
    whole = clips()
    with pytest.raises(DatasetError, match="test sequences are among the sources"):
        write_sequence_dataset(_make(), tmp_path / "out", test=whole)
    torn = SyntheticSequences(clips(("a\nb",)), recipe(), seed=0)
    with pytest.raises(DatasetError, match="control character"):
        write_sequence_dataset(torn, tmp_path / "out")
    with pytest.raises(ParameterError, match="jobs"):
        write_sequence_dataset(_make(), tmp_path / "out", jobs=0)
    with pytest.raises(ParameterError, match="limit"):
        write_sequence_dataset(_make(), tmp_path / "out", limit=0)
    assert not (tmp_path / "out").exists()

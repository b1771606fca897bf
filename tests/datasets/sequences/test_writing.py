"""Sequences written and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirst5k import open_dataset
from sirst5k.datasets import SequenceDataset, write_sequences
from sirst5k.datasets.moving import open_moving
from sirst5k.errors import OutputError, ParameterError

SPEC = "demo:sequences=4,frames=3,size=40,seed=2"


def reopened(path: Path) -> SequenceDataset:
    data = open_dataset(path)
    assert isinstance(data, SequenceDataset)
    return data


@pytest.mark.parametrize(("depth", "ending"), [(8, "png"), (16, "png"), (32, "tiff")])
def test_they_come_back_as_they_were(tmp_path: Path, depth: int, ending: str) -> None:
    source = open_moving(f"{SPEC},depth={depth}")
    out = write_sequences(source, tmp_path / "out")
    back = reopened(out)
    assert dict(back.sequences) == dict(source.sequences)
    assert back.splits.roles.keys() == {"train", "test"}
    for role in ("train", "test"):
        assert back.of_split(role).ids == source.of_split(role).ids
    for frame_id in source.ids:
        assert np.array_equal(back.read_frame(frame_id), source.read_frame(frame_id))
        ours, theirs = back.labels(frame_id), source.labels(frame_id)
        assert np.array_equal(ours.boxes, theirs.boxes)
        assert ours.tracks == theirs.tracks
        assert np.array_equal(ours.mask, theirs.mask)
    first = source.of_split("train").ids[0]
    line = (out / "annotations/train.txt").read_text().splitlines()[0]
    assert line.startswith(f"images/{first}.{ending} ")


def test_workers_write_the_same(tmp_path: Path) -> None:
    source = open_moving(SPEC)
    write_sequences(source, tmp_path / "one")
    write_sequences(source, tmp_path / "two", jobs=2)
    one, two = (
        {p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()}
        for f in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two


def test_parts_of_splits_by_name(tmp_path: Path) -> None:
    source = open_moving(SPEC)
    train, test = source.of_split("train"), source.of_split("test")
    out = write_sequences({"train": train[:4], "test": test}, tmp_path / "out")
    back = reopened(out)
    assert back.of_split("train").ids == train.ids[:4]
    # Frames that are no key frames come along: clips need them.
    assert len(back.of_split("train").sequences) == 2
    assert back.of_split("test").ids == test.ids


def test_sequences_without_any_target(tmp_path: Path) -> None:
    source = open_moving(SPEC + ",targets=0")
    back = reopened(write_sequences(source, tmp_path / "out"))
    assert len(back) == 12
    assert not any(len(back.labels(frame_id)) for frame_id in back.ids)


def test_nothing_is_overwritten_and_nothing_half_is_left(tmp_path: Path) -> None:
    source = open_moving(SPEC)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds something"):
        write_sequences(source, tmp_path / "full")

    def stop(counts: object, total: int) -> list[int]:
        assert total == 12
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sequences(source, tmp_path / "out", progress=stop)  # type: ignore[arg-type]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full"]


@pytest.mark.parametrize("name", ["../out", "/tmp", "a\nb", ""])
def test_hostile_names_are_refused(tmp_path: Path, name: str) -> None:
    source = open_moving(SPEC)
    with pytest.raises(ParameterError, match="name of a split"):
        write_sequences({name: source}, tmp_path / "out")
    evil = SequenceDataset(
        source.source, {name: [f"{name}/0"]}, [f"{name}/0"], source.splits, "evil"
    )
    with pytest.raises(ParameterError, match="cannot be written"):
        write_sequences({"train": evil}, tmp_path / "out")
    assert not list(tmp_path.iterdir())

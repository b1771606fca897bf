"""Batches of frames: the same whether frames lie on the device, in a store, or are computed."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tiny import make_scene  # noqa: E402

from sirst5k import open_dataset  # noqa: E402
from sirst5k.errors import DatasetError, ParameterError  # noqa: E402
from sirst5k.sample import Sample, full_scale  # noqa: E402
from sirst5k.synthesis import Recipe, SyntheticDataset  # noqa: E402
from sirst5k.training.frames import (  # noqa: E402
    FrameBatch,
    ResidentFrames,
    StreamedFrames,
    build_store,
    choose_frames,
)
from sirst5k.training.frames.resident import DeviceBuffers  # noqa: E402

CPU = torch.device("cpu")
RAGGED = [(7, 9), (48, 40), (12, 70), (33, 32), (300, 500), (64, 64)]
LISTS = [[0, 1, 2], [4], [5, 5, 0], [3, 2, 1, 0], [4, 0]]


def ragged_samples(bit_depth: int = 8) -> list[Sample]:
    rng = np.random.default_rng(bit_depth)
    scenes = [make_scene(rng, (max(h, 9), max(w, 9)), bit_depth) for h, w in RAGGED]
    return [
        Sample(f"s{number}", image[:h, :w], mask[:h, :w])
        for number, ((image, mask), (h, w)) in enumerate(zip(scenes, RAGGED, strict=True))
    ]


def assert_same(one: FrameBatch, two: FrameBatch) -> None:
    for name in ("images", "masks", "sizes", "indices"):
        left, right = getattr(one, name), getattr(two, name)
        assert left.dtype == right.dtype
        assert torch.equal(left, right), name


@pytest.mark.parametrize("bit_depth", [8, 16, 32])
def test_a_batch_holds_its_frames_and_zeros(bit_depth: int) -> None:
    samples = ragged_samples(bit_depth)
    frames = ResidentFrames(build_store(samples), "cpu")
    for indices in LISTS:
        batch = frames.batch(indices)
        sides = np.array([samples[i].shape for i in indices]).max(axis=0)
        assert len(batch) == len(indices)
        assert (np.array(batch.images.shape[1:]) - sides < 32).all()
        assert batch.images.dtype == torch.float32
        assert batch.masks.dtype == torch.uint8
        assert batch.indices.tolist() == indices
        for place, index in enumerate(indices):
            sample = samples[index]
            h, w = sample.shape
            assert batch.sizes[place].tolist() == [h, w]
            levels = sample.image.astype(np.float32) / np.float32(full_scale(sample.image.dtype))
            np.testing.assert_array_equal(batch.images[place, :h, :w].numpy(), levels)
            np.testing.assert_array_equal(batch.masks[place, :h, :w].numpy(), sample.mask)
            assert float(batch.images[place].double().sum()) == pytest.approx(
                float(levels.astype(np.float64).sum())
            )
            assert int(batch.masks[place].sum()) == int(sample.mask.sum())


@pytest.mark.parametrize("bit_depth", [8, 16, 32])
def test_the_gather_on_a_device_gives_the_batches_of_the_host(bit_depth: int) -> None:
    store = build_store(ragged_samples(bit_depth))
    host, device = ResidentFrames(store, "cpu"), DeviceBuffers(store, CPU)
    for indices in LISTS:
        assert_same(device.batch(np.array(indices)), host.batch(indices))


def test_a_store_that_shares_buffers_gives_its_own_frames() -> None:
    store = build_store(ragged_samples()).subset([4, 2])
    assert_same(
        DeviceBuffers(store, CPU).batch(np.array([1, 0])), ResidentFrames(store, CPU).batch([1, 0])
    )


def test_numbers_that_cannot_be_written_to_are_taken() -> None:
    store = build_store(ragged_samples())
    indices = np.array([2, 9, 1, 9, 0])[::2]
    indices.flags.writeable = False
    expected = ResidentFrames(store, "cpu").batch([2, 1, 0])
    for frames in (ResidentFrames(store, "cpu"), StreamedFrames(store, "cpu", 0)):
        assert_same(frames.batch(indices), expected)
        assert_same(next(frames.stream([indices])), expected)
    assert_same(DeviceBuffers(store, CPU).batch(indices), expected)


def test_a_mapped_file_gives_the_same_batches(tmp_path: Path) -> None:
    samples = ragged_samples(16)
    mapped = build_store(samples, cache=tmp_path, fingerprint="a")
    for indices in LISTS:
        expected = ResidentFrames(build_store(samples), "cpu").batch(indices)
        assert_same(ResidentFrames(mapped, "cpu").batch(indices), expected)
        assert_same(DeviceBuffers(mapped, CPU).batch(np.array(indices)), expected)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("bit_depth", [8, 16])
def test_streamed_batches_are_the_resident_ones_in_order(bit_depth: int, workers: int) -> None:
    store = build_store(ragged_samples(bit_depth))
    resident, streamed = ResidentFrames(store, "cpu"), StreamedFrames(store, "cpu", workers)
    for one, two in zip(resident.stream(LISTS), streamed.stream(LISTS), strict=True):
        assert_same(one, two)


def test_an_endless_stream_is_read_a_little_ahead() -> None:
    read: list[int] = []

    def endless() -> Any:
        for number in itertools.count():
            read.append(number)
            yield LISTS[number % len(LISTS)]

    stream = StreamedFrames(build_store(ragged_samples()), "cpu", workers=1).stream(endless())
    batches = [next(stream) for _ in range(3)]
    assert [len(batch) for batch in batches] == [3, 1, 3]
    assert len(read) < 10


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_that_were_announced_and_others(workers: int) -> None:
    store = build_store(ragged_samples())
    resident, streamed = ResidentFrames(store, "cpu"), StreamedFrames(store, "cpu", workers)
    for frames in (resident, streamed):
        frames.follow(iter(LISTS[:3]))
    for indices in [LISTS[0], LISTS[1], LISTS[4], LISTS[2], LISTS[3]]:
        assert_same(streamed.batch(indices), resident.batch(indices))
    streamed.follow(LISTS)
    for indices in [*LISTS, LISTS[0]]:
        assert_same(streamed.batch(indices), resident.batch(indices))


def test_announced_batches_come_from_the_workers() -> None:
    streamed = StreamedFrames(build_store(ragged_samples()), "cpu", workers=0)
    streamed.follow(LISTS)
    streamed.batch(LISTS[0])
    streamed._fetch = None  # type: ignore[assignment]  # what a batch made now would need
    assert streamed.batch(LISTS[1]).indices.tolist() == LISTS[1]


@pytest.mark.parametrize("workers", [0, 2])
def test_variants_can_be_computed_anew_each_time(workers: int) -> None:
    synthetic = SyntheticDataset(open_dataset("demo:n=2", "train"), Recipe.load("sirst5k"), seed=4)
    resident = ResidentFrames(build_store(synthetic), "cpu")
    streamed = StreamedFrames(synthetic, "cpu", workers)
    assert streamed.table.parents == resident.table.parents
    lists = [[0, 3], [2, 1, 0]]
    for one, two in zip(resident.stream(lists), streamed.stream(lists), strict=True):
        assert_same(one, two)


def test_mixed_depths_are_streamed_as_they_are_stored() -> None:
    samples = [*ragged_samples(8)[:3], *ragged_samples(16)[:3]]
    resident = ResidentFrames(build_store(samples), "cpu")
    streamed = StreamedFrames(samples, "cpu", workers=0)
    assert_same(resident.batch([0, 4, 2]), streamed.batch([0, 4, 2]))


class Broken(list[Sample]):
    """Samples whose third can be looked at once and not again."""

    def __getitem__(self, index: Any) -> Any:
        if index == 2 and getattr(self, "scanned", False):
            raise DatasetError("third.png: expected an image, got nothing.")
        return super().__getitem__(index)


@pytest.mark.parametrize("workers", [0, 1])
def test_what_is_wrong_with_a_sample_is_one_sentence(workers: int) -> None:
    samples = Broken(ragged_samples())
    streamed = StreamedFrames(samples, "cpu", workers)
    samples.scanned = True  # type: ignore[attr-defined]
    stream = streamed.stream([[0, 1], [2]])
    next(stream)
    with pytest.raises(DatasetError, match=r"^third\.png: expected an image, got nothing\.$"):
        next(stream)


def test_streaming_leaves_the_common_generator_alone() -> None:
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    streamed = StreamedFrames(build_store(ragged_samples()), "cpu", workers=1)
    list(streamed.stream(LISTS))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_on_a_cpu_frames_stay_where_they_are() -> None:
    frames = choose_frames(build_store(ragged_samples()), "cpu")
    assert isinstance(frames, ResidentFrames)
    assert frames.reason.startswith("resident: on a CPU")


@pytest.mark.parametrize(("free", "kind"), [(10**9, ResidentFrames), (300_000, StreamedFrames)])
def test_on_a_gpu_it_is_decided_by_the_free_memory(
    free: int, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sirst5k.training.frames.choosing._free", lambda device: free)
    monkeypatch.setattr("sirst5k.training.frames.resident.DeviceBuffers", lambda *_: object())
    frames = choose_frames(build_store(ragged_samples()), "cuda:0")
    assert isinstance(frames, kind)
    word = "resident" if kind is ResidentFrames else "streamed"
    assert frames.reason.startswith(f"{word}: frames take 0.00 GiB")
    assert "no more than 50%" in frames.reason or kind is StreamedFrames


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(ParameterError, match="limit_fraction"):
        choose_frames(build_store(ragged_samples()), "cpu", limit_fraction=1.5)

"""Decoding once: what goes into a store comes out of it, whoever decodes."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import make_scene, make_tiny

from sirst5k import open_dataset
from sirst5k.components import find_targets
from sirst5k.errors import DatasetError, ImageError
from sirst5k.sample import Sample, full_scale
from sirst5k.synthesis import Recipe, SyntheticDataset
from sirst5k.training.frames import FrameStore, build_store, scan_samples
from sirst5k.training.frames.depth import widen

RAGGED = [(7, 9), (48, 40), (1, 5), (33, 128), (300, 500), (64, 64)]


def ragged_samples(bit_depth: int = 8) -> list[Sample]:
    rng = np.random.default_rng(bit_depth)
    samples = []
    for number, (height, width) in enumerate(RAGGED):
        image, mask = make_scene(rng, (max(height, 9), max(width, 9)), bit_depth)
        samples.append(Sample(f"s{number}", image[:height, :width], mask[:height, :width]))
    return samples


def assert_holds(store: FrameStore, samples: list[Sample]) -> None:
    assert store.ids == [sample.id for sample in samples]
    for index, sample in enumerate(samples):
        image, mask = store.sample(index)
        assert image.dtype == store.dtype
        np.testing.assert_array_equal(image, widen(sample.image, store.dtype))
        np.testing.assert_array_equal(mask, sample.mask)
        assert mask.dtype == np.bool_
        assert tuple(store.shapes[index]) == sample.shape


@pytest.mark.parametrize("cached", [False, True], ids=["memory", "file"])
@pytest.mark.parametrize("bit_depth", [8, 16, 32])
def test_frames_come_out_as_they_went_in(tmp_path: Path, bit_depth: int, cached: bool) -> None:
    samples = ragged_samples(bit_depth)
    store = build_store(samples, cache=tmp_path if cached else None, fingerprint="a")
    assert_holds(store, samples)
    assert store.dtype == samples[0].image.dtype
    assert store.full_scale == full_scale(samples[0].image.dtype)
    assert store.masks.dtype == np.uint8
    assert store.nbytes == store.images.nbytes + store.masks.nbytes
    assert isinstance(store.images, np.memmap) is cached


@pytest.mark.parametrize("bit_depth", [8, 16, 32])
def test_files_come_out_as_they_are_decoded(tmp_path: Path, bit_depth: int) -> None:
    dataset = open_dataset(make_tiny(tmp_path, bit_depth=bit_depth, n=5), "all")
    assert_holds(build_store(dataset), list(dataset))


def test_boxes_are_those_of_the_targets() -> None:
    samples = ragged_samples()
    store = build_store(samples)
    for boxes, sample in zip(store.boxes, samples, strict=True):
        expected = [[t.top, t.left, t.bottom, t.right] for t in find_targets(sample.mask)]
        assert boxes.tolist() == expected
        assert boxes.shape == (len(expected), 4)


@pytest.mark.parametrize("bit_depth", [8, 16, 32])
def test_mean_and_deviation_are_those_of_all_pixels(bit_depth: int) -> None:
    samples = ragged_samples(bit_depth)
    levels = np.concatenate([s.image.reshape(-1) for s in samples]).astype(np.float64)
    levels /= full_scale(samples[0].image.dtype)
    expected = levels.mean(), levels.std()
    np.testing.assert_allclose(build_store(samples).mean_and_deviation(), expected, rtol=1e-9)


@pytest.mark.parametrize("cached", [False, True], ids=["memory", "file"])
@pytest.mark.parametrize("order", [(8, 16, 32), (32, 8, 16), (8, 16, 8), (16, 8), (8, 32, 16)])
def test_mixed_depths_become_the_widest(
    tmp_path: Path, order: tuple[int, ...], cached: bool
) -> None:
    samples = [
        Sample(f"{place}-{sample.id}", sample.image, sample.mask)
        for place, depth in enumerate(order)
        for sample in ragged_samples(depth)[:3]
    ]
    store = build_store(samples, cache=tmp_path if cached else None, fingerprint="a")
    assert store.dtype == (np.float32 if 32 in order else np.uint16)
    assert_holds(store, samples)


def test_widening_keeps_every_fraction() -> None:
    levels = np.arange(256, dtype=np.uint8)
    sixteen = widen(levels, np.dtype(np.uint16))
    assert sixteen.dtype == np.uint16
    assert (sixteen.astype(int) * 255 == levels.astype(int) * 65535).all()
    once = widen(levels, np.dtype(np.float32))
    np.testing.assert_array_equal(widen(sixteen, np.dtype(np.float32)), once)
    np.testing.assert_array_equal(once, levels.astype(np.float32) / np.float32(255))
    every = np.arange(65536, dtype=np.uint16)
    assert len(np.unique(widen(every, np.dtype(np.float32)))) == 65536


@given(indices=st.lists(st.integers(0, len(RAGGED) - 1), min_size=1, max_size=9))
@settings(max_examples=25, deadline=None)
def test_a_subset_is_the_same_frames_in_the_same_buffers(indices: list[int]) -> None:
    samples = ragged_samples()
    store = build_store(samples)
    part = store.subset(indices)
    assert_holds(part, [samples[index] for index in indices])
    assert part.images is store.images
    assert part.masks is store.masks
    again = store.subset(np.array(indices))
    assert again.ids == part.ids
    chosen = np.concatenate([samples[i].image.reshape(-1) for i in indices]) / 255
    np.testing.assert_allclose(part.mean_and_deviation()[0], chosen.mean(), rtol=1e-9)


@pytest.mark.parametrize("cached", [False, True], ids=["memory", "file"])
def test_two_processes_make_the_same_store(tmp_path: Path, cached: bool) -> None:
    dataset = open_dataset(make_tiny(tmp_path, n=40, bit_depth=16), "all")
    one, two = (
        build_store(dataset, jobs=jobs, cache=tmp_path / str(jobs) if cached else None)
        for jobs in (1, 2)
    )
    np.testing.assert_array_equal(one.images, two.images)
    np.testing.assert_array_equal(one.masks, two.masks)
    np.testing.assert_array_equal(one.moments, two.moments)
    assert one.ids == two.ids
    assert [b.tolist() for b in one.boxes] == [b.tolist() for b in two.boxes]
    if cached:
        names = [next((tmp_path / jobs).glob("*.frames")) for jobs in "12"]
        assert names[0].name == names[1].name
        assert names[0].read_bytes() == names[1].read_bytes()


def test_variants_are_computed_without_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    synthetic = SyntheticDataset(open_dataset("demo:n=3", "train"), Recipe.load("sirst5k"), seed=4)
    store = build_store(synthetic)
    assert list(tmp_path.iterdir()) == []
    samples = list(synthetic)
    assert_holds(store, samples)
    assert store.parents == [sample.meta["parent"] for sample in samples]
    assert len(set(store.parents)) < len(store)


@pytest.mark.parametrize("cached", [False, True], ids=["memory", "file"])
def test_another_process_maps_the_file_and_is_sent_no_pixels(tmp_path: Path, cached: bool) -> None:
    samples = ragged_samples()
    store = build_store(samples, cache=tmp_path if cached else None, fingerprint="a").subset([4, 1])
    sent = pickle.dumps(store)
    assert_holds(pickle.loads(sent), [samples[4], samples[1]])
    assert (len(sent) < 5000) is cached


def test_parents_can_be_told() -> None:
    store = build_store(ragged_samples(), parents={"s1": "s0"})
    assert store.parents == ["s0", "s0", "s2", "s3", "s4", "s5"]


def test_a_scan_knows_what_a_store_knows() -> None:
    samples = ragged_samples() + ragged_samples(16)
    table, store = scan_samples(samples), build_store(samples)
    assert table.ids == store.ids
    assert table.dtype == store.dtype
    np.testing.assert_array_equal(table.shapes, store.shapes)
    np.testing.assert_array_equal(table.moments, store.moments)
    assert [b.tolist() for b in table.boxes] == [b.tolist() for b in store.boxes]
    assert table.nbytes == store.nbytes


@pytest.mark.parametrize("build", [build_store, scan_samples])
def test_no_samples_are_refused(build: object) -> None:
    with pytest.raises(DatasetError, match="at least one sample"):
        build([])  # type: ignore[operator]


@pytest.mark.parametrize("level", [np.nan, np.inf, -np.inf])
def test_levels_that_are_not_finite_are_refused_by_name(level: float) -> None:
    samples = ragged_samples(32)
    image = samples[2].image.copy()
    image[0, 0] = level
    samples[2] = Sample("broken", image, samples[2].mask)
    with pytest.raises(ImageError, match=r"broken: expected finite"):
        build_store(samples)


def test_progress_counts_every_sample_and_ends() -> None:
    seen: list[int] = []
    ended: list[bool] = []

    def progress(items: object) -> object:
        for item in items:  # type: ignore[attr-defined]
            seen.append(item)
            yield item
        ended.append(True)

    build_store(ragged_samples(), progress=progress)  # type: ignore[arg-type]
    assert seen == list(range(len(RAGGED)))
    assert ended == [True]


@pytest.mark.parametrize("module", ["frames", "augmentation", "holdout", "leaks"])
def test_nothing_here_loads_torch_before_a_batch_is_made(module: str) -> None:
    program = f"import sirst5k.training.{module}, sys; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


class Many:
    """Samples of 256×256 bytes, made as they are asked for."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        image = np.random.default_rng(index).integers(0, 255, (256, 256), dtype=np.uint8)
        mask = np.zeros((256, 256), bool)
        mask[3:6, 4:8] = True
        return Sample(str(index), image, mask)


def test_building_takes_memory_that_does_not_grow_with_the_frames(tmp_path: Path) -> None:
    """By what is allocated: what is resident, a busy machine may have written out."""

    def peak(count: int, cached: bool) -> float:
        cache = tmp_path / str(count) if cached else None
        tracemalloc.start()
        try:
            build_store(Many(count), cache=cache, fingerprint="x")
            return tracemalloc.get_traced_memory()[1] / 2**20
        finally:
            tracemalloc.stop()

    frames = 400 * 2 * 256 * 256 / 2**20  # images and masks: 50 MiB
    few, many = peak(100, cached=True), peak(400, cached=True)
    assert many < frames / 4
    assert many < few + 2
    held = peak(400, cached=False)  # the measure does see frames that are held
    assert frames < held < 1.6 * frames

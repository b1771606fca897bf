"""The file of decoded frames: opened again where it fits, built anew where it does not."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import make_scene, make_tiny

from sirst5k import open_dataset
from sirst5k.errors import DatasetNotFoundError, ImageError, ParameterError, Sirst5kWarning
from sirst5k.sample import Sample
from sirst5k.training.frames import FrameStore, build_store


class Counting:
    """Samples that count how often one is decoded."""

    def __init__(self, n: int = 4, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        scenes = [make_scene(rng, (20 + i, 30), 16 if i == n - 1 else 8) for i in range(n)]
        self.samples = [Sample(f"f{i}", *scene) for i, scene in enumerate(scenes)]
        self.decoded = 0

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        self.decoded += 1
        return self.samples[index]


KEY = "0123456789abcdef" * 4


def build(samples: Any, folder: Path, fingerprint: str = KEY) -> FrameStore:
    return build_store(samples, cache=folder, fingerprint=fingerprint)


def assert_same(one: FrameStore, two: FrameStore) -> None:
    assert (one.ids, one.parents, one.dtype) == (two.ids, two.parents, two.dtype)
    for name in ("images", "masks", "shapes", "offsets", "moments"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert [b.tolist() for b in one.boxes] == [b.tolist() for b in two.boxes]


@pytest.fixture
def samples() -> Counting:
    return Counting()


def test_opening_again_decodes_nothing(tmp_path: Path, samples: Counting) -> None:
    first = build(samples, tmp_path / "new" / "folder")
    assert samples.decoded == 4
    second = build(samples, tmp_path / "new" / "folder")
    assert samples.decoded == 4
    assert_same(first, second)
    assert_same(first, build_store(samples.samples))
    names = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    assert names == ["0123456789abcdef.frames", "0123456789abcdef.lock"]


def test_frames_cannot_be_written_to(tmp_path: Path, samples: Counting) -> None:
    with pytest.raises(ValueError, match="read-only"):
        build(samples, tmp_path).images[0] = 1


@pytest.mark.parametrize("where", ["start", "half", "end"])
def test_a_truncated_file_is_built_anew(tmp_path: Path, samples: Counting, where: str) -> None:
    good = build_store(samples.samples)
    build(samples, tmp_path)
    path = tmp_path / "0123456789abcdef.frames"
    data = path.read_bytes()
    path.write_bytes(data[: {"start": 20, "half": len(data) // 2, "end": len(data) - 1}[where]])
    assert_same(build(samples, tmp_path), good)
    assert samples.decoded == 8
    assert path.read_bytes() == data


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_flipped_bit_changes_a_frame(
    tmp_path: Path, samples: Counting, place: float, bit: int
) -> None:
    shutil.rmtree(tmp_path)
    build(samples, tmp_path)
    path = tmp_path / "0123456789abcdef.frames"
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(data)
    assert_same(build(samples, tmp_path), build_store(samples.samples))


def test_a_flipped_bit_of_an_image_is_noticed(tmp_path: Path, samples: Counting) -> None:
    build(samples, tmp_path)
    path = tmp_path / "0123456789abcdef.frames"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    build(samples, tmp_path)
    assert samples.decoded == 8


@pytest.mark.parametrize("junk", [b"", b"x", b"sirst5k frames\n\0" + bytes(100), os.urandom(999)])
def test_another_file_of_that_name_is_replaced(
    tmp_path: Path, samples: Counting, junk: bytes
) -> None:
    (tmp_path / "0123456789abcdef.frames").write_bytes(junk)
    assert_same(build(samples, tmp_path), build_store(samples.samples))


def test_another_fingerprint_of_the_same_beginning_is_built_anew(
    tmp_path: Path, samples: Counting
) -> None:
    build(Counting(seed=1), tmp_path, KEY[:16] + "other")
    assert_same(build(samples, tmp_path), build_store(samples.samples))
    assert samples.decoded == 4


def test_other_fingerprints_lie_beside(tmp_path: Path, samples: Counting) -> None:
    build(samples, tmp_path)
    build(Counting(seed=1), tmp_path, KEY[::-1])
    build(samples, tmp_path)
    assert samples.decoded == 4


def test_a_cache_needs_a_fingerprint(tmp_path: Path, samples: Counting) -> None:
    with pytest.raises(ParameterError, match="fingerprint"):
        build_store(samples, cache=tmp_path)  # type: ignore[arg-type]


def test_a_changed_file_of_the_same_length_is_noticed(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, n=3, ending=".bmp")
    build_store(open_dataset(root, "all"), cache=tmp_path / "cache")
    image = next((root / "images").iterdir())
    status = image.stat()
    pixels = cv2.imread(str(image), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(image), 255 - pixels)
    assert image.stat().st_size == status.st_size
    os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    dataset = open_dataset(root, "all")
    assert_same(build_store(dataset, cache=tmp_path / "cache"), build_store(dataset))


def test_another_threshold_of_masks_is_noticed(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, n=3)
    mask = next((root / "masks").iterdir())
    levels = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
    levels[0, 0] = 100
    cv2.imwrite(str(mask), levels)
    low, high = (open_dataset(root, "all", mask_threshold=t) for t in (50, 150))
    one, two = (build_store(dataset, cache=tmp_path / "cache") for dataset in (low, high))
    assert one.masks.sum() == two.masks.sum() + 1


def test_an_interrupted_build_leaves_nothing_and_does_not_hinder(tmp_path: Path) -> None:
    class Interrupted(Counting):
        def __getitem__(self, index: int) -> Sample:
            if index == 2:
                raise KeyboardInterrupt
            return super().__getitem__(index)

    with pytest.raises(KeyboardInterrupt):
        build(Interrupted(), tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]
    (tmp_path / "0123456789abcdef.part").write_bytes(b"of a killed process")
    (tmp_path / "0123456789abcdef.part-images").write_bytes(b"of a killed process")
    assert_same(build(Counting(), tmp_path), build_store(Counting().samples))
    assert not list(tmp_path.glob("*.part*"))


def test_what_is_wrong_with_a_sample_is_said(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, n=3)
    next((root / "images").iterdir()).write_bytes(b"no image")
    with warnings.catch_warnings(), pytest.raises(ImageError, match="images"):
        warnings.simplefilter("error")
        build_store(open_dataset(root, "all"), cache=tmp_path / "cache", fingerprint=KEY)


def test_a_sample_that_is_gone_is_not_the_folders_fault(tmp_path: Path) -> None:
    class Gone(Counting):
        def __getitem__(self, index: int) -> Sample:
            raise DatasetNotFoundError("f0.png is gone.")  # an OSError too

    with warnings.catch_warnings(), pytest.raises(DatasetNotFoundError, match="is gone"):
        warnings.simplefilter("error")
        build(Gone(), tmp_path)


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path, samples: Counting) -> None:
    (tmp_path / "file").write_text("")
    with pytest.warns(Sirst5kWarning, match="held in memory"):
        store = build(samples, tmp_path / "file" / "cache")
    assert_same(store, build_store(samples.samples))


def test_a_full_disk_is_done_without(
    tmp_path: Path, samples: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sirst5k.training.frames.cache.write_store", full)
    with pytest.warns(Sirst5kWarning, match="No space left"):
        store = build(samples, tmp_path)
    assert_same(store, build_store(samples.samples))
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def _build_there(folder: str, decoded: Any) -> None:
    samples = Counting(40)
    build(samples, Path(folder))
    decoded.put(samples.decoded)


@pytest.fixture
def processes() -> Any:
    return multiprocessing.get_context("spawn")


def test_of_several_processes_one_decodes(tmp_path: Path, processes: Any) -> None:
    decoded = processes.Queue()
    workers = [
        processes.Process(target=_build_there, args=(str(tmp_path), decoded)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    counts = [decoded.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert sorted(counts) == [0, 40]

"""Conversion between layouts: every pixel and every list comes through, there and back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny import make_scene, make_tiny, write, write_list

from sirst5k import open_dataset
from sirst5k.components import find_targets
from sirst5k.datasets import Dataset, convert_dataset
from sirst5k.datasets.export import TARGETS
from sirst5k.datasets.export.storing import Storer
from sirst5k.errors import (
    DatasetError,
    ImageError,
    OutputError,
    ParameterError,
    Sirst5kWarning,
    SplitError,
)
from sirst5k.imaging import probe

LOSSLESS = ["dnanet", "sirst", "irstd1k", "grokcv", "coco"]
LAYOUT_OF = {"sirst": "sirst-v1"}
SOURCES = ["sirst-v1", "sirst-v2", "dnanet", "basicirstd", "mshnet", "irstd1k", "grokcv",
           "nudt-sirst", "mdvsfa", "irdst-real", "nudt-sirst-sea"]  # fmt: skip


def short(sample_id: str) -> str:
    """Return an id without what says which split it is in."""
    for prefix in ("trainval/", "training/", "test/"):
        sample_id = sample_id.removeprefix(prefix)
    return sample_id


def learn_and_test(dataset: Dataset, like: Dataset | None = None) -> tuple[list[str], list[str]]:
    roles = dataset.splits.roles
    learn = next(role for role in ("trainval", "train") if role in roles)
    return list(dataset.of_split(learn).ids), list(dataset.of_split("test").ids)


def assert_same(one: Dataset, ids: list[str], other: Dataset, other_ids: list[str]) -> None:
    assert len(ids) == len(other_ids)
    for a, b in zip(ids, other_ids, strict=True):
        first, second = one.get(a), other.get(b)
        assert first.image.dtype == second.image.dtype
        np.testing.assert_array_equal(first.image, second.image)
        np.testing.assert_array_equal(first.mask, second.mask)


@pytest.mark.parametrize("to", LOSSLESS)
@pytest.mark.parametrize("layout", SOURCES)
def test_every_layout_into_every_other(tmp_path: Path, layout: str, to: str) -> None:
    root = make_tiny(tmp_path, layout, n=5, size=(20, 24))
    source = open_dataset(root)
    # Where several ways of splitting are kept, a role may mean none of them any more.
    splits = {"sirst-v1": ["trainval", "test"], "sirst-v2": ["train", "test"]}.get(layout, [])
    report = convert_dataset(root, tmp_path / "out", to, split=splits)
    back = open_dataset(tmp_path / "out")
    assert back.layout == LAYOUT_OF.get(to, to)
    assert report.samples == len(back) == 5
    for ids, back_ids in zip(learn_and_test(source), learn_and_test(back), strict=True):
        if to == "grokcv":  # folders have no order
            ids, back_ids = sorted(ids, key=short), sorted(back_ids, key=short)
        if layout != "mdvsfa":  # whose two folders use the same numbers
            assert [short(i) for i in ids] == [short(i) for i in back_ids]
        assert_same(source, ids, back, back_ids)


@pytest.mark.parametrize("between", LOSSLESS)
@pytest.mark.parametrize("to", ["dnanet", "sirst", "irstd1k", "grokcv"])
def test_there_and_back_are_the_same_files(tmp_path: Path, between: str, to: str) -> None:
    layout = LAYOUT_OF.get(to, to)
    root = make_tiny(tmp_path, layout, n=6, size=(20, 24))
    if to == "sirst":
        for path in (root / "50_50").iterdir():
            path.unlink()
        if between == "grokcv":  # which has no place for parts of parts
            for name in ("train", "val"):
                (root / "idx_427" / f"{name}.txt").unlink()
    convert_dataset(root, tmp_path / "there", between)
    convert_dataset(tmp_path / "there", tmp_path / "back", to)
    before = {p.relative_to(root): p for p in root.rglob("*") if p.is_file()}
    after = {p.relative_to(tmp_path / "back"): p for p in (tmp_path / "back").rglob("*")}
    after = {name: p for name, p in after.items() if p.is_file() and p.name != "conversion.json"}
    assert set(after) == set(before)
    for name, path in before.items():
        if name.parts[0] in ("images", "IRSTD1k_Img") or name.suffix == ".txt":
            if between == "grokcv" and name.suffix == ".txt":
                assert sorted(path.read_text()) == sorted(after[name].read_text())
            else:
                assert path.read_bytes() == after[name].read_bytes(), name
    assert_same(open_dataset(root), [*open_dataset(root).ids], open_dataset(tmp_path / "back"),
                [*open_dataset(tmp_path / "back").ids])  # fmt: skip


def test_all_lists_of_a_dataset_keep_their_names(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, "sirst-v1", n=9)
    source = open_dataset(root)
    for to in ("dnanet", "irstd1k", "coco"):
        convert_dataset(root, tmp_path / to, to)
        convert_dataset(tmp_path / to, tmp_path / f"{to}-back", "sirst")
        back = open_dataset(tmp_path / f"{to}-back")
        assert {name: back.splits[name] for name in back.splits} == {
            name: source.splits[name] for name in source.splits
        }


def test_16_bit_and_float_images_keep_their_depth(tmp_path: Path) -> None:
    for depth, dtype in ((16, np.uint16), (32, np.float32)):
        root = make_tiny(tmp_path / str(depth), "mshnet", bit_depth=depth)
        for to in LOSSLESS:
            out = tmp_path / str(depth) / to
            assert convert_dataset(root, out, to).copied == 6
            back = open_dataset(out)
            assert back[0].image.dtype == dtype
            assert_same(open_dataset(root), sorted(open_dataset(root).ids), back,
                        sorted(back.ids, key=short))  # fmt: skip


@pytest.mark.parametrize("ending", [".bmp", ".tiff", ".jpg"])
def test_other_formats_are_encoded_or_copied(tmp_path: Path, ending: str) -> None:
    root = make_tiny(tmp_path, "dnanet", ending=ending)
    source = open_dataset(root)
    report = convert_dataset(root, tmp_path / "sirst", "sirst")
    assert report.copied == 0
    assert {p.suffix for p in (tmp_path / "sirst" / "images").iterdir()} == {".png"}
    assert_same(source, [*source.ids], open_dataset(tmp_path / "sirst"), [*source.ids])
    report = convert_dataset(root, tmp_path / "coco", "coco")
    assert report.copied == 6
    for path in (root / "images").iterdir():
        copy = tmp_path / "coco" / "images" / path.name
        assert copy.read_bytes() == path.read_bytes()


def test_a_file_goes_by_its_content(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    path = root / "images" / "000001.png"
    data = cv2.imencode(".jpg", make_scene(np.random.default_rng(3))[0])[1].tobytes()
    path.write_bytes(data)
    convert_dataset(root, tmp_path / "yolo", "yolo")
    assert (tmp_path / "yolo" / "images" / "000001.jpg").read_bytes() == data
    assert convert_dataset(root, tmp_path / "out", "sirst").copied == 5


def test_masks_become_0_and_255(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    mask = np.zeros((48, 40), np.uint8)
    mask[3:5, 3:5] = 1
    write(root / "masks" / "000001.png", mask)
    write(root / "masks" / "000002.png", np.dstack([mask * 255] * 3))
    convert_dataset(root, tmp_path / "out", "sirst")
    for name in ("000001", "000002"):
        path = tmp_path / "out" / "masks" / f"{name}_pixels0.png"
        stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(stored, mask * 255)
    plain = (root / "masks" / "000003.png").read_bytes()
    assert (tmp_path / "out" / "masks" / "000003_pixels0.png").read_bytes() == plain


def test_grey_masks_are_said_once_and_the_threshold_decides(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    for path in (root / "masks").iterdir():
        levels = np.zeros((48, 40), np.uint8)
        levels[3:6, 3:6] = 100
        levels[4, 4] = 200
        write(path, levels)
    with pytest.warns(Sirst5kWarning, match="3 grey levels") as caught:
        convert_dataset(root, tmp_path / "half", "sirst")
    assert len(caught) == 1
    assert open_dataset(tmp_path / "half")[0].mask.sum() == 1
    convert_dataset(root, tmp_path / "out", "sirst", mask_threshold=50)
    assert open_dataset(tmp_path / "out")[0].mask.sum() == 9


def test_jobs_change_nothing(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, n=130, size=(20, 24))
    for to in ("dnanet", "coco"):
        convert_dataset(root, tmp_path / f"{to}1", to, jobs=1)
        convert_dataset(root, tmp_path / f"{to}2", to, jobs=2)
        one, two = (
            {p.relative_to(d): p.read_bytes() for p in d.rglob("*") if p.is_file()}
            for d in (tmp_path / f"{to}1", tmp_path / f"{to}2")
        )
        assert one == two


class TestSelection:
    def test_named_lists_only(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path, "sirst-v1", n=9)
        report = convert_dataset(root, tmp_path / "out", "dnanet", split=["trainval", "test"])
        assert report.lists == {"idx_427/train": 6, "idx_427/test": 3}
        assert report.renamed == {"idx_427/trainval": "idx_427/train"}
        one = convert_dataset(root, tmp_path / "one", "dnanet", split="50_50/test")
        assert (one.samples, one.lists) == (3, {"50_50/test": 3})

    def test_a_dataset_opened_with_a_split(self, tmp_path: Path) -> None:
        dataset = open_dataset(make_tiny(tmp_path), "train")
        report = convert_dataset(dataset[:3], tmp_path / "out", "irstd1k")
        assert (report.samples, report.lists) == (3, {"trainval": 3})

    def test_lists_with_images_that_are_not_converted_are_lost(self, tmp_path: Path) -> None:
        dataset = open_dataset(make_tiny(tmp_path)).subset(["000001", "000005", "000006"])
        report = convert_dataset(dataset, tmp_path / "out", "sirst")
        assert report.lists == {"50_50/test": 2}
        assert report.lost == {"50_50/train": "not all of its images are converted"}

    def test_no_lists(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path, "plain")
        assert convert_dataset(root, tmp_path / "a", "dnanet").lists == {}
        assert open_dataset(tmp_path / "a").layout == "plain"
        assert convert_dataset(root, tmp_path / "b", "coco").lists == {"all": 6}
        assert len(open_dataset(tmp_path / "b").splits) == 0
        assert len(open_dataset(tmp_path / "b")) == 6
        with pytest.raises(SplitError, match=r"learn from .* no list at all"):
            convert_dataset(root, tmp_path / "c", "grokcv")

    def test_a_list_of_no_role_is_written_and_said(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path, "sirst-v2")
        write_list(root / "splits" / "mini.txt", ["Misc_1"])
        report = convert_dataset(root, tmp_path / "out", "dnanet", split=["train", "splits/mini"])
        assert "splits/mini" in report.lost
        assert (tmp_path / "out" / "splits" / "mini.txt").read_text() == "Misc_1\n"

    def test_unknown_split(self, tmp_path: Path) -> None:
        with pytest.raises(SplitError, match="no split 'tran'"):
            convert_dataset(make_tiny(tmp_path), tmp_path / "out", "sirst", split="tran")
        assert not (tmp_path / "out").exists()

    def test_grokcv_needs_lists_apart(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path)
        write_list(root / "50_50" / "test.txt", ["000001"])
        with pytest.raises(SplitError, match="'000001' is both"):
            convert_dataset(root, tmp_path / "out", "grokcv")

    def test_grokcv_says_what_it_leaves_out(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path)
        write_list(root / "50_50" / "test.txt", ["000005"])
        report = convert_dataset(root, tmp_path / "out", "grokcv")
        assert (report.samples, report.outside) == (5, 1)
        assert report.lists == {"trainval": 4, "test": 1}


class TestFolder:
    def test_a_non_empty_folder_is_refused(self, tmp_path: Path) -> None:
        root, out = make_tiny(tmp_path), tmp_path / "out"
        out.mkdir()
        (out / "thesis.txt").write_text("years of work")
        for overwrite in (False, True):
            with pytest.raises(OutputError, match=r"something else \(there is 'thesis.txt'\)"):
                convert_dataset(root, out, "sirst", overwrite=overwrite)
        assert [path.name for path in out.iterdir()] == ["thesis.txt"]

    def test_a_finished_conversion_is_replaced_on_demand(self, tmp_path: Path) -> None:
        root, out = make_tiny(tmp_path), tmp_path / "out"
        convert_dataset(root, out, "sirst")
        (out / "mine.md").write_text("kept")
        with pytest.raises(OutputError, match="finished conversion.*--overwrite"):
            convert_dataset(root, out, "sirst")
        convert_dataset(root, out, "coco", overwrite=True)
        assert sorted(path.name for path in out.iterdir()) == [
            "annotations", "conversion.json", "images", "mine.md"]  # fmt: skip
        assert open_dataset(out).layout == "coco"

    @pytest.mark.parametrize("name", ["../victim.txt", "/victim.txt", "link/victim.txt"])
    def test_the_mark_of_a_stranger_removes_nothing_elsewhere(self, tmp_path, name) -> None:
        root, out = make_tiny(tmp_path), tmp_path / "out"
        convert_dataset(root, out, "sirst")
        (tmp_path / "victim.txt").write_text("precious")
        (out / "link").symlink_to(tmp_path)
        mark = json.loads((out / "conversion.json").read_text())
        mark["documents"] = [name, str(tmp_path / "victim.txt"), 7, ["a"]]
        (out / "conversion.json").write_text(json.dumps(mark))
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "a.txt").write_text("precious")
        (out / "labels").symlink_to(tmp_path / "elsewhere")
        convert_dataset(root, out, "dnanet", overwrite=True)
        assert (tmp_path / "victim.txt").read_text() == "precious"
        assert (tmp_path / "elsewhere" / "a.txt").read_text() == "precious"

    def test_out_within_the_source_is_refused(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path)
        for out in (root, root / "converted"):
            with pytest.raises(OutputError, match="outside of the dataset"):
                convert_dataset(root, out, "sirst")

    def test_a_file_and_an_unwritable_place(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path)
        (tmp_path / "file").write_text("")
        with pytest.raises(OutputError, match="is a file"):
            convert_dataset(root, tmp_path / "file", "sirst")
        with pytest.raises(OutputError, match="file is a file"):
            convert_dataset(root, tmp_path / "file" / "out", "sirst")

    def test_an_interrupted_conversion_goes_on(self, tmp_path: Path, monkeypatch) -> None:
        root, out = make_tiny(tmp_path), tmp_path / "out"
        stored: list[str] = []
        store = Storer._store

        def counting(self, task, outcome):
            if len(stored) == 3:
                raise KeyboardInterrupt
            stored.append(task.id)
            return store(self, task, outcome)

        monkeypatch.setattr(Storer, "_store", counting)
        with pytest.raises(KeyboardInterrupt):
            convert_dataset(root, out, "coco")
        with pytest.raises(DatasetError, match="was interrupted.*convert again"):
            open_dataset(out)
        with pytest.raises(OutputError, match="another conversion"):
            convert_dataset(root, out, "sirst")
        (out / "images" / ".000004.png~0.1-1.part").write_bytes(b"torn")
        torn = (out / "conversion.jsonl").read_bytes()[:-5]
        (out / "conversion.jsonl").write_bytes(torn)
        stored.clear()
        stored += ["", ""]
        monkeypatch.setattr(
            Storer, "_store", lambda s, t, o: (stored.append(t.id), store(s, t, o))[1]
        )
        seen: list[int] = []
        convert_dataset(root, out, "coco", started=lambda total, done: seen.append(done) or None)
        assert seen == [2]
        assert stored[2:] == ["000003", "000004", "000005", "000006"]
        convert_dataset(root, tmp_path / "whole", "coco")
        one, two = (
            {p.relative_to(d): p.read_bytes() for p in d.rglob("*") if p.is_file()}
            for d in (out, tmp_path / "whole")
        )
        assert one == two

    def test_progress_counts_every_sample(self, tmp_path: Path) -> None:
        steps: list[int] = []
        convert_dataset(
            make_tiny(tmp_path),
            tmp_path / "out",
            "sirst",
            started=lambda total, done: steps.append(total) or steps.append,
        )
        assert steps == [6, 1, 1, 1, 1, 1, 1]


class TestDamage:
    def test_stop_is_the_default(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path)
        (root / "images" / "000002.png").write_bytes(b"no image")
        with pytest.raises(ImageError, match=r"000002\.png"):
            convert_dataset(root, tmp_path / "out", "sirst")

    @pytest.mark.parametrize("jobs", [1, 2])
    def test_skip_leaves_out_and_says_so(self, tmp_path: Path, jobs: int) -> None:
        root = make_tiny(tmp_path, n=70, size=(20, 24))
        (root / "images" / "000002.png").write_bytes(b"no image")
        (root / "masks" / "000003.png").unlink()
        write(root / "masks" / "000004.png", np.zeros((3, 3), np.uint8))
        report = convert_dataset(root, tmp_path / "out", "sirst", on_error="skip", jobs=jobs)
        assert sorted(report.skipped) == ["000002", "000003", "000004"]
        back = open_dataset(tmp_path / "out")
        assert len(back) == report.samples == 67
        assert "000004" not in back.splits["50_50/train"]
        mark = json.loads((tmp_path / "out" / "conversion.json").read_text())
        assert sorted(mark["skipped"]) == ["000002", "000003", "000004"]

    def test_nothing_left(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path, n=2)
        for path in (root / "images").iterdir():
            path.write_bytes(b"no image")
        with pytest.raises(DatasetError, match="none can be read"):
            convert_dataset(root, tmp_path / "out", "sirst", on_error="skip")

    def test_wrong_parameters(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path)
        with pytest.raises(ParameterError, match="Did you mean 'dnanet'"):
            convert_dataset(root, tmp_path / "out", "dnanett")
        with pytest.raises(ParameterError, match="segment, box"):
            convert_dataset(root, tmp_path / "out", "yolo", yolo_labels="polygon")
        with pytest.raises(ParameterError, match="on_error"):
            convert_dataset(root, tmp_path / "out", "sirst", on_error="ignore")
        with pytest.raises(ParameterError, match="jobs"):
            convert_dataset(root, tmp_path / "out", "sirst", jobs=0)


def test_scenes_without_files_are_converted(tmp_path: Path) -> None:
    report = convert_dataset("demo:n=4,size=64", tmp_path / "out", "dnanet")
    assert (report.samples, report.copied) == (4, 0)
    source, back = open_dataset("demo:n=4,size=64"), open_dataset(tmp_path / "out")
    assert_same(source, sorted(source.ids), back, sorted(back.ids))


@pytest.fixture(scope="module")
def some_of_sirst(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with every real image that is no plain RGB, and some that are; all lists."""
    whole, part = shared / "data" / "sirst-v1", tmp_path_factory.mktemp("sirst") / "some"
    files = sorted((whole / "images").iterdir())
    kept = [file.stem for file in files if probe(file).colour != "rgb"]
    kept += [file.stem for file in files if file.stem not in kept][:40]
    for stem in kept:
        for name in (f"images/{stem}.png", f"masks/{stem}_pixels0.png"):
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(whole / name, part / name)
    for file in sorted(whole.glob("*/*.txt")):
        lines = [line for line in file.read_text().split() if line in kept]
        write_list(part / file.relative_to(whole), lines)
    return part


@pytest.mark.parametrize("to", LOSSLESS)
def test_sirst_keeps_every_pixel_and_list(some_of_sirst: Path, tmp_path: Path, to: str) -> None:
    source = open_dataset(some_of_sirst)
    targets = sum(len(find_targets(source.source.read_mask(name))) for name in source.ids)
    report = convert_dataset(source, tmp_path / to, to)
    assert 80 < report.samples < 427
    assert (report.samples, report.copied, report.targets) == (len(source),) * 2 + (targets,)
    convert_dataset(tmp_path / to, tmp_path / "back", "sirst")
    back = open_dataset(tmp_path / "back")
    for sample_id in source.ids:
        one, two = source.source.files(sample_id), back.source.files(sample_id)
        assert one is not None
        assert two is not None
        assert one[0].read_bytes() == two[0].read_bytes()
        np.testing.assert_array_equal(
            source.source.read_mask(sample_id), back.source.read_mask(sample_id)
        )
    kept = ["idx_427/trainval", "idx_427/test"] if to == "grokcv" else list(source.splits)
    for name in kept:
        members = back.splits[name]
        assert sorted(members) == sorted(source.splits[name])
        assert to == "grokcv" or members == source.splits[name]


def test_targets_know_the_layouts_they_make() -> None:
    assert list(TARGETS) == ["dnanet", "sirst", "irstd1k", "grokcv", "coco", "yolo"]
    assert all(target.name == name for name, target in TARGETS.items())

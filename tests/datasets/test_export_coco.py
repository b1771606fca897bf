"""COCO and YOLO: instances that other people's tools read back to the same pixels."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import yaml
from tiny import make_tiny, write, write_list

from sirst5k import open_dataset
from sirst5k.components import find_targets
from sirst5k.datasets import convert_dataset
from sirst5k.datasets.outlines import fill
from sirst5k.errors import DatasetError, PairingError


def difficult_mask() -> np.ndarray:
    """Return a mask with one-pixel, diagonal, ring-shaped, border and touching targets."""
    mask = np.zeros((48, 40), np.bool_)
    mask[5, 5] = mask[0, 0] = mask[47, 39] = True
    mask[10, 10] = mask[11, 11] = mask[12, 10] = True
    mask[20:25, 20:25] = True
    mask[22, 22] = False
    mask[30, 5:9] = mask[31:35, 9] = True
    mask[40:44, 0:3] = True
    return mask


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = make_tiny(tmp_path, n=6)
    write(folder / "masks" / "000002.png", difficult_mask().astype(np.uint8) * 255)
    write(folder / "masks" / "000003.png", np.zeros((48, 40), np.uint8))
    return folder


def test_coco_documents_say_what_there_is(root: Path, tmp_path: Path) -> None:
    report = convert_dataset(root, tmp_path / "out", "coco")
    source = open_dataset(root)
    assert report.targets == sum(len(find_targets(sample.mask)) for sample in source)
    train = json.loads((tmp_path / "out" / "annotations" / "instances_train.json").read_text())
    assert [image["file_name"] for image in train["images"]] == [
        f"{name}.png" for name in source.splits["50_50/train"]
    ]
    assert train["categories"] == [{"id": 1, "name": "target", "supercategory": "target"}]
    ids = {image["id"] for image in train["images"]}
    assert {annotation["image_id"] for annotation in train["annotations"]} < ids
    second = next(i["id"] for i in train["images"] if i["file_name"] == "000002.png")
    found = [a for a in train["annotations"] if a["image_id"] == second]
    targets = find_targets(difficult_mask())
    assert [(a["bbox"], a["area"]) for a in found] == [
        ([t.left, t.top, t.width, t.height], t.area) for t in targets
    ]
    assert [isinstance(a["segmentation"], dict) for a in found].count(True) == 1  # the ring


def test_coco_reads_back_to_every_pixel(root: Path, tmp_path: Path) -> None:
    convert_dataset(root, tmp_path / "out", "coco")
    source, back = open_dataset(root), open_dataset(tmp_path / "out")
    assert back.layout == "coco"
    assert back.splits["train"] == source.splits["50_50/train"]
    assert open_dataset(tmp_path / "out", "test").ids == source.splits["50_50/test"]
    for sample in source:
        other = back.get(sample.id)
        np.testing.assert_array_equal(other.image, sample.image)
        np.testing.assert_array_equal(other.mask, sample.mask)
        np.testing.assert_array_equal(back.source.read_mask(sample.id), sample.mask)
        back.source.check(sample.id)
    copy = pickle.loads(pickle.dumps(back))
    assert copy.fingerprint() == back.fingerprint()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # its own
def test_pycocotools_reads_the_same_pixels(root: Path, tmp_path: Path) -> None:
    coco_module = pytest.importorskip("pycocotools.coco")
    convert_dataset(root, tmp_path / "out", "coco")
    source = open_dataset(root)
    seen = 0
    for name in ("train", "test"):
        coco = coco_module.COCO(str(tmp_path / "out" / "annotations" / f"instances_{name}.json"))
        for image in coco.loadImgs(coco.getImgIds()):
            expected = source.get(Path(image["file_name"]).stem).mask
            mask = np.zeros((image["height"], image["width"]), np.bool_)
            for annotation in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]])):
                alone = coco.annToMask(annotation).astype(np.bool_)
                assert alone.sum() == annotation["area"]
                (target,) = find_targets(alone)
                box = [target.left, target.top, target.width, target.height]
                assert annotation["bbox"] == box
                mask |= alone
            np.testing.assert_array_equal(mask, expected)
            seen += 1
    assert seen == 6


def test_lists_that_share_images_share_annotations(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, "sirst-v1", n=9)
    report = convert_dataset(root, tmp_path / "out", "coco")
    assert set(report.lists) == {
        "train", "val", "trainval", "test", "50_50%2Ftrain", "50_50%2Ftest"}  # fmt: skip
    back = open_dataset(tmp_path / "out")
    assert "50_50/train" in back.splits
    assert len(back) == 9


class TestForeignDocuments:
    @pytest.fixture
    def folder(self, root: Path, tmp_path: Path) -> Path:
        convert_dataset(root, tmp_path / "out", "coco", split=["train"])
        return tmp_path / "out"

    def change(self, folder: Path, **changes: object) -> None:
        path = folder / "annotations" / "instances_train.json"
        document = json.loads(path.read_text())
        document.update(changes)
        path.write_text(json.dumps(document))

    def images(self, folder: Path) -> list[dict[str, object]]:
        path = folder / "annotations" / "instances_train.json"
        return json.loads(path.read_text())["images"]

    def test_names_may_count_from_the_root(self, folder: Path) -> None:
        images = self.images(folder)
        for image in images:
            image["file_name"] = f".\\images\\{image['file_name']}"
        self.change(folder, images=images)
        assert open_dataset(folder).ids[0] == "images/000001"

    @pytest.mark.parametrize("name", ["../a.png", "/a.png", "C:/a.png", "a/../../b.png"])
    def test_names_cannot_lead_out(self, folder: Path, name: str) -> None:
        self.change(folder, images=[{"id": 1, "file_name": name}], annotations=[])
        with pytest.raises(DatasetError, match=r"instances_train\.json is none: .* leads out"):
            open_dataset(folder)

    def test_links_are_refused(self, folder: Path, tmp_path: Path) -> None:
        path = folder / "images" / "000001.png"
        path.rename(tmp_path / "elsewhere.png")
        path.symlink_to(tmp_path / "elsewhere.png")
        with pytest.raises(PairingError, match=r"'000001\.png' .*: it is a link out of the folder"):
            open_dataset(folder)
        assert len(open_dataset(folder, on_error="skip")) == 3
        assert len(open_dataset(folder, follow_links=True)) == 4

    def test_boxes_alone_are_no_masks(self, folder: Path) -> None:
        images = self.images(folder)
        box = {"id": 1, "image_id": images[0]["id"], "bbox": [1, 2, 3, 4]}
        self.change(folder, annotations=[box])
        with pytest.raises(PairingError, match="a box without outline"):
            open_dataset(folder)

    def test_documents_that_disagree(self, folder: Path) -> None:
        text = (folder / "annotations" / "instances_train.json").read_text()
        document = json.loads(text)
        document["annotations"] = []
        (folder / "annotations" / "instances_test.json").write_text(json.dumps(document))
        with pytest.raises(DatasetError, match="says other things"):
            open_dataset(folder)

    def test_run_lengths_of_another_size(self, folder: Path) -> None:
        number = self.images(folder)[0]["id"]
        wrong = {"id": 1, "image_id": number, "segmentation": {"size": [3, 3], "counts": [9]}}
        self.change(folder, annotations=[wrong])
        dataset = open_dataset(folder)
        with pytest.raises(DatasetError, match=r"000001\.png in instances_train\.json: Expected"):
            dataset.get("000001")


def read_labels(path: Path, width: int, height: int) -> list[np.ndarray]:
    lines = path.read_text().splitlines()
    assert all(line.startswith("0 ") for line in lines)
    return [
        np.array(line.split()[1:], np.float64).reshape(-1, 2) * (width, height) for line in lines
    ]


class TestYolo:
    def test_segments_fill_to_every_pixel(self, root: Path, tmp_path: Path) -> None:
        report = convert_dataset(root, tmp_path / "out", "yolo")
        assert report.filled_holes == 1
        for sample in open_dataset(root):
            height, width = sample.shape
            mask = np.zeros(sample.shape, np.bool_)
            labels = read_labels(tmp_path / "out" / "labels" / f"{sample.id}.txt", width, height)
            assert len(labels) == len(find_targets(sample.mask))
            for corners in labels:
                part = fill(corners, sample.shape)
                mask[part.rows, part.columns] |= part.inside
            expected = sample.mask.copy()
            if sample.id == "000002":
                expected[22, 22] = True  # an outline has no hole
            np.testing.assert_array_equal(mask, expected)

    def test_boxes(self, root: Path, tmp_path: Path) -> None:
        convert_dataset(root, tmp_path / "out", "yolo", yolo_labels="box")
        for sample in open_dataset(root):
            height, width = sample.shape
            labels = read_labels(tmp_path / "out" / "labels" / f"{sample.id}.txt", width, height)
            for (centre, size), target in zip(labels, find_targets(sample.mask), strict=True):
                np.testing.assert_allclose(size, (target.width, target.height), atol=1e-4)
                np.testing.assert_allclose(centre - size / 2, (target.left, target.top), atol=1e-4)

    def test_its_lists_and_its_description(self, root: Path, tmp_path: Path) -> None:
        convert_dataset(root, tmp_path / "out", "yolo")
        data = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
        assert data == {
            "train": "train.txt", "val": "test.txt", "test": "test.txt", "names": {0: "target"}
        }  # fmt: skip
        lines = (tmp_path / "out" / "train.txt").read_text().splitlines()
        assert lines[0] == "./images/000001.png"
        for line in lines:
            image = tmp_path / "out" / line
            assert image.is_file()
            label = Path(str(image).replace("/images/", "/labels/")).with_suffix(".txt")
            assert label.is_file()
        assert (tmp_path / "out" / "labels" / "000003.txt").read_text() == ""  # no target

    def test_lists_of_several_folders_do_not_collide(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path, "sirst-v1", n=9)
        report = convert_dataset(root, tmp_path / "out", "yolo")
        assert set(report.lists) == {
            "train", "val", "trainval", "test", "50_50_train", "50_50_test"}  # fmt: skip
        assert (tmp_path / "out" / "50_50_test.txt").read_text().count("\n") == 3

    def test_ids_in_folders(self, tmp_path: Path) -> None:
        root = make_tiny(tmp_path, "irdst-real")
        convert_dataset(root, tmp_path / "out", "yolo")
        assert (tmp_path / "out" / "labels" / "44" / "1(0).txt").is_file()

    def test_without_lists(self, tmp_path: Path) -> None:
        convert_dataset(make_tiny(tmp_path, "plain"), tmp_path / "out", "yolo")
        data = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
        assert (data["train"], data["val"]) == ("images", "images")


def test_what_yolo_writes_is_not_read_as_a_dataset(root: Path, tmp_path: Path) -> None:
    convert_dataset(root, tmp_path / "out", "yolo")
    with pytest.raises(DatasetError):
        open_dataset(tmp_path / "out")


def test_a_list_called_all_is_no_split(tmp_path: Path) -> None:
    root = make_tiny(tmp_path)
    write_list(root / "50_50" / "test.txt", ["000006"])
    report = convert_dataset(root, tmp_path / "out", "coco")
    assert report.lists == {"train": 4, "test": 1, "all": 6}
    assert set(open_dataset(tmp_path / "out").splits) == {"train", "test"}
    assert len(open_dataset(tmp_path / "out")) == 6

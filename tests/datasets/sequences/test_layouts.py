"""The layouts of sequences in use in the field, as they are distributed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirst5k import open_dataset
from sirst5k.datasets import SequenceDataset, open_stills
from sirst5k.datasets.sequences.lines import looks_like_annotations
from sirst5k.errors import DatasetError, Sirst5kError, SplitError, UnknownLayoutError
from sirst5k.imaging import encode_png

_LINES = r"(/x/)?(images/)?a/[0-3]\.(bmp|png)( [0-9]{1,2},-?[0-9],[0-9]{1,2}(\.5)?,[0-9],0){0,2}"
FOREIGN = "/home/somebody/Datasets/DAUB/"


def picture(path: Path, level: int = 0, size: tuple[int, int] = (12, 16)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(np.full(size, level, np.uint8)))


def mask(path: Path, *boxes: tuple[int, int, int, int], size: tuple[int, int] = (12, 16)) -> None:
    pixels = np.zeros(size, np.bool_)
    for x1, y1, x2, y2 in boxes:
        pixels[y1:y2, x1:x2] = True
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(pixels))


def frames(folder: Path, numbers: Iterable[int], ending: str = "png") -> None:
    for number in numbers:
        picture(folder / f"{number}.{ending}", number)


def opened(path: Path, split: str | None = None, **options: object) -> SequenceDataset:
    data = open_dataset(path, split, **options)  # type: ignore[arg-type]
    assert isinstance(data, SequenceDataset)
    return data


@pytest.fixture
def daub(tmp_path: Path) -> Path:
    frames(tmp_path / "images/train/data5", range(12))
    frames(tmp_path / "images/test/data6", range(3))
    lines = [f"{FOREIGN}images/train/data5/{k}.bmp 3,{k % 5},7,{k % 5 + 4},0" for k in range(12)]
    lines[2] = f"{FOREIGN}images/train/data5/2.bmp"
    lines[4] += " 1,1,3,3,2"
    (tmp_path / "coco_train_DAUB.txt").write_text("\n".join(lines))  # no last newline
    val = [f"E://data\\DAUB\\images\\test\\data6\\{k}.bmp 1,2,3,4,0" for k in range(3)]
    (tmp_path / "coco_val_DAUB.txt").write_bytes(("\r\n".join(val) + "\r\n").encode())
    return tmp_path


def test_lists_with_the_paths_of_other_machines(daub: Path) -> None:
    data = opened(daub)
    assert data.layout == "sequences"
    assert list(data.sequences) == ["test/data6", "train/data5"]
    assert data.sequences["train/data5"][-3:] == tuple(f"train/data5/{k}" for k in (9, 10, 11))
    train = data.of_split("train")
    assert len(train) == 12
    clip = train.get("train/data5/10")
    assert clip.frames[:, 0, 0].tolist() == [6, 7, 8, 9, 10]
    assert clip.boxes.tolist() == [[3, 0, 7, 4]]
    assert clip.mask is None
    both = train.labels("train/data5/4")
    assert both.boxes.tolist() == [[3, 4, 7, 8], [1, 1, 3, 3]]
    assert both.classes.tolist() == [0, 2]
    assert len(train.labels("train/data5/2")) == 0
    # Published: the list called val is the test.
    assert data.of_split("test").ids == opened(daub, "coco_val_DAUB").ids
    assert train.splits.sibling("train", "test") == "coco_val_DAUB"
    assert open_stills(daub, "train")[0].mask.sum() == 16


def test_frames_that_no_line_names_come_before_a_key_frame(daub: Path) -> None:
    lines = (daub / "coco_train_DAUB.txt").read_text().splitlines()
    (daub / "coco_train_DAUB.txt").write_text(lines[7])
    train = opened(daub, "train")
    assert train.ids == ("train/data5/7",)
    assert train[0].frames[:, 0, 0].tolist() == [3, 4, 5, 6, 7]
    assert len(train.sequences["train/data5"]) == 12
    assert len(opened(daub)) == 4


def test_a_listed_frame_that_is_not_there(daub: Path) -> None:
    (daub / "images/train/data5/3.png").unlink()
    with pytest.raises(DatasetError, match=r"Line 4 of .*there is no images/train/data5/3.bmp"):
        open_dataset(daub)
    data = opened(daub, on_error="skip")
    assert len(data.of_split("train")) == 11
    assert any("3.bmp" in name for name in data.skipped)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("images/train/data5/1.bmp 5,5,5,9,0", "box without area"),
        ("../../secret/1.bmp 1,1,2,2,0", "no end of that path"),
        ("images/train/data5/../../../1.bmp 1,1,2,2,0", "no end of that path"),
        ("images/train/data5/1.bmp 1,1,2,0", "Expected 'PATH"),
        ("images/train/data5/1.exe 1,1,2,2,0", "Expected 'PATH"),
    ],
)
def test_lines_that_say_nothing_usable(daub: Path, line: str, what: str) -> None:
    file = daub / "coco_train_DAUB.txt"
    file.write_text(file.read_text() + "\n" * 300 + line)
    with pytest.raises(Sirst5kError, match=what):
        open_dataset(daub)


def test_two_lines_of_one_frame(daub: Path) -> None:
    file = daub / "coco_train_DAUB.txt"
    text = file.read_text()
    file.write_text(text + "\n" + text.splitlines()[0])
    assert len(opened(daub, "train")) == 12
    file.write_text(text + f"\n{FOREIGN}images/train/data5/0.bmp 9,9,11,11,0")
    with pytest.raises(DatasetError, match="says other boxes"):
        open_dataset(daub)


def test_links_out_of_the_folder_are_not_followed(
    daub: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    picture(outside / "secret.png", 99)
    (daub / "images/train/data5/3.png").unlink()
    (daub / "images/train/data5/3.png").symlink_to(outside / "secret.png")
    with pytest.raises(DatasetError, match="is a link to"):
        open_dataset(daub)
    assert opened(daub, follow_links=True).read_frame("train/data5/3")[0, 0] == 99


def test_the_published_frames_come_out_of_a_folder(shared: Path, tmp_path: Path) -> None:
    file = shared / "parity-video" / "data-video.seed0.npz"
    if not file.is_file():
        pytest.skip(f"needs {file}")
    with np.load(file) as stored:
        fixture = dict(stored)
    keys = [name.removesuffix("/x") for name in fixture if name.endswith("/x")]
    lines = []
    for key in keys:
        clip, _, number = key.partition("/key")
        for place, frame in enumerate(fixture[f"{clip}/frames"]):
            path = tmp_path / f"images/{clip}/{place}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_png(frame))
        boxes = [",".join(map(str, box)) for box in fixture[f"{key}/line_boxes"].tolist()]
        lines.append(" ".join([f"/data/images/{clip}/{number}.bmp", *boxes]))
    (tmp_path / "train.txt").write_text("\n".join(lines))
    data = opened(tmp_path, "train")
    assert len(data) == 9
    for key in keys:
        clip, _, number = key.partition("/key")
        window = [max(int(number) - back, 0) for back in range(4, -1, -1)]
        found = data.get(f"{clip}/{number}")
        assert np.array_equal(found.frames, fixture[f"{clip}/frames"][window])
        assert found.boxes.tolist() == fixture[f"{key}/line_boxes"][:, :4].tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40) | st.from_regex(_LINES, fullmatch=True), max_size=6))
def test_any_list_is_understood_or_refused_in_a_sentence(texts: list[str]) -> None:
    with TemporaryDirectory() as name:
        root = Path(name)
        frames(root / "images/a", range(3))
        (root / "train.txt").write_text("a/0.bmp 1,1,4,4,0\n", encoding="utf-8")
        text = "\n".join(["images/a/1.bmp 1,1,4,4,0", *texts])
        (root / "more.txt").write_bytes(text.encode("utf-8", "surrogatepass"))
        for on_error in ("stop", "skip"):
            try:
                data = opened(root, on_error=on_error)
            except Sirst5kError:
                continue
            for frame_id in data.ids:
                labels = data.labels(frame_id)
                assert (labels.boxes[:, 2:] > labels.boxes[:, :2]).all()
                assert frame_id.startswith("a/")


def coco(path: Path, names: list[str], boxes: dict[int, list[list[float]]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [
        {"id": k, "file_name": name, "width": 16, "height": 12} for k, name in enumerate(names, 1)
    ]
    annotations = [
        {"id": 10 * k + n, "image_id": k, "category_id": 1, "bbox": box, "area": 9, "iscrowd": 0}
        for k, found in boxes.items()
        for n, box in enumerate(found)
    ]
    categories = [{"id": 1, "name": "target"}]
    document = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(document))


def test_coco_documents_of_boxes_keep_frames_without_annotation(tmp_path: Path) -> None:
    frames(tmp_path / "images/train/data5", range(4))
    frames(tmp_path / "images/test/data6", range(3))
    train = [f"images/train/data5/{k}.bmp" for k in range(4)]
    coco(
        tmp_path / "annotations/instances_train2017.json",
        train,
        {1: [[3, 4, 8, 2.5]], 4: [[0, 0, 2, 2]]},
    )
    coco(
        tmp_path / "annotations/instances_test2017.json",
        [f"images/test/data6/{k}.bmp" for k in range(3)],
        {},
    )
    data = opened(tmp_path)
    assert data.layout == "coco-sequences"
    assert data.splits.roles == {"train": "train2017", "test": "test2017"}
    assert data.of_split("train").ids == tuple(f"train/data5/{k}" for k in range(4))
    assert data.labels("train/data5/0").boxes.tolist() == [[3, 4, 11, 6.5]]
    assert len(data.labels("train/data5/1")) == 0
    with_bad_box = tmp_path / "annotations/instances_train2017.json"
    coco(with_bad_box, train, {1: [[3, 4, float("1e9"), 2]]})
    with pytest.raises(DatasetError, match=r"\[x, y, width, height\]"):
        open_dataset(tmp_path)


def test_image_and_mask_trees(tmp_path: Path) -> None:
    for sequence in ("251", "252"):
        frames(tmp_path / f"images/{sequence}", range(1, 4), "bmp.png")
        for number in range(1, 4):
            picture(tmp_path / f"images/{sequence}/{number}.png", number)
            (tmp_path / f"images/{sequence}/{number}.bmp.png").unlink()
            mask(tmp_path / f"masks/{sequence}/{number}.png", (2, 3, 5, 6), (9, 9, 10, 11))
    (tmp_path / "img_idx").mkdir()
    (tmp_path / "img_idx/train_IRDST-simulation.txt").write_text("252/1\n252/3\n")
    (tmp_path / "img_idx/test_IRDST-simulation.txt").write_text("251/2\n")
    data = opened(tmp_path)
    assert data.layout == "sequence-folders"
    assert len(data) == 6
    train = data.of_split("train")
    assert train.ids == ("252/1", "252/3")
    clip = train[1]
    assert clip.frames[:, 0, 0].tolist() == [1, 1, 1, 2, 3]
    assert clip.boxes.tolist() == [[2, 3, 5, 6], [9, 9, 10, 11]]
    assert clip.mask is not None
    assert clip.mask.sum() == 11
    assert train.labels("252/2", with_mask=False).mask is None
    (tmp_path / "img_idx/test_IRDST-simulation.txt").write_text("251/2\n251/9\n")
    with pytest.raises(SplitError, match="251/9"):
        open_dataset(tmp_path)


def test_a_folder_of_frames_and_one_of_masks_a_sequence(tmp_path: Path) -> None:
    for role, sequence in (("train", "000001"), ("val", "000002")):
        for number in range(1, 5):
            picture(tmp_path / f"{role}/{sequence}/img/{number:06d}.png", number)
            mask(tmp_path / f"{role}/{sequence}/mask/{number:06d}.png", (1, 1, 3, 3))
    data = opened(tmp_path)
    assert data.splits.roles == {"train": "train", "val": "val", "test": "val"}
    assert data.of_split("test").ids[0] == "val/000002/000001"
    path = "dataset/SatVideoIRSDT/val/000002/img/00000{}.png\n"
    (tmp_path / "val_list.txt").write_text(path.format(2) + path.format(4))
    (tmp_path / "train_list.txt").write_text("dataset/S/train/000001/img/000001.png\n")
    data = opened(tmp_path)
    assert data.of_split("test").ids == ("val/000002/000002", "val/000002/000004")


def test_a_file_of_boxes_a_sequence(tmp_path: Path) -> None:
    for sequence in ("a", "b"):
        for number in range(1, 4):
            picture(tmp_path / f"{sequence}/img1/{number:06d}.png", number)
    (tmp_path / "a/gt").mkdir()
    rows = ["1,7,3,4,5,6,1,1,1", "1,9,1,1,2,2,0,1,1", "3,7,4,4,5,6,1,1,1"]
    (tmp_path / "a/gt/gt.txt").write_text("\n".join(rows))
    entries = {"exist": [1, 0, 1], "gt_rect": [[1, 2, 3, 4], [], [2, 2, 3, 4]]}
    (tmp_path / "b/IR_label.json").write_text(json.dumps(entries))
    data = opened(tmp_path)
    first = data.labels("a/000001")
    assert first.boxes.tolist() == [[2, 3, 7, 9]]
    assert first.tracks == (7,)
    assert len(data.labels("a/000002")) == 0
    assert data.labels("b/000003").boxes.tolist() == [[2, 2, 5, 6]]
    (tmp_path / "b/IR_label.json").write_text('{"gt_rect": [[1, 2]]}')
    with pytest.raises(DatasetError, match="no \\[x, y, width, height\\]"):
        open_dataset(tmp_path)


def test_single_images_stay_single_images(tmp_path: Path) -> None:
    for name in ("train/000001", "train/000002", "test/000003"):
        picture(tmp_path / f"images/{name}.png")
        mask(tmp_path / f"masks/{name}.png", (1, 1, 3, 3))
    assert not isinstance(open_dataset(tmp_path), SequenceDataset)
    lonely = tmp_path / "other"
    picture(lonely / "images/1.png")
    with pytest.raises(UnknownLayoutError, match="holds images/"):
        open_dataset(lonely)


def test_frames_of_a_clip_that_differ_in_size(daub: Path) -> None:
    picture(daub / "images/train/data5/3.png", 3, (12, 15))
    with pytest.raises(DatasetError, match="frames of a clip to be alike"):
        opened(daub).get("train/data5/4")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_that_is_called_a_list_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "train.txt")
    assert looks_like_annotations(tmp_path / "train.txt") == ""

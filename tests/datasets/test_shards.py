"""Tar shards as a dataset: ours, those of others, and those that are none."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import make_scene

from sirst5k.datasets import open_dataset
from sirst5k.datasets.shards import id_of, key_of, split_key
from sirst5k.datasets.tarring import END, member_header, padding, read_members
from sirst5k.errors import DatasetError, PairingError, Sirst5kError

NAMES = [
    "a.png", "44/1(814).mask.png", "x" * 120 + ".png", "ünï %2E.json", "d.e/" + "y" * 300 + ".png",
]  # fmt: skip


def png(array: np.ndarray) -> bytes:
    done, data = cv2.imencode(".png", array)
    assert done
    return data.tobytes()


def pair(seed: int = 0) -> tuple[bytes, bytes]:
    image, mask = make_scene(np.random.default_rng(seed))
    return png(image), png(mask.astype(np.uint8) * 255)


def write_tar(path: Path, members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> Path:
    """Write an archive as other people's tools do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=form) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def archive_of(members: dict[str, bytes]) -> bytes:
    """Return an archive as we write it."""
    parts = [
        member_header(name, len(data)) + data + padding(len(data)) for name, data in members.items()
    ]
    return b"".join(parts) + END


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300))
def test_a_key_leads_back_to_its_id_and_holds_no_dot(name: str) -> None:
    assert id_of(key_of(name)) == name
    last = key_of(name).rpartition("/")[2]
    assert "." not in last
    if last:
        assert split_key(f"{key_of(name)}.mask.png") == (key_of(name), ".mask.png")


@given(
    st.dictionaries(
        st.text(
            st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=200
        ).filter(lambda n: n.strip("/") == n),
        st.binary(max_size=1500),
        max_size=4,
    )
)
def test_what_we_write_other_tools_read(members: dict[str, bytes]) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive_of(members))) as archive:
        found = {info.name: archive.extractfile(info).read() for info in archive}
    assert found == members


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_what_other_tools_write_we_read(tmp_path: Path, form: int) -> None:
    members = {name: name.encode() for name in NAMES}
    path = write_tar(tmp_path / "a.tar", members, form)
    found = list(read_members(path))
    assert [member.name for member in found] == NAMES
    data = path.read_bytes()
    assert [data[m.offset : m.offset + m.size] for m in found] == list(members.values())
    path.write_bytes(archive_of(members))
    assert [member.name for member in read_members(path)] == NAMES


def test_prefixes_of_the_old_format_are_read(tmp_path: Path) -> None:
    name = "f" * 90 + "/" + "g" * 90 + ".png"
    path = write_tar(tmp_path / "a.tar", {name: b"1"}, tarfile.USTAR_FORMAT)
    assert [member.name for member in read_members(path)] == [name]


def test_folders_links_and_other_entries_are_passed_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "train.tar", "w") as archive:
        for name, kind in (("d", tarfile.DIRTYPE), ("l", tarfile.SYMTYPE), ("h", tarfile.LNKTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert list(read_members(tmp_path / "train.tar")) == []


def test_shards_of_others_open(tmp_path: Path) -> None:
    image, mask = pair()
    members = {"readme.txt": b"hello"}
    for number in range(3):
        members |= {
            f"x/{number}.jpg.txt": b"?",
            f"x/{number}.png": image,
            f"x/{number}.mask.png": mask,
        }
    write_tar(tmp_path / "root/train-0001.tar", members)
    write_tar(tmp_path / "root/val.tar", {"v.PNG": image, "v.mask.png": mask, "v.cls": b"1"})
    write_tar(tmp_path / "root/00017.tar", {"w.png": image, "w.mask.png": mask})
    dataset = open_dataset(tmp_path / "root")
    assert dataset.layout == "shards"
    assert set(dataset.ids) == {"x/0", "x/1", "x/2", "v", "w"}
    assert dict(dataset.splits) == {"train": ("x/0", "x/1", "x/2"), "val": ("v",)}
    assert dataset.get("v").mask.any()
    assert dataset.source.files("v") is None
    dataset.source.check("v")
    twin = pickle.loads(pickle.dumps(dataset))
    assert dict(twin.splits) == dict(dataset.splits)
    assert twin.fingerprint() == dataset.fingerprint()
    np.testing.assert_array_equal(twin[0].image, dataset[0].image)
    np.testing.assert_array_equal(twin.source.read_mask("w"), dataset.get("w").mask)


def test_incomplete_samples_are_refused_or_left_out(tmp_path: Path) -> None:
    image, mask = pair()
    write_tar(tmp_path / "train-0.tar", {"a.png": image, "a.mask.png": mask, "b.png": image})
    write_tar(tmp_path / "train-1.tar", {"c.mask.png": mask})
    with pytest.raises(PairingError, match="'b'"):
        open_dataset(tmp_path)
    dataset = open_dataset(tmp_path, on_error="skip")
    assert dataset.ids == ("a",)
    assert set(dataset.skipped) == {"b", "c"}
    assert open_dataset(tmp_path, "train", on_error="skip").ids == ("a",)


def test_a_key_that_comes_twice_is_refused(tmp_path: Path) -> None:
    image, mask = pair()
    for number in range(2):
        write_tar(tmp_path / f"train-{number}.tar", {"a.png": image, "a.mask.png": mask})
    with pytest.raises(DatasetError, match=r"'a' comes again in .*train-1\.tar"):
        open_dataset(tmp_path)


def test_a_non_binary_mask_is_thresholded_and_reported(tmp_path: Path) -> None:
    image, _ = pair()
    mask = np.zeros((48, 40), np.uint8)
    mask[3:6, 3:6], mask[9, 9] = 200, 100
    write_tar(tmp_path / "train-0.tar", {"a.png": image, "a.mask.png": png(mask)})
    with pytest.warns(UserWarning, match="--mask-threshold"):
        assert open_dataset(tmp_path)[0].mask.sum() == 9
    assert open_dataset(tmp_path, mask_threshold=50)[0].mask.sum() == 10


def test_sizes_that_differ_are_named(tmp_path: Path) -> None:
    image, _ = pair()
    write_tar(tmp_path / "t-0.tar", {"a.png": image, "a.mask.png": png(np.zeros((8, 8), np.uint8))})
    with pytest.raises(DatasetError, match="40×48 and 8×8"):
        open_dataset(tmp_path)[0]


@pytest.mark.parametrize("name", ["../a", "/a", "b/../../a", "C:/a", "a//b", "line\nbreak"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    image, mask = pair()
    write_tar(tmp_path / "train-0.tar", {f"{name}.png": image, f"{name}.mask.png": mask})
    with pytest.raises(DatasetError, match=r"train-0\.tar"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("mode", "sentence"), [("w:gz", "it is compressed"), ("w:xz", "it is compressed")]
)
def test_compressed_archives_are_named(tmp_path: Path, mode: str, sentence: str) -> None:
    image, mask = pair()
    with tarfile.open(tmp_path / "train.tar", mode) as archive:
        for name, data in (("a.png", image), ("a.mask.png", mask)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    with pytest.raises(DatasetError, match=sentence):
        open_dataset(tmp_path)


def look_into(path: Path) -> tuple[list[str], str]:
    """Return the names in an archive, and the sentence with which reading it ended, if any."""
    found = []
    try:
        for member in read_members(path):
            found.append(member.name)
    except Sirst5kError as error:
        return found, str(error)
    return found, ""


@given(st.data())
def test_a_damaged_archive_is_read_rightly_or_refused(data: st.DataObject) -> None:
    """Whatever is cut off or flipped: no other samples, no traceback of ours."""
    import tempfile

    image, mask = pair()
    names = {"a.png": image, "a.mask.png": mask, "b" * 120 + ".png": image}
    whole = archive_of(names)
    if data.draw(st.booleans()):
        damaged = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        place = data.draw(st.integers(0, len(whole) - 1))
        damaged = bytearray(whole)
        damaged[place] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train-0.tar"
        path.write_bytes(damaged)
        found, said = look_into(path)
    # A name in an extended header has no checksum; everything else has one.
    assert found[:2] == list(names)[: len(found)][:2]
    assert "train-0.tar" in said or len(found) <= len(names)

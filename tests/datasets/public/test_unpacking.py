from __future__ import annotations

import contextlib
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirst5k.datasets.public import unpack
from sirst5k.errors import DatasetError, OutputError


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: dict[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            item = tarfile.TarInfo(name)
            item.size = len(content)
            archive.addfile(item, io.BytesIO(content))
    return path


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_files_come_out_as_they_went_in_and_junk_stays_behind(pack, tmp_path: Path) -> None:
    files = {"set/images/1.png": b"one", "./set/a b/ä.txt": b"", "set/big.bin": b"7" * 3_000_000}
    junk = {"__MACOSX/set/._1.png": b"x", "set/.DS_Store": b"x", "set/images/._1.png": b"x"}
    archive = pack(tmp_path / "any.bin", {**files, **junk})
    assert unpack(archive, tmp_path / "out") == 3
    found = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == {name.removeprefix("./"): content for name, content in files.items()}


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("name", ["../out.txt", "/etc/passwd", "a/../../b", "C:/b", "a/..\\..\\b"])
def test_names_that_lead_out_are_refused_before_anything_is_written(
    pack, name: str, tmp_path: Path
) -> None:
    archive = pack(tmp_path / "set.zip", {"good.txt": b"1", name: b"2"})
    with pytest.raises(DatasetError, match="leads out of its folder"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    item = tarfile.TarInfo(name)
    item.type, item.linkname = kind, target
    return item


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_tar_files_are_refused(kind: bytes, tmp_path: Path) -> None:
    archive = tarred(tmp_path / "set.tar", {"x": link("x", "/etc", kind), "x/passwd": b"me"})
    with pytest.raises(DatasetError, match="'x' is a link or a device"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_links_in_zip_files_are_refused(tmp_path: Path) -> None:
    item = zipfile.ZipInfo("x")
    item.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr(item, "/etc")
    with pytest.raises(DatasetError, match="'x' is a link or a device"):
        unpack(tmp_path / "set.zip", tmp_path / "out")


def test_more_than_the_limit_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10_000_000))
    assert (tmp_path / "bomb.zip").stat().st_size < 20_000
    with pytest.raises(DatasetError, match=r"at most 1,000,000 bytes, but it declares 10,000,000"):
        unpack(tmp_path / "bomb.zip", tmp_path / "out", most_bytes=1_000_000)
    assert not (tmp_path / "out").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("a", "1")
        archive.writestr("./a", "2")
    with pytest.raises(DatasetError, match="stands there twice"):
        unpack(tmp_path / "set.zip", tmp_path / "out")


def test_an_encrypted_file_is_refused(tmp_path: Path) -> None:
    raw = bytearray(zipped(tmp_path / "set.zip", {"a": b"1"}).read_bytes())
    raw[raw.index(b"PK\x03\x04") + 6] |= 1  # the bit of the general flags that says so
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "set.zip").write_bytes(raw)
    with pytest.raises(DatasetError, match="'a' is encrypted"):
        unpack(tmp_path / "set.zip", tmp_path / "out")


def test_no_archive_at_all_is_told(tmp_path: Path) -> None:
    (tmp_path / "page.zip").write_text("<html>Sign in to download</html>")
    with pytest.raises(DatasetError, match="Expected a zip or tar file, but .*page.zip is none"):
        unpack(tmp_path / "page.zip", tmp_path / "out")


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "set.zip", {"a/b": b"1"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a").write_text("in the way")
    with pytest.raises(OutputError, match="Expected to unpack"):
        unpack(archive, tmp_path / "out")


@given(st.sampled_from(["zip", "tar"]), st.data())
def test_damaged_archives_end_in_a_sentence(tmp_path_factory, kind: str, data) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    files = {f"set/{number}.bin": bytes(range(256)) * 4 for number in range(3)}
    archive = (zipped if kind == "zip" else tarred)(folder / "set", files)
    raw = bytearray(archive.read_bytes())
    if data.draw(st.booleans()):
        del raw[data.draw(st.integers(0, len(raw) - 1)) :]
    else:
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    archive.write_bytes(raw)
    with contextlib.suppress(DatasetError, OutputError):
        unpack(archive, folder / "out")
    outside = [path for path in folder.iterdir() if path.name not in ("set", "out")]
    assert outside == []

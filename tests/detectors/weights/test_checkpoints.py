"""Torch checkpoints: what real training scripts store, and what attackers would."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import published_state, small
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from sirst5k.detectors import load_weights  # noqa: E402
from sirst5k.errors import WeightsError  # noqa: E402


@pytest.fixture(scope="module")
def network() -> Any:
    return small("mshnet")


@pytest.fixture(scope="module")
def document(network: Any) -> dict[str, Any]:
    """What the published scripts store: beside the weights, scores as NumPy numbers."""
    state = OrderedDict(published_state(network))
    optimizer = torch.optim.Adagrad(network.parameters())
    return {
        "epoch": 399,
        "state_dict": state,
        "optimizer": optimizer.state_dict(),
        "iou": np.float64(0.67),
        "losses": np.arange(3.0),
        "best": [np.float32(1), np.int64(2), None, "text"],
    }


def stored(document: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(document, buffer, **options)
    return buffer.getvalue()


def write(folder: Path, content: bytes, name: str = "weight.pth") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def same(one: Any, other: Any) -> bool:
    a, b = one.state_dict(), other.state_dict()
    return list(a) == list(b) and all(torch.equal(a[key], b[key]) for key in a)


def changed_pickle(content: bytes, change: Any) -> bytes:
    """The same archive with its ``data.pkl`` changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name.endswith("data.pkl") else data)
    return buffer.getvalue()


@pytest.mark.parametrize("archive", [True, False], ids=["zip", "legacy"])
def test_checkpoint(network: Any, document: Any, archive: bool, tmp_path: Path) -> None:
    content = stored(document, _use_new_zipfile_serialization=archive)
    file = write(tmp_path, content, "mIoU__net.pth.tar")
    loaded = load_weights("mshnet", file)
    assert same(loaded, network)
    assert loaded.weights_info.wrappers == ("state_dict",)
    file.write_bytes(bytes(len(content)))  # nothing may still be mapped from the file
    assert same(loaded, network)


def test_scores_of_an_older_numpy(network: Any, document: Any, tmp_path: Path) -> None:
    content = changed_pickle(
        stored(document), lambda data: data.replace(b"numpy._core.", b"numpy.core.")
    )
    assert b"numpy.core." in content
    assert same(load_weights("mshnet", write(tmp_path, content)), network)


def test_hash(document: Any, tmp_path: Path) -> None:
    import hashlib

    content = stored(document)
    loaded = load_weights("mshnet", write(tmp_path, content))
    assert loaded.weights_info.sha256 == hashlib.sha256(content).hexdigest()


class Payload:
    """Runs a command in whoever unpickles it."""

    def __init__(self, sign: Path) -> None:
        self.sign = sign

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.sign}",)


@pytest.mark.parametrize("where", ["zip", "legacy", "pickle", "value"])
def test_code_is_refused_and_not_run(document: Any, where: str, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    evil: Any = {**document, "extra": Payload(sign)}
    if where == "value":
        evil = {**document["state_dict"], "final.bias": Payload(sign)}
    content = {
        "zip": lambda: stored(evil),
        "value": lambda: stored(evil),
        "legacy": lambda: stored(evil, _use_new_zipfile_serialization=False),
        "pickle": lambda: pickle.dumps({"state_dict": Payload(sign)}),
    }[where]()
    file = write(tmp_path, content)
    with pytest.raises(WeightsError) as raised:
        load_weights("mshnet", file)
    assert not sign.exists()
    assert "\n" not in str(raised.value)
    assert str(file) in str(raised.value)
    if where != "pickle":
        assert "holds code (posix.system), which sirst5k never runs" in str(raised.value)
    # The payload works where one is careless: else the test proved nothing.
    if where == "zip":
        torch.load(file, weights_only=False)
        assert sign.exists()


def test_a_whole_module_is_code(tmp_path: Path) -> None:
    file = write(tmp_path, stored(torch.nn.Conv2d(1, 1, 1)))
    with pytest.raises(WeightsError, match=r"holds code \(torch.nn.modules.conv.Conv2d\)"):
        load_weights("mshnet", file)


def test_compressed_archives_are_refused(document: Any, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(stored(document))) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr("archive/data/bomb", bytes(1 << 24))
    with pytest.raises(WeightsError, match="unpacks to more than it is long"):
        load_weights("mshnet", write(tmp_path, buffer.getvalue()))


def test_compressed_archives_are_not_mapped(document: Any, tmp_path: Path) -> None:
    """Their bytes would be taken for weights, even where they unpack to little."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(stored(document))) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.comment = bytes(60_000)
    assert sum(entry.file_size for entry in new.infolist()) < len(buffer.getvalue())
    with pytest.raises(WeightsError, match="is compressed"):
        load_weights("mshnet", write(tmp_path, buffer.getvalue()))


def test_entries_that_share_bytes_are_refused(document: Any, tmp_path: Path) -> None:
    """A directory that lists the same bytes many times: a bomb without compression."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as new:
        new.writestr("archive/data.pkl", bytes(1 << 16))
        first = new.infolist()[0]
        for number in range(100):
            again = zipfile.ZipInfo(f"archive/data/{number}")
            for name in ("header_offset", "file_size", "compress_size", "CRC", "flag_bits"):
                setattr(again, name, getattr(first, name))
            new.filelist.append(again)
            new.NameToInfo[again.filename] = again
    with pytest.raises(WeightsError, match="unpacks to more than it is long"):
        load_weights("mshnet", write(tmp_path, buffer.getvalue()))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "damaged or none"),
        (b"\x80", "damaged or none"),
        (b"PK\x03\x04", "damaged or none"),
        (bytes(1000), "damaged or none"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "is a Git LFS pointer"),
        (pickle.dumps([1, 2]), "state dict|damaged"),
    ],
)
def test_garbage(content: bytes, sentence: str, tmp_path: Path) -> None:
    for name in ("w.pth", "w.safetensors"):
        with pytest.raises(WeightsError) as raised:
            load_weights("mshnet", write(tmp_path, content, name))
        assert "\n" not in str(raised.value)
    with pytest.raises(WeightsError, match=sentence):
        load_weights("mshnet", tmp_path / "w.pth")


@pytest.mark.parametrize("archive", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_cut_off(document: Any, archive: bool, part: float, tmp_path: Path) -> None:
    content = stored(document["state_dict"], _use_new_zipfile_serialization=archive)
    file = write(tmp_path, content[: int(part * len(content))])
    with pytest.raises(WeightsError, match="damaged or none"):
        load_weights("mshnet", file)


@pytest.mark.parametrize("archive", [True, False], ids=["zip", "legacy"])
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_damage_is_a_weights_error_or_none(
    tmp_path_factory: pytest.TempPathFactory, archive: bool, data: st.DataObject
) -> None:
    state = {"final.weight": torch.ones(2, 3), "final.bias": torch.ones(2)}
    content = bytearray(stored(state, _use_new_zipfile_serialization=archive))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file = write(tmp_path_factory.getbasetemp(), bytes(content), f"fuzz{archive}.pth")
    with pytest.raises(WeightsError) as raised:
        load_weights("mshnet", file)
    assert "\n" not in str(raised.value)

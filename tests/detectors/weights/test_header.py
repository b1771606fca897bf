"""Headers of safetensors files, and our metadata in them; without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirst5k.detectors import read_metadata
from sirst5k.detectors.normalisation import Normalisation
from sirst5k.detectors.weights.header import LIMIT, read_header
from sirst5k.errors import WeightsError

DOCUMENT = {
    "version": 1,
    "name": "mshnet",
    "config": {"in_channels": 3, "widths": [4, 8]},
    "normalisation": {"mean": [0.4], "std": [0.1]},
    "parameters": 6,
    "sirst5k": "0.1.0",
    "created": "2026-01-01T00:00:00+00:00",
    "source": "",
    "source_sha256": "",
    "extra": {},
}
ENTRIES = {
    "b": {"dtype": "F32", "shape": [2, 3], "data_offsets": [8, 32]},
    "a": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]},
}


def packed(header: Any, data: bytes = bytes(32), length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def write(folder: Path, content: bytes) -> Path:
    file = folder / "w.safetensors"
    file.write_bytes(content)
    return file


def ours(**changes: Any) -> dict[str, Any]:
    return {"__metadata__": {"sirst5k": json.dumps({**DOCUMENT, **changes})}, **ENTRIES}


def test_header(tmp_path: Path) -> None:
    header = read_header(write(tmp_path, packed(ours())))
    assert header.shapes == {"a": (), "b": (2, 3)}
    assert header.dtypes == {"a": "I64", "b": "F32"}


def test_metadata(tmp_path: Path) -> None:
    said = read_metadata(write(tmp_path, packed(ours())))
    assert (said.name, said.config["widths"], said.parameters) == ("mshnet", [4, 8], 6)
    assert said.normalisation == Normalisation((0.4,), (0.1,))
    assert json.loads(said.to_text()) == DOCUMENT


def test_reading_loads_no_torch(tmp_path: Path) -> None:
    file = write(tmp_path, packed(ours()))
    program = (
        "import sys; from sirst5k.detectors import read_metadata; "
        f"print(read_metadata({str(file)!r}).name, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["mshnet", "False"]


def entries(**changes: Any) -> dict[str, Any]:
    return {**ENTRIES, "b": {**ENTRIES["b"], **changes}}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "ends before its header"),
        (b"\x05\0\0", "ends before its header"),
        (packed(ENTRIES)[:40], "ends before its header"),
        (packed(ENTRIES)[:-1], "holds 31 bytes of tensors instead of 32"),
        (packed(ENTRIES) + b"x", "holds 33 bytes of tensors instead of 32"),
        (packed(ENTRIES, length=1 << 62), "ends before its header"),
        (packed(b"{}", bytes(LIMIT + 100), LIMIT + 1), "exceeds"),
        (packed(b"not json"), "no JSON"),
        (packed(b"\xff\xfe"), "no JSON"),
        (packed(b"[" * 100_000), "no JSON"),
        (packed(b'{"a":' + b"9" * 5000 + b"}"), "no JSON"),
        (packed(b"[]"), "lists no tensors"),
        (packed(b'{"a": 1, "a": 1}'), "no JSON"),
        (packed({"__metadata__": 3}), "metadata are no texts"),
        (packed({"__metadata__": {"a": 3}}), "metadata are no texts"),
        (packed({"a": 3}), "no dtype, shape and offsets"),
        (packed(entries(more=1)), "no dtype, shape and offsets"),
        (packed(entries(dtype="F33")), "unknown dtype 'F33'"),
        (packed(entries(dtype=[])), "unknown dtype"),
        (packed(entries(shape=[2, -3])), "no short lists"),
        (packed(entries(shape=[True, 6])), "no short lists"),
        (packed(entries(shape=[1] * 40)), "no short lists"),
        (packed(entries(shape=[2, 3.0])), "no short lists"),
        (packed(entries(shape=[10**18, 10**18])), "does not take 24 bytes"),
        (packed(entries(data_offsets=[8, 1 << 70])), "no short lists"),
        (packed(entries(data_offsets=[8])), "no short lists"),
        (packed(entries(data_offsets=[4, 28])), "begins at 4 instead of 8"),
        (packed(entries(data_offsets=[32, 8])), "does not take -24 bytes"),
    ],
)
def test_damaged(tmp_path: Path, content: bytes, reason: str) -> None:
    file = write(tmp_path, content)
    with pytest.raises(WeightsError) as raised:
        read_header(file)
    assert reason in str(raised.value)
    assert str(file) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "cannot be understood"),
        ("[1]", "cannot be understood"),
        ("[" * 100_000, "cannot be understood"),
        (json.dumps({"version": 1}), "cannot be understood"),
        (json.dumps({**DOCUMENT, "more": 1}), "cannot be understood"),
        (json.dumps({**DOCUMENT, "name": 3}), "cannot be understood"),
        (json.dumps({**DOCUMENT, "config": []}), "cannot be understood"),
        (json.dumps({**DOCUMENT, "parameters": "many"}), "cannot be understood"),
        (json.dumps({**DOCUMENT, "extra": {"a": 1}}), "cannot be understood"),
        (json.dumps({**DOCUMENT, "normalisation": {"mean": [0]}}), "cannot be understood"),
        (json.dumps({**DOCUMENT, "normalisation": 3}), "cannot be understood"),
        (
            json.dumps({**DOCUMENT, "normalisation": {"mean": [0.0], "std": [0.0]}}),
            "cannot be understood",
        ),
        (json.dumps({**DOCUMENT, "version": 2}), "is in version 2"),
    ],
)
def test_damaged_metadata(tmp_path: Path, text: str, sentence: str) -> None:
    file = write(tmp_path, packed({"__metadata__": {"sirst5k": text}, **ENTRIES}))
    with pytest.raises(WeightsError, match=sentence):
        read_metadata(file)


def test_not_ours_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="sirst5k weights import NAME"):
        read_metadata(write(tmp_path, packed(ENTRIES)))
    with pytest.raises(WeightsError, match="No such file"):
        read_metadata(tmp_path / "none.safetensors")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_damage_is_a_weights_error_or_none(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(packed(ours()))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    file = tmp_path_factory.getbasetemp() / "fuzz.safetensors"
    file.write_bytes(bytes(content if data.draw(st.booleans()) else content[:cut]))
    try:
        read_metadata(file)
    except WeightsError as error:
        assert "\n" not in str(error)  # noqa: PT017

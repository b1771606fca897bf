"""Lists, recipes, noise banks and COCO documents for fuzzing: damaged, wrong, and malicious."""

from __future__ import annotations

import io
import json
import pickle
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from fuzz.images import DAMAGES
from numpy.lib import format as npy

from sirst5k import NoiseBank, Recipe


class Payload:
    """Writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (open, ("PWNED", "w"))


def damaged(wholes: dict[str, bytes], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield `count` files made by a random damage each, most of the first two of `wholes`."""
    rng = np.random.default_rng(seed)
    files = list(wholes.items())
    for number in range(count):
        name, data = files[int(rng.integers(2 if rng.random() < 0.6 else len(files)))]
        damage = DAMAGES[int(rng.integers(len(DAMAGES)))]
        yield f"{number:05}-{damage.__name__}-{name}", damage(data, rng)


def lists() -> dict[str, bytes]:
    """Return split lists, right ones and others."""
    return {
        "plain.txt": b"a\nb\nc\n",
        "crlf.txt": b"a\r\nb\r\nc",
        "blank.txt": b"\n\n  \n\t\n",
        "empty.txt": b"",
        "bom.txt": b"\xef\xbb\xbfa\nb\n",
        "utf16.txt": "a\nb\n".encode("utf-16"),
        "latin.txt": "é\n".encode("latin-1"),
        "zeros.txt": bytes(5000),
        "up.txt": b"../../etc/passwd\n",
        "deep-up.txt": b"a/b/../../../c\n",
        "absolute.txt": b"/etc/passwd\n",
        "drive.txt": b"C:\\Windows\\a\n",
        "share.txt": b"\\\\server\\a\n",
        "backslash-up.txt": b"..\\a\n",
        "nul.txt": b"a\0b\n",
        "one-line.txt": b"x" * 1_000_000,
        "many-lines.txt": b"a\n" * 100_000,
        "long-number.txt": b"9" * 5000 + b"\n",
        "image.txt": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        "separators.txt": "a\u2028b\x85c\x1cd\n".encode(),
        "unpaired.txt": b"\xed\xa0\x80\n",
    }


def recipes() -> dict[str, bytes]:
    """Return recipes, right ones and others."""
    bombs = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{chr(98 + k)}: &{chr(98 + k)} [{','.join(['*' + chr(97 + k)] * 9)}]\n" for k in range(9)
    )
    texts = {
        "sirst5k": Recipe.load("sirst5k").to_text(),
        "reference": Recipe.load("reference").to_text(),
        "laughs": bombs + "size: *j\n",
        "laughs-inside": f"size: [{_nested_aliases()}]",
        "aliases": "size: &a [1]\nname: *a\n",
        "itself": "&a\nsize: *a\n",
        "nest": "size: " + "[" * 900 + "]" * 900,
        "deep-nest": "[" * 50_000,
        "vast-number": "size: " + "9" * 5000,
        "vast-share": "displacement: {method: mixup, weights: [" + "9" * 400 + "]}",
        "sexagesimal": "size: " + ":".join(["59"] * 3000),
        "no-date": "name: 2024-13-45",
        "no-time": "name: 2024-12-12 99:99:99",
        "no-float": "name: !!float x",
        "no-int": "name: !!int x",
        "no-bool": "name: !!bool maybe",
        "binary": "name: !!binary '$$$'",
        "apply": "name: !!python/object/apply:builtins.open ['PWNED', 'w']",
        "new": "!!python/object/new:builtins.open ['PWNED', 'w']",
        "name": "name: !!python/name:os.system",
        "module": "name: !!python/module:os",
        "list-key": "? [a]\n: b",
        "method-list": "displacement: {method: [a]}",
        "method-map": "negatives: {method: {a: b}}",
        "number-key": "1: 2",
        "merge": "<<: 3",
        "set": "!!set {a, b}",
        "omap": "!!omap [a: 1]",
        "not-a-number": "displacement: {method: mixup, weights: [.nan]}",
        "infinite": "variants: .inf",
        "too-many": "variants: 99999999999999999999999999",
        "negative": "variants: -1",
        "zero-byte": 'name: "a\\0b"',
        "surrogate": 'name: "\\ud800"',
        "two": "---\nsize: 1\n---\nsize: 2",
        "long": "name: " + "x" * 1_000_000,
        "many-keys": "\n".join(f"k{number}: {number}" for number in range(50_000)),
        "empty": "",
        "text": "hello",
        "tab": "\tname: x",
        "tag": "!foo bar",
    }
    wholes = {f"{name}.yaml": text.encode() for name, text in texts.items()}
    return wholes | {"latin.yaml": b"name: \xe9", "zeros.yaml": bytes(100)}


def _nested_aliases() -> str:
    """Return lists of lists of lists …, some hundred characters that stand for 9**12 numbers."""
    found = ["&a [1,1,1,1,1,1,1,1,1]"]
    for number in range(11):
        before, name = chr(97 + number), chr(98 + number)
        found.append(f"&{name} [{','.join([f'*{before}'] * 9)}]")
    return ", ".join(found)


def banks() -> dict[str, bytes]:
    """Return noise banks, right ones and others."""
    rng = np.random.default_rng(0)
    wide = NoiseBank.from_windows((100 + 3 * rng.normal(size=(6, 8, 8))).astype(np.uint16))
    arrays = _arrays(wide)
    found = {"wide.npz": _saved(arrays), "not-packed.npz": _saved(arrays, zipfile.ZIP_STORED)}
    odd: dict[str, object] = {
        "windows": rng.normal(size=(6, 8, 8)) + 1j,
        "origin": np.full((6, 3), 99),
        "power": -np.ones((8, 8)),
        "quantiles": np.array([3.0, 2.0, np.nan]),
        "header": np.zeros(10, np.float32),
    }
    for name, value in odd.items():
        found[f"odd-{name}.npz"] = _saved({**arrays, name: value})
        found[f"no-{name}.npz"] = _saved({k: v for k, v in arrays.items() if k != name})
        found[f"empty-{name}.npz"] = _saved({**arrays, name: np.zeros((0, 0, 0), np.uint8)})
    headers: dict[str, object] = {
        "scale": {"full_scale": -1},
        "no-scale": {"full_scale": "white"},
        "endless-scale": {"full_scale": float("inf")},
        "sources": {"sources": {"a": 1}},
        "source": {"sources": [1]},
        "report": {"report": 7},
        "version": {"version": ["x" * 1000]},
        "format": {"format": None},
    }
    stored = json.loads(arrays["header"].tobytes())
    for name, change in headers.items():
        text = json.dumps({**stored, **change}).encode()
        found[f"header-{name}.npz"] = _saved({**arrays, "header": np.frombuffer(text, np.uint8)})
    nest = np.frombuffer(b"[" * 100_000, np.uint8)
    found["header-nest.npz"] = _saved({**arrays, "header": nest})
    found["pickled.npz"] = _saved({**arrays, "header": np.array([Payload()], dtype=object)})
    found["pickle.npz"] = pickle.dumps(Payload())
    found |= {f"{name}.npz": data for name, data in _false_archives(arrays)}
    for number in range(60):
        name = str(rng.choice(list(arrays)))
        found[f"random-{number}-{name}.npz"] = _saved({**arrays, name: _any_array(rng)})
    found |= {"empty.npz": b"", "zeros.npz": bytes(4096), "text.npz": b"hello, world\n" * 30}
    return found


def _arrays(bank: NoiseBank) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        bank.save(Path(folder) / "bank.npz")
        with np.load(Path(folder) / "bank.npz") as stored:
            return {name: stored[name] for name in stored.files}


def _any_array(rng: np.random.Generator) -> np.ndarray:
    kind = str(rng.choice(["u1", "<u2", ">u2", "<i4", "<i8", "<f2", "<f4", "<f8", ">f8", "?"]))
    shape = [(6, 8, 8), (6, 3), (8, 8), (40,), (), (0,), (1, 1, 1)][int(rng.integers(7))]
    values = rng.normal(size=shape) * float(rng.choice([1, 50, 1e6]))
    with np.errstate(all="ignore"):
        return np.asarray(values).astype(kind)


def _saved(arrays: dict[str, object], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            npy.write_array(member, np.asanyarray(array))
            archive.writestr(f"{name}.npy", member.getvalue())
    return buffer.getvalue()


def _member(header: bytes, data: bytes = b"") -> bytes:
    text = header + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def _false_archives(arrays: dict[str, np.ndarray]) -> Iterator[tuple[str, bytes]]:
    """Yield archives that are larger than they look, or look larger than they are."""
    for name, shape in (
        ("vast", "(10**12,)"),
        ("vast-number", "(1000000000000,)"),
        ("minus", "(-1, 8, 8)"),
    ):
        form = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}".encode()
        yield name, _with_member(arrays, "windows.npy", _member(form))
    for name, form in (
        ("no-dict", b"[1, 2]"),
        ("code", b"{'descr': __import__('os').system('touch PWNED'), 'shape': ()}"),
        ("object", b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"),
        ("text", b"{'descr': '<U9', 'fortran_order': False, 'shape': (1,)}"),
        ("record", b"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}"),
        ("deep", b"(" * 9000),
        ("binary", bytes(range(128, 256))),
    ):
        yield f"form-{name}", _with_member(arrays, "windows.npy", _member(form, bytes(64)))
    yield "member-cut", _with_member(arrays, "windows.npy", b"\x93NUMPY")
    yield "member-version", _with_member(arrays, "windows.npy", b"\x93NUMPY\x09\x00" + bytes(99))
    zeros = _member(b"{'descr': '|u1', 'fortran_order': False, 'shape': (300000, 32, 32)}")
    yield "bomb", _with_member(arrays, "windows.npy", zeros + bytes(300_000 * 1024))
    data = _saved(arrays)
    yield "comment", data[:-2] + b"\x05\x00hello"
    yield "twice", data + data
    yield "after", data + b"rubbish"
    encrypted = bytearray(data)
    for place in _places(data, b"PK\1\2"):
        encrypted[place + 8] |= 1
    yield "encrypted", bytes(encrypted)
    for method in (1, 9, 12, 14, 99):
        packed = bytearray(data)
        for start, offset in ((b"PK\1\2", 10), (b"PK\3\4", 8)):
            for place in _places(data, start):
                packed[place + offset] = method
        yield f"method-{method}", bytes(packed)
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number}.npy", b"")
    yield "many-members", many.getvalue()


def _with_member(arrays: dict[str, np.ndarray], name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(name, data)
        for other, array in arrays.items():
            if f"{other}.npy" != name:
                member = io.BytesIO()
                npy.write_array(member, array)
                archive.writestr(f"{other}.npy", member.getvalue())
    return buffer.getvalue()


def _places(data: bytes, start: bytes) -> Iterator[int]:
    place = data.find(start)
    while place >= 0:
        yield place
        place = data.find(start, place + 1)


def coco_documents() -> dict[str, bytes]:
    """Return COCO documents of one image ``a.png`` of 48×40, right ones and others."""
    image = {"id": 1, "file_name": "a.png", "width": 48, "height": 40}
    square = [[10, 10, 13, 10, 13, 13, 10, 13]]
    whole = {"images": [image], "annotations": [{"id": 1, "image_id": 1, "segmentation": square}]}

    def segmented(value: object) -> dict[str, object]:
        return {**whole, "annotations": [{"id": 1, "image_id": 1, "segmentation": value}]}

    def named(name: object, number: object = 1) -> dict[str, object]:
        return {**whole, "images": [{"id": number, "file_name": name}]}

    zigzag = [place for k in range(20_000) for place in (k % 48, (k % 2) * 40)]
    documents = {
        "whole": whole,
        "runs": segmented({"size": [40, 48], "counts": [5, 3, 40 * 48 - 8]}),
        "packed": segmented({"size": [40, 48], "counts": "d1000d1000"}),
        "runs-short": segmented({"size": [40, 48], "counts": [5, 3]}),
        "runs-negative": segmented({"size": [40, 48], "counts": [-5, 40 * 48 + 5]}),
        "runs-text": segmented({"size": [40, 48], "counts": ["a"]}),
        "runs-vast": segmented({"size": [40, 48], "counts": [10**30]}),
        "runs-zeros": segmented({"size": [40, 48], "counts": [0] * 100_000 + [40 * 48]}),
        "packed-long": segmented({"size": [40, 48], "counts": "o" * 100_000}),
        "packed-odd": segmented({"size": [40, 48], "counts": "é\u2028"}),
        "size": segmented({"size": [10**9, 10**9], "counts": [10**18]}),
        "no-size": segmented({"counts": [1]}),
        "zigzag": segmented([zigzag] * 50),
        "far": segmented([[1e6, 1e6, -1e6, 1e6, 5, -1e6]]),
        "very-far": segmented([[1e300, 0, 0, 1e300, 1e300, 1e300]]),
        "odd-count": segmented([[1, 2, 3, 4, 5, 6, 7]]),
        "two-corners": segmented([[1, 2, 3, 4]]),
        "flat": segmented([[1, 2, 3, 2, 9, 2]]),
        "texts": segmented([["a"] * 8]),
        "text": segmented("abc"),
        "number": segmented(7),
        "boxes-only": segmented(None),
        "empty-outline": segmented([]),
        "true": segmented([[True] * 8]),
        "up": named("../a.png"),
        "absolute": named("/etc/a.png"),
        "drive": named("C:\\a.png"),
        "zero-byte": named("a\0.png"),
        "surrogate": named("\ud800.png"),
        "newline": named("a\n.png"),
        "no-image": named("a.txt"),
        "number-name": named(7),
        "missing": named("b.png"),
        "text-id": named("a.png", "1"),
        "list-id": named("a.png", [1]),
        "twice": {**whole, "images": [image, image]},
        "stranger": {**whole, "annotations": [{"image_id": 9}]},
        "stranger-list": {**whole, "annotations": [{"image_id": [9]}]},
        "no-annotations": {"images": [image]},
        "lists": [[], []],
        "null": None,
    }
    found = {f"{name}.json": json.dumps(value).encode() for name, value in documents.items()}
    found["not-a-number.json"] = found["whole.json"].replace(b"13", b"NaN")
    found["infinity.json"] = found["whole.json"].replace(b"13", b"-Infinity")
    found["vast-number.json"] = found["whole.json"].replace(b"13", b"9" * 5000)
    return found | {"nest.json": b"[" * 200_000, "empty.json": b"", "zeros.json": bytes(999)}

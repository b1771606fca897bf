"""The header of a safetensors file: what is in it, checked to the last byte, without torch."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sirst5k.errors import WeightsError

LIMIT = 16 << 20
"""Longest header that is read, in bytes; the largest network here needs 60 thousand."""

_METADATA = "__metadata__"
_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1,
    "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4,
    "U64": 8, "I64": 8, "F64": 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """What a safetensors file says about itself.

    Attributes
    ----------
    shapes : dict of str to tuple of int
        Of each tensor.
    dtypes : dict of str to str
        Of each tensor, as ``F32``.
    metadata : dict of str to str
    """

    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    dtypes: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


def read_header(path: Path) -> Header:
    """Return the header of a safetensors file.

    Every number in it is compared with the size of the file: tensors lie one behind the
    other, from the end of the header to the end of the file.

    Raises
    ------
    WeightsError
        If the file cannot be read, or anything does not fit.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > size - 8:
                raise _DamagedError(f"it ends before its header of {length} bytes")
            if length > LIMIT:
                raise _DamagedError(f"its header of {length} bytes exceeds {LIMIT}")
            text = file.read(length)
        return _parse(text, size - 8 - length)
    except _DamagedError as damage:
        raise WeightsError(
            f"Expected a safetensors file, but {path} is damaged or none: {damage}. Copy or "
            f"convert it again."
        ) from None
    except OSError as error:
        raise WeightsError(f"Cannot read the weights {path}: {error.strerror}.") from error


class _DamagedError(Exception):
    """What is wrong, as the end of a sentence."""


def _parse(text: bytes, stored: int) -> Header:
    try:
        document = json.loads(text.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _DamagedError("its header is no JSON text") from error
    if not isinstance(document, dict):
        raise _DamagedError("its header lists no tensors")
    metadata = document.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _DamagedError("its metadata are no texts")
    header = Header(metadata=metadata)
    spans = [_entry(name, entry, header) for name, entry in document.items()]
    end = 0
    for start, stop, name in sorted(spans):
        if start != end:
            raise _DamagedError(f"the tensor {name} begins at {start} instead of {end}")
        end = stop
    if end != stored:
        raise _DamagedError(f"it holds {stored} bytes of tensors instead of {end}")
    return header


def _entry(name: str, entry: Any, header: Header) -> tuple[int, int, str]:
    """Note one tensor and return its span."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _DamagedError(f"the tensor {name} has no dtype, shape and offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BYTES:
        raise _DamagedError(f"the tensor {name} has the unknown dtype {dtype!r:.40}")
    if not (_counts(shape) and len(shape) <= 16 and _counts(offsets) and len(offsets) == 2):
        raise _DamagedError(f"shape or offsets of the tensor {name} are no short lists of numbers")
    start, stop = offsets
    if stop - start != math.prod(shape) * _BYTES[dtype]:
        raise _DamagedError(
            f"the tensor {name} of shape {shape} does not take {stop - start} bytes"
        )
    header.shapes[name], header.dtypes[name] = tuple(shape), dtype
    return start, stop, name


def _counts(values: Any) -> bool:
    return isinstance(values, list) and all(
        type(value) is int and 0 <= value < 1 << 63 for value in values
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that comes twice: readers differ in which one they take."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)

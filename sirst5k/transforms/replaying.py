"""Doing again what was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sirst5k.errors import NoiseError, ParameterError
from sirst5k.sample import Image
from sirst5k.transforms.banks import BankLike
from sirst5k.transforms.checking import Plane
from sirst5k.transforms.compose import Compose
from sirst5k.transforms.decoys import ClutterDecoys
from sirst5k.transforms.displacement import NoiseDisplacement
from sirst5k.transforms.drawn import Parameters, op_of, operations
from sirst5k.transforms.paste import TargetPaste
from sirst5k.transforms.rotation import NegativeRotation
from sirst5k.transforms.transform import Transform


def replay(
    image: Image,
    mask: Plane,
    recorded: Parameters | Iterable[Parameters],
    bank: BankLike | None = None,
    **others: Any,
) -> Any:
    """Apply recorded operations to the image and mask that they were drawn for.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    mask : (H, W) array
    recorded : mapping, or iterable of mappings
        What `Transform.draw` returned, or a sample's ``meta["operations"]``, whether a
        transform or the synthesis wrote it.
    bank : NoiseBank, str or path, optional
        That of the noise; needed if there is any.
    **others
        ``images``, ``masks``, ``boxes`` and ``points``, as in a call.

    Returns
    -------
    (image, mask), or dict
        As a call of a transform.
    """
    parts = [recorded] if isinstance(recorded, Mapping) else recorded
    steps = [step for part in parts for step in operations(part)]
    made: dict[str, Transform] = {}
    for step in steps:
        op = op_of(step)
        if op not in made:
            made[op] = _operation(op, bank)
    pipeline = Compose([made[step["op"]] for step in steps])
    return pipeline.apply(image, mask, {"op": "sequence", "parts": steps}, **others)


def _operation(op: str, bank: BankLike | None) -> Transform:
    if op == NoiseDisplacement.op:
        if bank is None:
            raise NoiseError(
                "Expected the noise bank that the operations were drawn with, got none: bank=…."
            )
        return NoiseDisplacement(bank)
    for kind in (NegativeRotation, TargetPaste, ClutterDecoys):
        if op == kind.op:
            return kind()
    raise ParameterError(f"params: expected recorded operations, got op {op!r}.")

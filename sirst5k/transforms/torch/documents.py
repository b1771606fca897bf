"""What the documents of drawn parameters have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from sirst5k.errors import ParameterError


def is_nothing(document: Mapping[str, Any]) -> bool:
    """Return whether a document says that the sample is left alone."""
    return document.get("op") == "nothing"


def check_count(documents: Sequence[Mapping[str, Any]], images: Tensor) -> None:
    """Raise `ParameterError` unless there is one document for each image of a batch."""
    if images.ndim != 4:
        raise ParameterError(
            f"Expected images (B, 1, H, W), which single images' parameters are for, got "
            f"{tuple(images.shape)}."
        )
    if len(documents) != len(images):
        raise ParameterError(
            f"Expected one document for each of {len(images)} images, got {len(documents)}."
        )

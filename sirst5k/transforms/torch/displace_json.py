"""Noise as tensors and as the array version's documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sirst5k.errors import ParameterError
from sirst5k.synthesis.displacing import residual_field
from sirst5k.synthesis.parameters import MixupDisplacement
from sirst5k.transforms.canvas import canvas_field, canvas_side
from sirst5k.transforms.displacement import NoiseDisplacement
from sirst5k.transforms.torch.documents import check_count, is_nothing

Parameters = dict[str, Any]


def noise_from_json(
    documents: Sequence[Mapping[str, Any]], images: Tensor, single: NoiseDisplacement
) -> Parameters:
    """Return parameters of `NoiseDisplacement` for documents of ``{"op": "displace", ...}``."""
    check_count(documents, images)
    shape = (images.shape[-2], images.shape[-1])
    meant = [document for document in documents if not is_nothing(document)]
    for document in meant:
        _check(document, single)
    fields = np.zeros((len(documents), 1, *shape), np.float32)
    for place, document in enumerate(documents):
        if not is_nothing(document):
            fields[place, 0] = _field(document, single, shape, images.dtype)

    def column(name: str) -> Tensor:
        values = [float(document.get(name) or 0) for document in documents]
        return torch.tensor(values, dtype=torch.float32, device=images.device)

    applied = torch.tensor([not is_nothing(document) for document in documents])
    parameters: Parameters = {
        "applied": applied.to(images.device),
        "field": torch.from_numpy(fields).to(images.device),
    }
    if isinstance(single.settings, MixupDisplacement):
        return {**parameters, "weight": column("weight")}
    parameters["std"] = column("std")
    if single.settings.scr_range is not None:
        parameters["scr"] = column("scr")
    return parameters


def noise_to_json(
    parameters: Mapping[str, Any], images: Tensor, single: NoiseDisplacement
) -> list[dict[str, Any]]:
    """Return what the array version would have drawn, one document a sample."""
    settings = single.settings
    name = next((name for name in ("place", "tile") if name in parameters), None)
    if name is None or parameters[name].shape[1] != 1:
        raise ParameterError(
            "Expected parameters of single images that are windows of the canvas or stretched "
            "tiles: a field that was made from a seed on a device has no document."
        )
    drawn = parameters[name][:, 0].tolist()
    side = canvas_side(single.canvas, (images.shape[-2], images.shape[-1]))
    strength = "weight" if isinstance(settings, MixupDisplacement) else "std"
    strengths = parameters[strength].tolist()
    scrs = parameters["scr"].tolist() if "scr" in parameters else [None] * len(drawn)
    documents: list[dict[str, Any]] = []
    for place, applied in enumerate(parameters["applied"].tolist()):
        if not applied:
            documents.append({"op": "nothing"})
            continue
        document: dict[str, Any] = {
            "op": "displace",
            "method": settings.method,
            "field": settings.field,
        }
        if name == "place":
            document["canvas"] = [side, 0]
        document |= {name: drawn[place], strength: strengths[place]}
        if not isinstance(settings, MixupDisplacement):
            document |= {"signal_dependence": settings.signal_dependence, "scr": scrs[place]}
        documents.append(document)
    return documents


def _check(document: Mapping[str, Any], single: NoiseDisplacement) -> None:
    settings = single.settings
    expected: dict[str, Any] = {"op": "displace", "method": settings.method}
    if not isinstance(settings, MixupDisplacement):
        expected["signal_dependence"] = settings.signal_dependence
        if (document.get("scr") is None) != (settings.scr_range is None):
            raise ParameterError(
                f"Expected a transform {'with' if settings.scr_range is None else 'without'} "
                f"scr_range for noise with scr {document.get('scr')}."
            )
    for key, value in expected.items():
        if document.get(key) != value:
            raise ParameterError(
                f"Expected noise with {key} {value!r}, as the transform has it, got "
                f"{document.get(key)!r}."
            )


def _field(
    document: Mapping[str, Any],
    single: NoiseDisplacement,
    shape: tuple[int, int],
    dtype: torch.dtype,
) -> np.ndarray[Any, Any]:
    """Return the field of a document as `NoiseDisplacement` wants it."""
    bank, mixes = single.bank, single.method == "mixup"
    if mixes and "tile" in document:
        from sirst5k.noise import resize_field

        return resize_field(bank.windows[document["tile"]] / bank.full_scale, shape)
    if "canvas" in document:
        name = str(dtype).removeprefix("torch.")
        kind = np.dtype(name if name in ("uint8", "uint16") else np.float32)
        field: np.ndarray[Any, Any] = canvas_field(bank, document, shape, kind)
    else:
        field = residual_field(bank, document, shape)
    if mixes:
        field = (field + bank.windows.mean(dtype=np.float64)) / bank.full_scale
    return field

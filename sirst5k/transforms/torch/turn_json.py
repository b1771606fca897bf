"""Turned windows as tensors and as the array version's documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from sirst5k.errors import ParameterError
from sirst5k.synthesis.parameters import AdaptiveNegatives, Negatives
from sirst5k.transforms.torch.documents import check_count, is_nothing
from sirst5k.transforms.torch.turn_kernel import schedule

Parameters = dict[str, Any]


def turns_from_json(
    documents: Sequence[Mapping[str, Any]],
    images: Tensor,
    settings: Negatives,
    max_targets: int,
    max_area: int,
    passes: int,
) -> Parameters:
    """Return parameters of `NegativeRotation` for documents of ``{"op": "turn", ...}``."""
    check_count(documents, images)
    turns = [_turns(document, settings) for document in documents]
    count = max([max_targets, *map(len, turns)])
    rows = torch.zeros(len(documents), count, 6, dtype=torch.int64)
    for sample, listed in enumerate(turns):
        for place, turn in enumerate(listed):
            values = [*turn["window"], turn["symmetry"], turn.get("margin", 0)]
            rows[sample, place] = torch.tensor(values)
    window, symmetry, margin = rows[..., :4], rows[..., 4], rows[..., 5]
    _check_inside(window, symmetry, images)
    layer = schedule(window, symmetry, max_area, passes)
    if ((symmetry != 0) & (layer < 0)).any():
        raise ParameterError(
            f"Expected windows of at most {max_area} pixels an image in all, of which at most "
            f"{passes} overlap in a chain, got more. Raise max_area or passes."
        )
    applied = torch.tensor([not is_nothing(document) for document in documents])
    tensors = {
        "applied": applied,
        "window": window,
        "symmetry": symmetry,
        "margin": margin,
        "layer": layer,
    }
    return {name: tensor.to(images.device) for name, tensor in tensors.items()}


def turns_to_json(parameters: Mapping[str, Any], settings: Negatives) -> list[dict[str, Any]]:
    """Return what the array version would have drawn, one document a sample."""
    names = ("applied", "window", "symmetry", "margin")
    columns = (parameters[name].tolist() for name in names)
    documents: list[dict[str, Any]] = []
    for applied, windows, symmetries, margins in zip(*columns, strict=True):
        places = [place for place, window in enumerate(windows) if window[2] > 0]
        if not applied:
            documents.append({"op": "nothing"})
        elif isinstance(settings, AdaptiveNegatives):
            turns = [
                {
                    "target": place,
                    "window": windows[place],
                    "margin": margins[place],
                    "symmetry": symmetries[place],
                }
                for place in places
            ]
            head: dict[str, Any] = {"op": "turn", "method": "adaptive", "seam": settings.seam}
            documents.append({**head, "turns": turns})
        elif places:
            place = places[0]
            turn = {"target": place, "window": windows[place], "symmetry": symmetries[place]}
            documents.append({"op": "turn", "method": "patch", **turn})
        else:
            documents.append({"op": "nothing"})
    return documents


def _turns(document: Mapping[str, Any], settings: Negatives) -> list[Mapping[str, Any]]:
    if is_nothing(document):
        return []
    if document.get("op") != "turn" or document.get("method") != settings.method:
        raise ParameterError(
            f"Expected parameters of a turn by the method {settings.method}, got "
            f"{document.get('op')!r} by {document.get('method')!r}."
        )
    if not isinstance(settings, AdaptiveNegatives):
        return [document]
    if document["seam"] != settings.seam:
        raise ParameterError(
            f"Expected parameters for a {settings.seam} seam, got {document['seam']!r}. Make the "
            f"transform with seam={document['seam']!r}."
        )
    return list(document["turns"])


def _check_inside(window: Tensor, symmetry: Tensor, images: Tensor) -> None:
    """Raise `ParameterError` unless every window lies in the image and fits its symmetry."""
    size = torch.tensor(images.shape[-2:])
    outside = (window[..., :2] < 0) | (window[..., :2] + window[..., 2:] > size)
    lying = (symmetry % 2 == 1) & (window[..., 2] != window[..., 3])
    wrong = outside.any(-1) | lying | (symmetry < 0) | (symmetry > 7)
    if wrong.any():
        raise ParameterError(
            f"Expected windows inside images of {tuple(images.shape[-2:])}, square where they "
            f"are turned by a quarter, and symmetries of 0 to 7; got {window[wrong].tolist()} "
            f"with {symmetry[wrong].tolist()}."
        )

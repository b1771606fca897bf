"""Several transforms of batches as one: all in their order, or one of them for each sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sirst5k.errors import ParameterError
from sirst5k.transforms.drawn import op_of
from sirst5k.transforms.torch.documents import check_count, is_nothing
from sirst5k.transforms.torch.module import BatchTransform, Parameters
from sirst5k.transforms.torch.randomness import derive, uniform

_CHOICE = 1  # the stream of random numbers that chooses
_PARTS = 16  # from here on, numbers that the parts' seeds are derived by

Document = Mapping[str, Any]


class _Group(BatchTransform):
    """What `Compose` and `OneOf` share: parts that each see what those before them have left."""

    def __init__(self, transforms: Iterable[BatchTransform], p: float, seed: int | None) -> None:
        super().__init__(p, seed)
        self.transforms = nn.ModuleList()
        for part in transforms:
            if not isinstance(part, BatchTransform):
                raise ParameterError(
                    f"Expected transforms of sirst5k.transforms.torch, got {type(part).__name__}."
                )
            self.transforms.append(part)

    def check(self, images: Tensor, masks: Tensor | None, boxes: Tensor | None) -> None:
        """Raise an error if a part cannot be applied to such a batch."""
        for part in self.transforms:
            part.check(images, masks, boxes)

    def prepare(self, images: Tensor) -> None:
        """Prepare every part."""
        for part in self.transforms:
            part.prepare(images)

    def run(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        seeds: Tensor,
        applied: Tensor,
    ) -> tuple[Parameters, Tensor, Tensor | None, Tensor | None]:
        """Draw parameters part by part, applying each before the next is drawn."""
        parts = []
        for part, own, meant in zip(
            self.transforms, self._seeds(seeds), self._meant(seeds, applied), strict=True
        ):
            drawn, images, masks, boxes = part.run(images, masks, boxes, own, meant)
            parts.append(drawn)
        return {"applied": applied, "parts": parts}, images, masks, boxes

    def draw_for(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        seeds: Tensor,
        applied: Tensor,
    ) -> Parameters:
        """Draw parameters; the parts are applied on the way, for what comes after them."""
        return self.run(images, masks, boxes, seeds, applied)[0]

    def apply_to(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        parameters: Mapping[str, Any],
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Apply the parts' parameters one after the other."""
        for part, drawn in zip(self.transforms, parameters["parts"], strict=True):
            images, masks, boxes = part.apply_to(images, masks, boxes, drawn)
        return images, masks, boxes

    def from_json(self, documents: Sequence[Document], images: Tensor) -> Parameters:
        """Return the parameters of a batch from those of single images."""
        check_count(documents, images)
        columns = zip(*(self._split(document) for document in documents), strict=True)
        parts = [
            part.from_json(column, images)
            for part, column in zip(self.transforms, columns, strict=True)
        ]
        applied = torch.tensor([not is_nothing(document) for document in documents])
        return {"applied": applied.to(images.device), "parts": parts}

    def to_json(self, parameters: Mapping[str, Any], images: Tensor) -> list[dict[str, Any]]:
        """Return parameters as the array version has them; waits for the device."""
        columns = [
            part.to_json(drawn, images)
            for part, drawn in zip(self.transforms, parameters["parts"], strict=True)
        ]
        rows = zip(*columns, strict=True) if columns else [()] * len(images)
        return [
            self._joined(list(row)) if applied else {"op": "nothing"}
            for applied, row in zip(parameters["applied"].tolist(), rows, strict=True)
        ]

    def _seeds(self, seeds: Tensor) -> list[Tensor]:
        return [derive(seeds, _PARTS + place) for place in range(len(self.transforms))]

    def _meant(self, seeds: Tensor, applied: Tensor) -> list[Tensor]:
        """Return which samples each part is meant for."""
        raise NotImplementedError

    def _split(self, document: Document) -> list[Document]:
        """Return the document of each part."""
        raise NotImplementedError

    def _joined(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        """Return one document of those of the parts."""
        raise NotImplementedError


class Compose(_Group):
    """Apply transforms of batches one after the other.

    Parameters
    ----------
    transforms : iterable of BatchTransform
    p : float
        Probability, for each sample, that any of them is tried; each has its own `p` beside.
    seed : int, optional
        See `BatchTransform`; those of the parts play no role.
    """

    def __init__(
        self, transforms: Iterable[BatchTransform], *, p: float = 1.0, seed: int | None = None
    ) -> None:
        super().__init__(transforms, p, seed)

    def _meant(self, seeds: Tensor, applied: Tensor) -> list[Tensor]:
        own = zip(self.transforms, self._seeds(seeds), strict=True)
        return [applied & part.applied(each) if part.p < 1 else applied for part, each in own]

    def _split(self, document: Document) -> list[Document]:
        if is_nothing(document):
            return [document] * len(self.transforms)
        parts = document.get("parts") if op_of(document) == "sequence" else None
        if not isinstance(parts, list | tuple) or len(parts) != len(self.transforms):
            raise ParameterError(
                f"Expected a sequence of {len(self.transforms)} parts, got {document!r:.80}."
            )
        return list(parts)

    def _joined(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        return {"op": "sequence", "parts": parts}


class OneOf(_Group):
    """Apply one of several transforms of batches to each sample.

    Parameters
    ----------
    transforms : iterable of BatchTransform
        Their `p` are the weights of the choice; the chosen one is applied for certain.
    p : float
        Probability, for each sample, that any is applied.
    seed : int, optional
        See `BatchTransform`; those of the parts play no role.
    """

    def __init__(
        self, transforms: Iterable[BatchTransform], *, p: float = 1.0, seed: int | None = None
    ) -> None:
        super().__init__(transforms, p, seed)
        weights = [part.p for part in self.transforms]
        if not sum(weights) > 0:
            raise ParameterError("Expected at least one transform with p > 0, got none.")
        bounds = torch.tensor(weights).cumsum(0) / sum(weights)
        self.register_buffer("_bounds", bounds, persistent=False)

    def _meant(self, seeds: Tensor, applied: Tensor) -> list[Tensor]:
        drawn = uniform(seeds, _CHOICE, 1)[:, 0] * self._bounds[-1]
        chosen = torch.searchsorted(self._bounds, drawn, right=True)
        return [applied & (chosen == place) for place in range(len(self.transforms))]

    def _split(self, document: Document) -> list[Document]:
        parts: list[Document] = [{"op": "nothing"}] * len(self.transforms)
        if is_nothing(document):
            return parts
        index: Any = document.get("index")
        if op_of(document) != "choice" or index not in range(len(parts)):
            raise ParameterError(
                f"Expected a choice of {len(parts)} transforms, got {document!r:.80}."
            )
        parts[index] = document["part"]
        return parts

    def _joined(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        for index, part in enumerate(parts):
            if not is_nothing(part):
                return {"op": "choice", "index": index, "part": part}
        return {"op": "nothing"}

"""Scores of a network on held-out frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from sirst5k.detectors.normalisation import Normalisation
from sirst5k.metrics import Evaluator, Scores
from sirst5k.sample import full_scale
from sirst5k.training.halving import in_batches_that_fit

if TYPE_CHECKING:
    from sirst5k.training.frames import FrameStore


class Validation:
    """Held-out frames, ready to be scored again and again.

    Parameters
    ----------
    store : FrameStore
    frame : int, optional
        Side to which every frame is squashed, images bilinearly, masks to nearest, as the
        published codes evaluate; None keeps each frame's own size.
    normalisation : Normalisation
    in_channels : int
    device : torch.device
    batch_size : int
        Frames of equal size go through the network together, at most so many; fewer from then
        on, where the memory runs out.
    """

    def __init__(
        self,
        store: FrameStore,
        *,
        frame: int | None,
        normalisation: Normalisation,
        in_channels: int,
        device: torch.device,
        batch_size: int = 8,
    ) -> None:
        self.store = store
        self.frame = frame
        self.normalisation = normalisation
        self.in_channels = in_channels
        self.device = device
        self.batch_size = batch_size
        self._groups: dict[tuple[int, ...], list[int]] = {}
        for index in range(len(store)):
            shape = (frame, frame) if frame else tuple(int(n) for n in store.shapes[index])
            self._groups.setdefault(shape, []).append(index)

    def score(self, network: Any, autocast: Any, warming_up: bool = False) -> Scores:
        """Return the corrected scores of a network.

        Parameters
        ----------
        network : nn.Module
            With `heads`; put into evaluation mode, and back into training mode after.
        autocast : callable
            Returns the context in which the network runs.
        warming_up : bool
            Score the output that is trained in the first epochs.

        Raises
        ------
        TrainingError
            If the memory does not suffice for one frame at a time.
        """
        scores, self.batch_size = in_batches_that_fit(
            self.batch_size,
            lambda size: self._scored(network, autocast, warming_up, size),
            "held-out images",
            "squash them in a new run (--set frame=256)",
        )
        return scores

    def _scored(self, network: Any, autocast: Any, warming_up: bool, batch_size: int) -> Scores:
        evaluator = Evaluator("corrected", inputs="logits")
        network.eval()
        try:
            for members in self._batches(batch_size):
                pairs = [self._pair(index) for index in members]
                frames = torch.from_numpy(np.stack([image for image, _ in pairs])[:, None])
                frames = frames.to(self.device).expand(-1, self.in_channels, -1, -1)
                with torch.no_grad(), autocast():
                    logits = network.heads(self.normalisation(frames), warming_up)[-1]
                masks = np.stack([mask for _, mask in pairs])[:, None]
                evaluator.update(logits.float().cpu().numpy(), masks)
        finally:
            network.train()
        return evaluator.compute()

    def _batches(self, batch_size: int) -> Iterator[list[int]]:
        for members in self._groups.values():
            for start in range(0, len(members), batch_size):
                yield members[start : start + batch_size]

    def _pair(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        image, mask = self.store.sample(index)
        levels = image.astype(np.float32) / np.float32(full_scale(image.dtype))
        flags = mask.astype(np.bool_)
        if self.frame is None:
            return levels, flags
        size = (self.frame, self.frame)
        squashed = np.asarray(cv2.resize(levels, size, interpolation=cv2.INTER_LINEAR), np.float32)
        grown = cv2.resize(flags.view(np.uint8), size, interpolation=cv2.INTER_NEAREST_EXACT)
        return squashed, grown.view(np.bool_)

"""Scores of a video network on held-out clips."""

from __future__ import annotations

from typing import Any

import torch

from sirst5k.detectors.boxes import detections
from sirst5k.detectors.normalisation import Normalisation
from sirst5k.metrics import DetectionEvaluator
from sirst5k.training.clips.frames import ClipFrames, normalised
from sirst5k.training.clips.store import ClipStore
from sirst5k.training.halving import in_batches_that_fit

SCORES = ("ap50", "ap", "precision", "recall", "f1", "best_f1", "false_alarms_per_frame")
# Boxes of a lower score, or beyond the best hundred of a frame, hardly move AP50; an untrained
# network has thousands of them.
_LEAST, _NMS_IOU, _MOST = 0.01, 0.65, 100


class ClipValidation:
    """Held-out clips, ready to be scored again and again.

    Parameters
    ----------
    store : ClipStore
    normalisation : Normalisation
    in_channels : int
    device : torch.device
    batch_size : int
        Clips that go through the network together; fewer from then on, where the memory runs out.
    """

    def __init__(
        self,
        store: ClipStore,
        *,
        normalisation: Normalisation,
        in_channels: int,
        device: torch.device,
        batch_size: int = 8,
    ) -> None:
        self.store = store
        self.frames = ClipFrames(store, device)
        self.normalisation = normalisation
        self.in_channels = in_channels
        self.batch_size = batch_size

    def score(self, network: Any, autocast: Any) -> dict[str, float]:
        """Return `SCORES` of a network, in pixels of the frames as they were recorded.

        Parameters
        ----------
        network : VideoNetwork
            Put into evaluation mode, and back into training mode after.
        autocast : callable
            Returns the context in which the network runs.
        """
        evaluator = self.evaluate(network, autocast)
        figures = evaluator.pool().figures(evaluator.confidence, along_curve=False)
        return {name: float(figures[name]) for name in SCORES}

    def evaluate(self, network: Any, autocast: Any) -> DetectionEvaluator:
        """Return an evaluator that has seen what the network finds in every clip.

        Raises
        ------
        TrainingError
            If the memory does not suffice for one clip at a time.
        """
        evaluator, self.batch_size = in_batches_that_fit(
            self.batch_size,
            lambda size: self._evaluated(network, autocast, size),
            "held-out clips",
            "letterbox them to a smaller side in a new run (--size)",
        )
        return evaluator

    def _evaluated(self, network: Any, autocast: Any, batch_size: int) -> DetectionEvaluator:
        store, evaluator = self.store, DetectionEvaluator()
        network.eval()
        try:
            for start in range(0, len(store), batch_size):
                places = range(start, min(start + batch_size, len(store)))
                grey = self.frames.clips(store.windows[places.start : places.stop])
                clips = normalised(grey, self.in_channels, self.normalisation)
                with torch.no_grad(), autocast():
                    maps = network(clips)
                found = detections(maps, _LEAST, _NMS_IOU, stride=network.stride, limit=_MOST)
                for place, one in zip(places, found, strict=True):
                    evaluator.update(
                        store.ids[place],
                        store.letterboxes[place].boxes_out(one.boxes),
                        one.scores,
                        one.classes,
                        store.truth[place],
                        store.truth_classes[place],
                    )
        finally:
            network.train()
        return evaluator

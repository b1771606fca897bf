"""Whatever can detect, as a detector of boxes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from sirst5k.detectors import as_detector, load_weights
from sirst5k.detectors.weights.sources import looks_like_weights
from sirst5k.errors import ParameterError
from sirst5k.evaluation.clips.box_detector import BoxDetector, MapBoxes
from sirst5k.evaluation.clips.components import LEVELS, MOST
from sirst5k.evaluation.clips.video_boxes import VideoBoxes, is_video_network
from sirst5k.evaluation.predicting import TILE


def as_box_detector(
    thing: Any,
    weights: str | os.PathLike[str] | None = None,
    *,
    size: int | None = None,
    levels: Sequence[float] = LEVELS,
    most: int | None = MOST,
    tile: int = TILE,
    **options: Any,
) -> BoxDetector:
    """Return a detector of boxes for a name, weights, a network, a detector or a function.

    Parameters
    ----------
    thing : str, path, torch.nn.Module, Detector, BoxDetector or callable
        As of `sirst5k.detectors.as_detector`; a network of clips besides.
    weights : path, optional
        Trained weights for the network of that name.
    size : int, optional
        Of the letterbox, for networks of clips; see `VideoBoxes`.
    levels, most : optional
        For detectors of pixels; see `boxes_of_map`.
    tile : int
        For detectors of pixels; see `predict_map`.
    **options
        Of the detector for a name; device, precision and normalisation of a network.

    Raises
    ------
    ParameterError
        If it is none of these, or an option does not apply.
    """
    if isinstance(thing, BoxDetector) and weights is None and not options:
        return thing
    if weights is None and _is_file(thing):
        thing, weights = None, thing
    if weights is not None:
        thing = load_weights(thing, weights, options.pop("normalisation", None))
    if is_video_network(thing):
        return VideoBoxes(thing, size=size, **options)
    if size is not None:
        raise ParameterError(
            f"A letterbox belongs to networks of clips; {thing!r} takes frames as they are."
        )
    return MapBoxes(as_detector(thing, **options), levels, most, tile)


def _is_file(thing: Any) -> bool:
    return isinstance(thing, os.PathLike) or (isinstance(thing, str) and looks_like_weights(thing))

"""A network of clips over a sequence gives what it gives on every clip alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from sirst5k.datasets import open_dataset
from sirst5k.detectors import create
from sirst5k.detectors.boxes import detections
from sirst5k.errors import ParameterError
from sirst5k.evaluation.clips import VideoBoxes, as_box_detector, detect_in_sequences
from sirst5k.imaging.letterbox import Letterbox


@pytest.fixture(scope="module")
def network() -> Any:
    torch.manual_seed(0)
    network = create("sstnet", width=0.0625).eval()
    with torch.no_grad():  # published fresh weights answer to every frame alike
        for weights in network.parameters():
            if weights.ndim > 1:
                weights.normal_(0, 1.37 / weights[0].numel() ** 0.5)
    return network


@pytest.mark.parametrize("size", [0, 96])
def test_stream_equals_clips(network: Any, size: int) -> None:
    sequences = open_dataset("demo:sequences=2,frames=4,size=64,seed=2")
    ready = as_box_detector(network, size=size, least=0.0)
    assert isinstance(ready, VideoBoxes)
    got = {i: found for _, i, found in detect_in_sequences(ready, sequences)}
    assert list(got) == list(sequences.ids)
    box = Letterbox.of((64, 64), size or 64)
    firsts = []
    for clip in sequences:
        frames = box.apply(clip.frames).astype(np.float32) / 255
        with torch.inference_mode():
            raw = network(torch.from_numpy(frames)[None, None])
        (expected,) = detections(raw, 0.0)
        found = got[clip.id]
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
        np.testing.assert_allclose(
            found.boxes[0], box.boxes_out(expected.boxes[:1])[0], atol=1e-2, rtol=1e-4
        )
        firsts.append(float(found.scores[0]))
    assert len(set(firsts)) > 4  # the frames do matter


def test_size_comes_from_the_weights(network: Any) -> None:
    assert VideoBoxes(network).size == 512
    network.weights_info = SimpleNamespace(
        source="a.safetensors", normalisation_from="file", sha256="", extra={"letterbox": "256"}
    )
    assert VideoBoxes(network).size == 256
    assert VideoBoxes(network, size=0).size == 0
    network.weights_info.extra = {"letterbox": "large"}
    with pytest.raises(ParameterError, match="side of a letterbox"):
        VideoBoxes(network)
    del network.weights_info


@pytest.mark.parametrize("options", [{"size": 16}, {"least": -1}, {"nms_iou": 2}])
def test_parameters_out_of_range_are_refused(network: Any, options: dict) -> None:
    with pytest.raises(ParameterError, match="Expected"):
        VideoBoxes(network, **options)

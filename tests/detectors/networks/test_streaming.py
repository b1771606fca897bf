"""Frames one by one give what their clips give."""

from __future__ import annotations

from typing import Any

import pytest
from detectors.networks.test_video_contract import clip_of, each_network, make
from detectors.networks.video_parity import VideoParity, check

torch = pytest.importorskip("torch")

from sirst5k.detectors import create, load_weights  # noqa: E402
from sirst5k.detectors.networks.winograd import WinogradConvolution  # noqa: E402
from sirst5k.errors import ShapeError  # noqa: E402

NEAR = 1e-5


def window(video: Any, time: int, length: int) -> Any:
    """The clip that ends at a frame, begun with the first frame, as published."""
    return video[:, :, [max(0, time - back) for back in reversed(range(length))]]


@each_network
@pytest.mark.parametrize("size", [(64, 64), (33, 70)])
def test_a_stream_equals_the_clips(name: str, size: tuple[int, int]) -> None:
    network = make(name, 2).train()
    video = clip_of(2, 2, 8, *size)
    stream = network.stream()
    assert network.training
    network.eval()
    for time in range(8):
        (found,) = stream(video[:, :, time])
        with torch.inference_mode():
            (wanted,) = network(window(video, time, 5))
        assert (found - wanted).abs().max() <= NEAR * wanted.abs().max()
    stream.restart()
    (found,) = stream(video[:, :, 3])
    with torch.inference_mode():
        (wanted,) = network(window(video[:, :, 3:], 0, 5))
    assert (found - wanted).abs().max() <= NEAR * wanted.abs().max()


@pytest.mark.parametrize("name", ["sstnet", "stmenet"])
def test_a_stream_of_published_weights(video_parity: VideoParity, name: str) -> None:
    stream = load_weights(name, video_parity.state(name)).stream()
    for frame in video_parity.input_of("eval_clip_64").unbind(2):
        (found,) = stream(frame)
    check(found, video_parity.fixture(name)["eval_clip_64"], NEAR)
    quick = [m for m in stream.network.modules() if isinstance(m, WinogradConvolution)]
    assert len(quick) == (15 if name == "sstnet" else 0)


def test_a_frame_goes_through_the_extractor_once() -> None:
    stream = create("sstnet", width=0.125).stream()
    seen: list[int] = []
    stream.network.extractor.register_forward_hook(lambda *_: seen.append(1))
    for time in range(7):
        stream(clip_of(1, 1, 32, 32, seed=time))
    assert len(seen) == 7


def test_the_network_itself_is_left_alone() -> None:
    network = create("sstnet", width=0.125)
    before = {key: values.clone() for key, values in network.state_dict().items()}
    network.stream()(clip_of(1, 1, 32, 32))
    assert network.state_dict().keys() == before.keys()
    assert all(torch.equal(before[key], values) for key, values in network.state_dict().items())
    assert all(values.requires_grad for values in network.parameters())


def test_mistakes() -> None:
    stream = create("stmenet", width=0.125).stream()
    with pytest.raises(ShapeError, match=r"\(B, 1, H, W\) for stmenet, got \(1, 2, 32, 32\)"):
        stream(torch.zeros(1, 2, 32, 32))
    stream(torch.zeros(1, 1, 32, 32))
    with pytest.raises(ShapeError, match=r"next frame of shape .*Call restart\(\)"):
        stream(torch.zeros(1, 1, 32, 64))

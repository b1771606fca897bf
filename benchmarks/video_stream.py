"""How fast video detectors go through a video frame by frame, beside the published way.

    python benchmarks/video_stream.py --out benchmarks/results/video-stream.json

For each network at its published configuration, random weights, three channels:

- *published*: for every frame, the network on the five frames that end there, every part
  computed as the released code does: the extractor runs once for each of the five frames, the
  neck's pairs are convolved whole, norms are layers of their own;
- *stream*: `network.stream()`, which looks at each frame once.

Both are measured in turn, so that a machine whose speed drifts slows both. First it checks that
they agree. Figures are medians over the rounds, ratios medians of the ratios within a round, of
wall-clock time and of the processor time of the process, which other programs disturb less.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from detectors import machine
from torch import Tensor

from sirst5k.detectors import create

FRAMES = 5


def main() -> None:
    """Parse, measure, print, and write JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--networks", default="sstnet,stmenet")
    parser.add_argument("--sizes", default="512,256")
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as PyTorch takes")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--out", type=Path, help="where to write the figures")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    figures: dict[str, Any] = {"machine": machine(), "command": sys.argv, "rounds": args.rounds}
    figures["device"] = torch.cuda.get_device_name() if args.device == "cuda" else "cpu"
    for name in args.networks.split(","):
        for size in map(int, args.sizes.split(",")):
            found = measure(name, size, args.width, args.rounds, args.device)
            figures[f"{name}_{size}"] = found
            print(
                f"{name:8} {size:4}  published {found['published_ms']['median']:7.0f} ms  stream "
                f"{found['stream_ms']['median']:7.0f} ms  ratio {found['ratio_wall']:.2f} (wall), "
                f"{found['ratio_processor']:.2f} (processor)  differs by {found['difference']:.1e}",
                flush=True,
            )
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(figures, indent=1) + "\n")


def measure(name: str, size: int, width: float, rounds: int, device: str) -> dict[str, Any]:
    """Measure one network at one size of frames."""
    torch.manual_seed(0)
    network = create(name, in_channels=3, width=width)
    settle(network)
    network.to(device)
    stream, plain = network.stream(), sstnet if name == "sstnet" else whole
    video = torch.randn(1, 3, FRAMES + rounds + 1, size, size).to(device)
    with torch.inference_mode():
        for first in range(FRAMES):
            (found,) = stream(video[:, :, first])
        wanted = plain(network, video[:, :, :FRAMES])
        difference = float((found - wanted).abs().max() / wanted.abs().max())
        if not difference < 1e-4:
            raise SystemExit(f"The stream of {name} gives other values: {difference:.1e}.")
        spent: list[list[tuple[float, float]]] = []
        for last in range(FRAMES, FRAMES + rounds + 1):
            clip = video[:, :, last - FRAMES + 1 : last + 1]
            frame = video[:, :, last]
            spent.append(
                [timed(lambda c=clip: plain(network, c)), timed(lambda f=frame: stream(f))]
            )
    del spent[0]  # it warms up
    figures: dict[str, Any] = {"difference": difference, "parameters": parameters(network)}
    for index, way in enumerate(("published", "stream")):
        wall = [1000 * round_[index][0] for round_ in spent]
        figures[f"{way}_ms"] = {
            "median": statistics.median(wall),
            "least": min(wall),
            "most": max(wall),
        }
    for index, clock in enumerate(("wall", "processor")):
        ratios = [published[index] / ours[index] for published, ours in spent]
        figures[f"ratio_{clock}"] = statistics.median(ratios)
    return figures


def sstnet(network: Any, clip: Tensor) -> Tensor:
    """Return the raw map of a clip, computed as the released SSTNet does."""
    neck = network.neck
    *past, key = (network.extractor(frame) for frame in clip.unbind(2))
    gated = neck.current(neck.gate(torch.cat(past, dim=1)) * key)
    gated = neck.mix_current(torch.cat((gated, key), dim=1))
    pairs = (neck.pair(torch.cat((features, key), dim=1)) for features in past)
    joined = sum(weight * pair for weight, pair in zip(neck.frame_weights, pairs, strict=True))
    found: Tensor = network.head(neck.final(torch.cat((neck.mix_pairs(joined), gated), dim=1)))
    return found


def whole(network: Any, clip: Tensor) -> Tensor:
    """Return the raw map of a clip; nothing but norms and one branch can be done better."""
    found: Tensor = network(clip)[0]
    return found


def settle(network: Any) -> None:
    """Draw weights that let a signal through, and into evaluation mode."""
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Conv3d):
            torch.nn.init.normal_(module.weight, 0, 1.37 / module.weight[0].numel() ** 0.5)
    network.eval()


def parameters(network: Any) -> int:
    """Return how many numbers the network has, the training's branch included."""
    return sum(values.numel() for values in network.parameters())


def timed(action: Callable[[], Any]) -> tuple[float, float]:
    """Return wall-clock and processor time of an action in seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    action()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - wall, time.process_time() - processor


if __name__ == "__main__":
    main()

"""How fast the metrics are, beside the algorithm of the published Pd/Fa and ROC code.

    pip install -e '.[bench]'
    python benchmarks/metrics.py ../shared/data/sirst-v1

All at 256×256 on one core, in one run, on two sets of maps:

- *sparse*: real masks, blurred into scores, plus a few blobs of clutter;
- *noisy*: smooth noise over the whole range of probabilities, as an untrained network gives.

The yardstick is written from the description of the published algorithm and kept here: at every
threshold, label prediction and mask with scikit-image, take region properties, match each target
to the first region whose centroid is nearer than 3 px, and sum the areas that no matched region
has. Its ROC takes a sigmoid and four masked float sums at each of 11 thresholds; the published
code does that on torch tensors, so where torch is installed it is timed on those too. Ours gives
the
same Pd and Fa under the profile ``dstransnet`` (checked before anything is timed), or better
ones under ``corrected``, and a ROC over all thresholds. Ours is timed as users call it, input
checks included.

Yardstick and ours alternate, each over all maps; figures are medians over the rounds, the spread
is their range, and ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import scipy
import skimage
from skimage.measure import label, regionprops

import sirst5k
from sirst5k import open_dataset
from sirst5k.metrics import Evaluator, pd_fa_curve, roc_curve

try:
    import torch
except ImportError:
    torch = None

SIZE = 256
GRID = [k / 10 for k in range(11)]


def main() -> None:
    """Parse, measure, print, and write JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", help="a dataset; its masks are used")
    parser.add_argument("--split", default="test")
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if torch is not None:
        torch.set_num_threads(1)
    masks = read_masks(options)
    rng = np.random.default_rng(0)
    figures: dict = {"machine": machine(), "command": " ".join(sys.argv)}
    for name, make in (("sparse", sparse_map), ("noisy", noisy_map)):
        maps = [make_map(make(mask, rng), mask) for mask in masks]
        check_equal(maps)
        figures[name] = measure(maps, options.rounds)
        report(name, figures[name])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def read_masks(options: argparse.Namespace) -> list[np.ndarray]:
    """Return real masks at the benchmark's size; a target stays one, however small."""
    dataset = open_dataset(options.source, options.split)
    masks = []
    for sample in list(dataset)[: options.images]:
        grown = cv2.resize(
            sample.mask.astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_AREA
        )
        masks.append(grown > 0.25)
    return masks


class Map(NamedTuple):
    """One score map in every form that is asked for, made beforehand."""

    logits: np.ndarray
    prob: np.ndarray
    mask: np.ndarray
    tensor: Any
    truth: Any


def make_map(logits: np.ndarray, mask: np.ndarray) -> Map:
    """Return a map with its probabilities, and tensors if torch is there."""
    tensors = (None, None)
    if torch is not None:
        tensors = (torch.from_numpy(logits), torch.from_numpy(mask.astype(np.float32)))
    return Map(logits, sigmoid(logits), mask, *tensors)


def sparse_map(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return logits: a blurred mask and three blobs of clutter over a low background."""
    spots = mask.astype(np.float32)
    for y, x in rng.integers(8, SIZE - 8, (3, 2)):
        spots[y - 1 : y + 2, x - 1 : x + 2] = rng.uniform(0.4, 1.0)
    blurred = cv2.GaussianBlur(spots, (0, 0), 1.2)
    noise = rng.normal(0, 0.3, mask.shape).astype(np.float32)
    return (16 * blurred / blurred.max() - 8 + noise).astype(np.float32)


def noisy_map(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return logits of smooth noise with mean -1 and standard deviation 1.

    Made so fine that the yardstick takes about 210 ms, as the published code did on such maps.
    """
    noise = cv2.GaussianBlur(rng.normal(size=mask.shape).astype(np.float32), (0, 0), 0.9)
    return (noise / noise.std() - 1).astype(np.float32)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return float32 probabilities."""
    return 1 / (1 + np.exp(-logits))


def yardstick_pd_fa(prob: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Return hits and false-alarm pixels at 11 thresholds, as published."""
    hits, false_area = np.zeros(11, int), np.zeros(11, int)
    for k, threshold in enumerate(np.array(GRID, np.float32)):
        predicted = (prob > threshold).astype(np.int64)
        regions = list(regionprops(label(predicted, connectivity=2)))
        targets = regionprops(label(mask.astype(np.int64), connectivity=2))
        areas = [region.area for region in regions]
        matched = []
        for target in targets:
            centre = np.array(target.centroid)
            for place, region in enumerate(regions):
                if np.linalg.norm(np.array(region.centroid) - centre) < 3:
                    matched.append(region.area)
                    del regions[place]
                    break
        hits[k] = len(matched)
        false_area[k] = sum(area for area in areas if area not in matched)
    return hits, false_area, len(targets)


def yardstick_roc(logits: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the published 11-point ROC."""
    truth = mask.astype(np.float32)
    tpr, fpr = np.zeros(11), np.zeros(11)
    for k, threshold in enumerate(np.array(GRID, np.float32)):
        predicted = (sigmoid(logits) > threshold).astype(np.float32)
        tp = (predicted * (predicted == truth).astype(np.float32)).sum()
        fp = (predicted * (predicted != truth).astype(np.float32)).sum()
        tn = ((1 - predicted) * (predicted == truth).astype(np.float32)).sum()
        fn = ((predicted != truth).astype(np.float32) * (1 - predicted)).sum()
        tpr[k] = tp / (tp + fn + 0.001)
        fpr[k] = fp / (fp + tn + 0.001)
    return tpr, fpr


def yardstick_roc_torch(logits: Any, truth: Any) -> list:
    """Return the same on tensors, which the published code works on."""
    points = []
    for threshold in GRID:
        predicted = (torch.sigmoid(logits) > threshold).float()
        tp = (predicted * (predicted == truth).float()).sum()
        fp = (predicted * (predicted != truth).float()).sum()
        tn = ((1 - predicted) * (predicted == truth).float()).sum()
        fn = ((predicted != truth).float() * (1 - predicted)).sum()
        points.append((tp / (tp + fn + 0.001), fp / (fp + tn + 0.001)))
    return points


def check_equal(maps: list[Map]) -> None:
    """Raise unless the profile gives what the yardstick gives."""
    for logits, prob, mask, *_ in maps:
        hits, false_area, targets = yardstick_pd_fa(prob, mask)
        evaluator = Evaluator("dstransnet", inputs="prob", thresholds=10)
        evaluator.update(prob, mask)
        scores = evaluator.compute()
        tpr, fpr = yardstick_roc(logits, mask)
        same = (
            scores.targets == targets
            and (scores.pd_fa.hits == hits).all()
            and (scores.pd_fa.false_area == false_area).all()
            and np.allclose(scores.roc.tpr, tpr, atol=1e-6)
            and np.allclose(scores.roc.fpr, fpr, atol=1e-6)
        )
        if not same:
            raise SystemExit("The yardstick and the profile disagree: nothing was timed.")


def measure(maps: list[Map], rounds: int) -> dict:
    """Time every action on every image, alternating."""
    published = Evaluator("dstransnet", inputs="prob", thresholds=10)
    corrected = Evaluator("corrected", thresholds=10)
    whole = Evaluator("corrected")
    actions: dict[str, Callable] = {
        "yardstick_pd_fa": lambda m: yardstick_pd_fa(m.prob, m.mask),
        "pd_fa_curve": lambda m: pd_fa_curve(m.prob, m.mask, GRID, "prob"),
        "evaluator_published": lambda m: published.update(m.prob, m.mask),
        "evaluator_corrected": lambda m: corrected.update(m.logits, m.mask),
        "yardstick_roc": lambda m: yardstick_roc(m.logits, m.mask),
        "torch_roc": lambda m: yardstick_roc_torch(m.tensor, m.truth),
        "roc_curve": lambda m: roc_curve(m.logits, m.mask),
    }
    if torch is None:
        del actions["torch_roc"]
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds + 1):  # the first warms up
        spent = {}
        published.reset()
        corrected.reset()
        for name, action in actions.items():
            began = time.perf_counter()
            for one in maps:
                action(one)
            spent[name] = time.perf_counter() - began
        for name, seconds in spent.items():
            times[name].append(1000 * seconds / len(maps))
    for series in times.values():
        del series[0]
    streamed = maps * -(-256 // len(maps))  # far beyond what is kept exactly
    began = time.perf_counter()
    for one in streamed:
        whole.update(one.logits, one.mask)
    scores = whole.compute()
    seconds = time.perf_counter() - began
    torch_ratio = {}
    if "torch_roc" in times:
        torch_ratio = {"torch_roc_ratio": ratio(times["torch_roc"], times["roc_curve"])}
    return {
        "images": len(maps),
        "rounds": rounds,
        **{f"{name}_ms": spread(series) for name, series in times.items()},
        "pd_fa_ratio": ratio(times["yardstick_pd_fa"], times["pd_fa_curve"]),
        "published_ratio": ratio(times["yardstick_pd_fa"], times["evaluator_published"]),
        "corrected_ratio": ratio(times["yardstick_pd_fa"], times["evaluator_corrected"]),
        "roc_ratio": ratio(times["yardstick_roc"], times["roc_curve"]),
        **torch_ratio,
        "streamed": len(streamed),
        "streamed_ms": 1000 * seconds / len(streamed),
        "auc_error_bound_streamed": scores.auc_error,
    }


def ratio(numerator: list[float], denominator: list[float]) -> float:
    """Return the median over rounds of the ratio within a round."""
    return statistics.median(n / d for n, d in zip(numerator, denominator, strict=True))


def spread(series: list[float]) -> dict[str, float]:
    """Return milliseconds an image: median, least and most."""
    return {"median": statistics.median(series), "least": min(series), "most": max(series)}


def machine() -> dict:
    """Return what the figures were measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sirst5k": sirst5k.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "opencv": cv2.__version__,
        "scikit-image": skimage.__version__,
        "torch": torch.__version__ if torch is not None else None,
    }


def report(name: str, figures: dict) -> None:
    """Print one set's figures."""

    def line(text: str, key: str, than: str = "") -> None:
        f = figures[f"{key}_ms"]
        times = f"  × {figures[than]:.1f}" if than else ""
        print(f"  {text:44}{f['median']:9.3f} ms  ({f['least']:.3f} to {f['most']:.3f}){times}")

    print(f"{name}: {figures['images']} maps of {SIZE}×{SIZE}, {figures['rounds']} rounds")
    line("published Pd/Fa, 11 thresholds", "yardstick_pd_fa")
    line("ours: pd_fa_curve", "pd_fa_curve", "pd_fa_ratio")
    line("ours: all of profile dstransnet", "evaluator_published", "published_ratio")
    line("ours: all of profile corrected, exact ROC too", "evaluator_corrected", "corrected_ratio")
    line("ours: exact ROC, all thresholds", "roc_curve")
    line("published ROC, 11 points, on arrays", "yardstick_roc", "roc_ratio")
    if "torch_roc_ms" in figures:
        line("published ROC, 11 points, on torch tensors", "torch_roc", "torch_roc_ratio")
    print(
        f"  {'corrected, in a long stream':44}{figures['streamed_ms']:9.3f} ms, AUC exact to "
        f"{figures['auc_error_bound_streamed']:.1e} over {figures['streamed']} maps"
    )


if __name__ == "__main__":
    main()

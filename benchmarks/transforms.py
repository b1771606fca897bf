"""How fast the transforms are, beside albumentations' and kornia's nearest equivalents.

    pip install -e '.[albumentations,kornia]'
    python benchmarks/transforms.py ../shared/data/sirst-v1

One core, images and masks of 256×256, 8 bit. Every action takes one image at a time. In each round
the actions come in an order drawn anew, each over all images; the first round warms up and is not
counted. Figures are medians over all images and rounds, the spread is from the lower to the upper
quartile. Ratios are of two medians, and beside them of two means: a quarter turn by RandomRotate90
takes ten times as long as none, and a median can fall on either side of that.

The hosts' transforms are measured as they are fastest: called bare and within their `Compose`,
kornia with one image and with a batch of 32 (per image), images already tensors. Ours are called
as users call them, input checks included, both with generators handed in and with samples whose
randomness is addressed.

    part "array"   NegativeRotation beside RandomRotate90 (albumentations) and RandomRotation90
                   (kornia); NoiseDisplacement beside GaussNoise and RandomGaussianNoise; and what
                   the cached canvas costs in diversity
    part "torch"   benchmarks/transforms_torch.py, where that and torch are there
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

import cv2
import numpy as np

from sirst5k import NoiseBank, Sample, open_dataset
from sirst5k.noise import log_spectral_distance, radial_spectrum
from sirst5k.noise.spectrum import cut_crops
from sirst5k.transforms import NegativeRotation, NoiseDisplacement, from_recipe
from sirst5k.transforms.canvas import canvas_side, make_canvas

SIZE = 256
BATCH = 32  # of kornia's batched form
PARTS = ("array", "torch")


class Frame(NamedTuple):
    """One image in every form that is asked for, made beforehand."""

    sample: Sample
    mask_u8: np.ndarray
    tensor: Any
    mask_tensor: Any


Action = Callable[[Frame], Any]


def main() -> None:
    """Parse, measure, print, and write JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", nargs="?", default="demo:n=256", help="a dataset; demo scenes")
    parser.add_argument("--split", help="which of its lists; all by default")
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--parts", default=",".join(PARTS), help="array, torch or both")
    parser.add_argument("--out", type=Path, help="where to write the figures as JSON")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    random.seed(0)
    dataset = open_dataset(options.source, options.split)
    samples = read_samples(dataset, options.images)
    bank = NoiseBank.sample(dataset)
    figures: dict = {"command": " ".join(sys.argv)}
    wanted = options.parts.split(",")
    for part in wanted:
        if part not in PARTS:
            parser.error(f"no part {part!r}; there are {', '.join(PARTS)}")
    if "array" in wanted:
        figures["array"] = measure_arrays(samples, bank, options.rounds)
        report(figures["array"], RATIOS)
        figures["diversity"] = measure_diversity(bank)
        report_diversity(figures["diversity"])
    if "torch" in wanted:
        part = sibling("transforms_torch")
        if part is not None:
            # Its contract: measure(samples, bank, rounds) -> plain figures, report(figures).
            figures["torch"] = part.measure(samples, bank, options.rounds)
            part.report(figures["torch"])
    figures["machine"] = machine()
    if options.out:
        options.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def read_samples(dataset: Sequence[Sample], images: int) -> list[Sample]:
    """Return real samples at the benchmark's size, spread over the dataset."""
    step = max(1, len(dataset) // images)
    samples = []
    for index in range(0, len(dataset), step)[:images]:
        sample = dataset[index]
        image = cv2.resize(sample.image, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
        if image.dtype != np.uint8:
            image = (image * (255 / (65535 if image.dtype == np.uint16 else 1))).astype(np.uint8)
        # A target stays one, however small.
        shares = cv2.resize(
            sample.mask.astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_AREA
        )
        samples.append(Sample(sample.id, image, shares > 0.25))
    if len(samples) < 200:
        print(f"{len(samples)} images: fewer than the 200 that a figure should rest on")
    return samples


def sibling(name: str) -> Any | None:
    """Return a module beside this one, or None where it or what it needs is not there."""
    try:
        return import_module(name)
    except ImportError as error:
        print(f"left out: {error}")
        return None


def time_actions(
    actions: Mapping[str, Action], frames: Sequence[Frame], rounds: int
) -> dict[str, dict[str, float]]:
    """Return microseconds a call of every action: median and quartiles.

    In every round the actions come in an order that is drawn anew, each over all images.
    """
    times: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(rounds + 1):
        for name, action in random.sample(list(actions.items()), len(actions)):
            # A batch takes as long as many images: a few of them are enough.
            some = frames[:: BATCH if "batch" in name else 1]
            for frame in some:
                began = time.perf_counter_ns()
                action(frame)
                spent = time.perf_counter_ns() - began
                if turn:
                    times[name].append(spent / 1000)
    return {name: spread(series) for name, series in times.items()}


def spread(series: Sequence[float]) -> dict[str, float]:
    """Return median, mean and quartiles."""
    low, middle, high = np.quantile(series, [0.25, 0.5, 0.75]).tolist()
    return {"median": middle, "mean": statistics.fmean(series), "lower": low, "upper": high}


ROTATION, NOISE = "NegativeRotation", "NoiseDisplacement"
RATIOS = {
    ROTATION: ("albumentations RandomRotate90", "kornia RandomRotation90"),
    NOISE: ("albumentations GaussNoise", "kornia RandomGaussianNoise"),
}
"""Ours -> how the names of what it is compared with begin."""


def measure_arrays(samples: Sequence[Sample], bank: NoiseBank, rounds: int) -> dict:
    """Time the array transforms beside the hosts'."""
    actions = {**our_actions(bank), **albumentations_actions()}
    kornia, frames = kornia_actions(samples)
    actions.update(kornia)
    times = time_actions(actions, frames, rounds)
    for name in times:
        if name.endswith(f"batch of {BATCH}"):
            times[name] = {key: value / BATCH for key, value in times[name].items()}
    return {
        "images": len(samples),
        "rounds": rounds,
        "us": times,
        **{
            f"ratios_of_{of}s": {
                ours: ratio(times, ours, those, of) for ours, those in RATIOS.items()
            }
            for of in ("median", "mean")
        },
    }


def ratio(
    times: Mapping[str, Mapping[str, float]], ours: str, theirs: tuple[str, ...], of: str
) -> dict:
    """Return how many times faster ours is than the fastest form of each of the others."""
    found: dict[str, float] = {}
    for host in theirs:
        forms = [entry[of] for name, entry in times.items() if name.startswith(host)]
        if forms:
            found[host] = min(forms) / times[ours][of]
    return {**found, "fastest": min(found.values(), default=None)}


def our_actions(bank: NoiseBank) -> dict[str, Action]:
    """Return our transforms, from the plainest call to a whole recipe."""
    rng = np.random.default_rng(0)
    rotation = NegativeRotation(p=1.0)
    noise = NoiseDisplacement(bank, p=1.0)
    fresh = NoiseDisplacement(bank, canvas=0, p=1.0)
    mixup = NoiseDisplacement(bank, "mixup", p=1.0)
    recipe = from_recipe("sirst5k", bank, seed=0)
    for change in (noise, fresh, mixup, recipe):
        change.prepare(np.zeros((SIZE, SIZE), np.uint8))
    return {
        ROTATION: lambda f: rotation(f.sample.image, f.sample.mask, rng),
        f"{ROTATION}, mask of 0 and 255": lambda f: rotation(f.sample.image, f.mask_u8, rng),
        NOISE: lambda f: noise(f.sample.image, f.sample.mask, rng),
        f"{NOISE}, a new field each time": lambda f: fresh(f.sample.image, f.sample.mask, rng),
        f"{NOISE}, mixup as published": lambda f: mixup(f.sample.image, f.sample.mask, rng),
        "recipe sirst5k, sample, addressed": lambda f: recipe(f.sample),
    }


def albumentations_actions() -> dict[str, Action]:
    """Return albumentations' equivalents, bare and in its Compose; none if it is not there."""
    try:
        import albumentations as host
    except ImportError as error:
        print(f"left out: {error}")
        return {}
    actions: dict[str, Action] = {}
    for kind in (host.RandomRotate90, host.GaussNoise):
        bare = kind(p=1.0)
        forms = {"bare": bare, "in Compose": host.Compose([bare])}
        for form, change in forms.items():
            actions[f"albumentations {kind.__name__}, {form}"] = lambda f, change=change: change(
                image=f.sample.image, mask=f.mask_u8
            )
    return actions


def kornia_actions(samples: Sequence[Sample]) -> tuple[dict[str, Action], list[Frame]]:
    """Return kornia's equivalents, and the frames with the tensors that they take."""
    masks = [sample.mask.astype(np.uint8) * 255 for sample in samples]
    try:
        import torch

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import kornia.augmentation as host
    except ImportError as error:
        print(f"left out: {error}")
        return {}, [Frame(*pair, None, None) for pair in zip(samples, masks, strict=True)]
    torch.set_num_threads(1)
    images = [torch.from_numpy(sample.image)[None, None] / 255 for sample in samples]
    planes = [torch.from_numpy(mask)[None, None] / 255 for mask in masks]
    frames = [Frame(*parts) for parts in zip(samples, masks, images, planes, strict=True)]
    repeat = -(-BATCH // len(images))
    batch = torch.cat((images * repeat)[:BATCH]), torch.cat((planes * repeat)[:BATCH])
    turn = host.AugmentationSequential(
        host.RandomRotation90((0, 3), p=1.0), data_keys=["input", "mask"]
    )
    noise = host.RandomGaussianNoise(std=0.005, p=1.0)
    actions = {
        "kornia RandomRotation90, one image": lambda f: turn(f.tensor, f.mask_tensor),
        "kornia RandomGaussianNoise, one image": lambda f: noise(f.tensor),
        f"kornia RandomRotation90, batch of {BATCH}": lambda _: turn(*batch),
        f"kornia RandomGaussianNoise, batch of {BATCH}": lambda _: noise(batch[0]),
    }
    return actions, frames


def measure_diversity(bank: NoiseBank, draws: int = 200) -> dict:
    """Return what a canvas costs in diversity, beside new fields and the bank's own scatter."""
    image = np.full((SIZE, SIZE), 0.5, np.float32)
    mask = np.zeros(image.shape, dtype=bool)
    white = bank.rescaled(1.0)
    real = radial_spectrum(bank.tiles)
    figures: dict[str, Any] = {"shape": [SIZE, SIZE], "draws": draws}
    for ratio in (2, 4, 8, 0):
        change = NoiseDisplacement(white, gain_range=(1, 1), canvas=ratio, p=1.0)
        rng = np.random.default_rng(0)
        params = [change.draw(image, mask, rng) for _ in range(draws)]
        fields = [change.apply(image, mask, each)[0] - image for each in params]
        crops = np.concatenate([cut_crops(field, bank.size) for field in fields])
        entry: dict[str, Any] = {
            "distance_db": log_spectral_distance(radial_spectrum(crops), real),
            "correlation": spread([abs(r) for r in correlations(fields)]),
        }
        if ratio:
            side = canvas_side(ratio, image.shape)
            began = time.perf_counter()
            make_canvas.__wrapped__(white, "spectral", side, 0, "|u1")
            entry |= {
                "seconds_to_make": time.perf_counter() - began,
                "megabytes_8bit": side**2 / 1e6,
                "windows": (side - SIZE + 1) ** 2,
                "independent_fields": (side / SIZE) ** 2,
                "shared_pixels": statistics.mean(overlaps([p["place"] for p in params])),
            }
        figures[f"canvas {ratio}" if ratio else "new fields"] = entry
    return figures


def correlations(fields: Sequence[np.ndarray]) -> list[float]:
    """Return the correlation of each field with the next, pixel by pixel."""
    pairs = pairwise(field.ravel() for field in fields)
    return [float(np.corrcoef(first, second)[0, 1]) for first, second in pairs]


def overlaps(places: Sequence[Sequence[int]]) -> list[float]:
    """Return which share of its pixels each window has in common with the next."""
    steps = np.abs(np.diff(np.array(places), axis=0))
    return (np.clip(SIZE - steps, 0, None).prod(axis=1) / SIZE**2).tolist()


def machine() -> dict:
    """Return what the figures were measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{
            name: getattr(sys.modules.get(name), "__version__", None)
            for name in ("sirst5k", "numpy", "cv2", "torch", "albumentations", "kornia")
        },
    }


def report(figures: dict, ratios: Mapping[str, tuple[str, ...]]) -> None:
    """Print one part's figures."""
    print(f"{figures['images']} images of {SIZE}×{SIZE}, {figures['rounds']} rounds, one core")
    for name, entry in figures["us"].items():
        bounds = f"({entry['lower']:.1f} to {entry['upper']:.1f})"
        print(f"  {name:48}{entry['median']:9.1f} µs  {bounds}")
    for of in ("median", "mean"):
        for ours in ratios:
            found = figures[f"ratios_of_{of}s"][ours]
            parts = [f"{host} × {r:.2f}" for host, r in found.items() if host != "fastest"]
            print(f"  {of}s, fastest form over {ours}: {', '.join(parts) or 'nothing to compare'}")


def report_diversity(figures: dict) -> None:
    """Print what the canvas costs."""
    print(f"noise of {figures['draws']} draws for {SIZE}×{SIZE}:")
    for name, entry in figures.items():
        if not isinstance(entry, dict):
            continue
        text = (
            f"  {name:14}{entry['distance_db']:6.2f} dB from the bank, "
            f"|correlation| of two draws {entry['correlation']['median']:.4f}"
        )
        if "windows" in entry:
            text += (
                f", {entry['windows']:,} windows, {entry['shared_pixels']:.1%} of pixels "
                f"shared by two, made in {entry['seconds_to_make']:.2f} s, "
                f"{entry['megabytes_8bit']:.1f} MB"
            )
        print(text)


if __name__ == "__main__":
    main()

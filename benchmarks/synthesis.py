"""How fast `sirst5k synth` is, beside a program that only saves finished arrays.

    D=../shared/data
    python benchmarks/synthesis.py $D/sirst-v1 --noise $D/nudt-demo/noise/noise.png

For each recipe at 256×256, in one run:

- *roofline*: what a program takes that only saves exactly the arrays that the recipe makes,
  on one core: ``cv2.imwrite`` with its default settings and with Huffman codes only, whichever
  is faster.
- *floor*: the same with our own PNG codec, which is faster than either; what no pipeline that
  stores its outputs with that codec can beat.
- *run*: the whole of `write_dataset` on one core, reading and checking the sources included,
  with the noise bank at hand (and, as its own line, the time to sample that bank).
- *two workers*: the same on two processes.
- *memory*: peak resident memory of the parent for 1,000 and for 20,000 outputs.

Saving and running alternate, so that a machine whose speed drifts slows both; the figures are
medians over the rounds, the spread is their range.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import joblib
import numpy as np

import sirst5k
from sirst5k import Recipe, SyntheticDataset, open_dataset, write_dataset
from sirst5k.imaging import encode_png
from sirst5k.synthesis import open_noise, sample_noise

SIZE = 256
HUFFMAN = [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]


def main() -> None:
    """Parse, measure, print, and write JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source")
    parser.add_argument("--split", default="trainval")
    parser.add_argument("--noise", help="noise tile of the reference recipe")
    parser.add_argument(
        "--outputs", type=int, default=10**9, help="outputs a round; all by default"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--skip-memory", action="store_true")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--memory-of", nargs=2, metavar=("RECIPE", "N"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        print(measure_peak(options, options.memory_of[0], int(options.memory_of[1])))
        return
    cv2.setNumThreads(1)
    figures = {"machine": machine(), "command": " ".join(sys.argv)}
    for recipe in ("reference", "sirst5k"):
        figures[recipe] = measure(options, recipe)
        if not options.skip_memory:
            figures[recipe] |= measure_memory(options, recipe)
        report(recipe, figures[recipe])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def prepare(options: argparse.Namespace, name: str) -> tuple[SyntheticDataset, float]:
    """Return the synthetic dataset with its bank at hand, and how long sampling that took."""
    recipe = Recipe.load(name).override([f"size={SIZE}"])
    dataset = open_dataset(options.source, options.split)
    began = time.perf_counter()
    if name == "reference" and options.noise:
        bank = open_noise(Path(options.noise), recipe.sampling)
    else:
        bank = sample_noise(dataset, recipe.sampling)
    if name == "sirst5k":
        _ = bank.shaping
    return SyntheticDataset(dataset, recipe, bank), time.perf_counter() - began


def measure(options: argparse.Namespace, name: str) -> dict:
    """Measure roofline, one worker and two, round by round."""
    synthetic, sampling = prepare(options, name)
    count = min(options.outputs, len(synthetic))
    arrays = [(s.id, s.image, s.mask) for s in (synthetic[place] for place in range(count))]
    names = ("floor", "imwrite_huffman", "imwrite_default", "encoding", "one", "two")
    times: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for _ in range(options.rounds + 1):  # the first warms up, and starts the workers
            times["floor"].append(clock(lambda: save_only(arrays, root / "saved")))
            times["one"].append(clock(lambda: run(synthetic, root / "one", count, 1)))
            times["encoding"].append(clock(lambda: encode_only(arrays)))
            for key, settings in (("imwrite_huffman", HUFFMAN), ("imwrite_default", [])):
                into = root / key
                times[key].append(clock(lambda to=into, how=settings: imwrite(arrays, to, how)))
            times["two"].append(clock(lambda: run(synthetic, root / "two", count, 2)))
            for used in root.iterdir():
                shutil.rmtree(used)
    for series in times.values():
        del series[0]
    roofline = min(times["imwrite_huffman"], times["imwrite_default"], key=statistics.median)
    return {
        "outputs": count,
        "rounds": options.rounds,
        "sampling_s": sampling,
        **{f"{key}_ms": spread(series, count) for key, series in times.items()},
        "pairs_per_second_one_core": count / statistics.median(times["one"]),
        "pairs_per_second_two": count / statistics.median(times["two"]),
        "wall_over_roofline": ratio(times["one"], roofline),
        "wall_over_floor": ratio(times["one"], times["floor"]),
        "share_saving": ratio(times["floor"], times["one"]),
        "share_encoding": ratio(times["encoding"], times["one"]),
        "scaling_two_workers": ratio(times["one"], times["two"]),
    }


def ratio(numerator: list[float], denominator: list[float]) -> float:
    """Return the median over rounds of the ratio within a round."""
    return statistics.median(n / d for n, d in zip(numerator, denominator, strict=True))


def spread(series: list[float], count: int) -> dict[str, float]:
    """Return milliseconds an output: median, least and most."""
    each = [1000 * seconds / count for seconds in series]
    return {"median": statistics.median(each), "least": min(each), "most": max(each)}


def clock(action: Callable[[], object]) -> float:
    """Return the seconds an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def save_only(arrays: list, root: Path) -> None:
    """Encode and write finished arrays, and nothing else."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for name, image, mask in arrays:
        for folder, array in (("images", image), ("masks", mask)):
            with open(f"{root}/{folder}/{name}.png", "wb", buffering=0) as file:
                file.write(encode_png(array))


def imwrite(arrays: list, root: Path, settings: list[int]) -> None:
    """Save finished arrays as most programs do."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for name, image, mask in arrays:
        cv2.imwrite(f"{root}/images/{name}.png", image, settings)
        cv2.imwrite(f"{root}/masks/{name}.png", mask.view(np.uint8) * np.uint8(255), settings)


def encode_only(arrays: list) -> None:
    """Encode finished arrays without writing them."""
    for _, image, mask in arrays:
        encode_png(image)
        encode_png(mask)


def run(synthetic: SyntheticDataset, out: Path, count: int, jobs: int) -> None:
    """Do what the command does, but for opening the folder and the noise."""
    # A fresh object: what one run computed last must not serve the next.
    fresh = SyntheticDataset(synthetic.dataset, synthetic.recipe, synthetic.bank, synthetic.seed)
    write_dataset(fresh, out, jobs, limit=count)


def measure_memory(options: argparse.Namespace, name: str) -> dict:
    """Measure the parent's peak memory in fresh processes, for few and many outputs."""
    peaks = {}
    for count in (1000, 20000):
        command = [sys.executable, __file__, options.source, "--split", options.split]
        command += ["--noise", options.noise] if options.noise else []
        command += ["--memory-of", name, str(count)]
        peaks[count] = float(subprocess.run(command, check=True, capture_output=True).stdout)
    return {
        "peak_mb_1000": peaks[1000],
        "peak_mb_20000": peaks[20000],
        "peak_growth": peaks[20000] / peaks[1000],
    }


def measure_peak(options: argparse.Namespace, name: str, count: int) -> float:
    """Run in this process with two workers and return its peak memory in MB."""
    synthetic, _ = prepare(options, name)
    per_source = len(synthetic) / len(synthetic.dataset)
    repeats = -(-count // int(per_source * len(synthetic.dataset))) * synthetic.recipe.variants
    many = synthetic.recipe.override([f"variants={repeats}"])
    synthetic = SyntheticDataset(synthetic.dataset, many, synthetic.bank)
    with tempfile.TemporaryDirectory() as folder:
        write_dataset(synthetic, Path(folder) / "out", jobs=2, limit=count)
    return peak_memory()


def peak_memory() -> float:
    """Return this process's peak resident memory in MB.

    From /proc where there is one: ``getrusage`` also counts what the parent held when it
    started this process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def machine() -> dict:
    """Return what the figures were measured on."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sirst5k": sirst5k.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "joblib": joblib.__version__,
    }


def processor() -> str:
    """Return the processor's name where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def report(name: str, figures: dict) -> None:
    """Print one recipe's figures."""

    def line(text: str, key: str) -> None:
        f = figures[key]
        print(f"  {text:34}{f['median']:8.3f} ms  ({f['least']:.3f} to {f['most']:.3f})")

    print(f"{name}: {figures['outputs']} outputs of {SIZE}×{SIZE}, {figures['rounds']} rounds")
    line("PNG encoding of a pair", "encoding_ms")
    line("floor: encode and write a pair", "floor_ms")
    line("cv2.imwrite, Huffman-only, a pair", "imwrite_huffman_ms")
    line("cv2.imwrite, default, a pair", "imwrite_default_ms")
    line("whole run, one core, a pair", "one_ms")
    line("whole run, two workers, a pair", "two_ms")
    print(f"  {'noise bank, once':34}{figures['sampling_s']:8.2f} s")
    print(f"  {'run over roofline (imwrite)':34}{figures['wall_over_roofline']:8.2f}")
    print(f"  {'run over floor (our codec)':34}{figures['wall_over_floor']:8.2f}")
    print(f"  {'pairs a second, one core':34}{figures['pairs_per_second_one_core']:8.0f}")
    print(f"  {'two workers over one':34}{figures['scaling_two_workers']:8.2f}")
    if "peak_growth" in figures:
        print(
            f"  {'parent peak, 1,000 and 20,000':34}{figures['peak_mb_1000']:8.0f} MB, "
            f"{figures['peak_mb_20000']:.0f} MB  (× {figures['peak_growth']:.3f})"
        )


if __name__ == "__main__":
    main()

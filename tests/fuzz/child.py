"""Reads files in a process of its own, which may hang, crash or fill the memory.

    python child.py KIND FOLDER RESULT

Each file of FOLDER is read; RESULT gets one JSON document: outcomes, slowest file, peak memory.
"""

from __future__ import annotations

import faulthandler
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sirst5k import NoiseBank, Recipe, Sirst5kError
from sirst5k.datasets.coco import CocoIndex, CocoSource
from sirst5k.datasets.lists import parse_list
from sirst5k.imaging import check_file, probe, read_image, read_mask
from sirst5k.noise import spectral_field
from sirst5k.sample import check_pair

_SECONDS = 120  # a hang, whatever else the machine does


def image(path: Path) -> list[Callable[[], object]]:
    def both() -> None:
        pixels = read_image(path)
        check_pair(pixels, np.zeros(pixels.shape, np.bool_))
        assert pixels.size
        assert np.isfinite(pixels).all()

    def mask() -> None:
        reading = read_mask(path)
        assert reading.mask.dtype == np.bool_
        assert reading.mask.ndim == 2

    return [both, mask, lambda: check_file(path), lambda: probe(path)]


def bank(path: Path) -> list[Callable[[], object]]:
    def use() -> None:
        field = spectral_field(NoiseBank.load(path), (24, 20), np.random.default_rng(0))
        assert field.shape == (24, 20)

    return [use]


def coco(path: Path) -> list[Callable[[], object]]:
    def use() -> None:
        index = CocoIndex(path.parents[1], [f"annotations/{path.name}"])
        for sample_id in index.under():
            sample = CocoSource(index).read(sample_id)
            assert sample.mask.shape == sample.image.shape

    return [use]


READERS = {
    "image": image,
    "list": lambda path: [lambda: parse_list(path), lambda: parse_list(path, True)],
    "recipe": lambda path: [lambda: Recipe.from_text(Recipe.load(path).to_text())],
    "bank": bank,
    "coco": coco,
}


def main(kind: str, folder: Path, result: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    warnings.simplefilter("ignore")
    counts = {"read": 0, "refused": 0}
    bugs, slowest = {}, ("", 0.0)
    for path in sorted(folder.iterdir()):
        faulthandler.dump_traceback_later(_SECONDS, exit=True)
        begun = time.perf_counter()
        for read in READERS[kind](path):
            try:
                read()
                counts["read"] += 1
            except Sirst5kError as error:
                counts["refused"] += 1
                if path.name not in str(error) or len(str(error)) > 5000:
                    bugs[path.name] = f"a sentence that does not name it: {str(error)[:300]}"
            except BaseException as error:
                bugs[path.name] = f"{type(error).__name__}: {str(error)[:300]}"
        took = time.perf_counter() - begun
        slowest = max(slowest, (path.name, took), key=lambda pair: pair[1])
        faulthandler.cancel_dump_traceback_later()
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    report = {**counts, "bugs": bugs, "slowest": slowest, "peak_mb": peak / 1024}
    result.write_text(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))

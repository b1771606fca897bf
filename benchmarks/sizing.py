"""What an output costs, and what a million and a billion of them take.

    python benchmarks/sizing.py ../shared/data/sirst-v1 --out benchmarks/results/sizing.json

Each case writes a dataset with one process, as `sirst5k synth --jobs 1` does: reading the sources,
every operation, hashing, encoding, writing, manifest. Sampling the noise and checking the sources
come once a run and are not counted.

Seconds are of the processor (user and system), so other work on the machine matters less; what a
slow disk adds is not in them. Bytes are counted from the files, as long as they are and as blocks
on this disk.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sirst5k import Dataset, Recipe, SyntheticDataset, open_dataset, write_dataset

CASES = {
    "sirst5k, 256 × 256": ("sirst5k", ["size=256"]),
    "sirst5k, native size": ("sirst5k", []),
    "reference, 256 × 256": ("reference", []),
}
COUNTS = (1_000_000, 1_000_000_000)
CORES = (16, 256, 4096)


def measure(dataset: Dataset, name: str, settings: list[str], outputs: int) -> dict[str, Any]:
    """Write so many outputs into a temporary folder, and return what each cost."""
    recipe = Recipe.load(name).override([*settings, "originals=false"])
    synthetic = SyntheticDataset(dataset, recipe)
    synthetic.bank  # noqa: B018  (sampled now, not in the measured time)
    begun = [0.0]

    def started(*_: int) -> None:  # the sources are checked
        begun[0] = time.process_time()

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        write_dataset(synthetic, out, limit=outputs, started=started)
        seconds = time.process_time() - begun[0]
        sizes = {
            part: [path.stat() for path in (out / part).rglob("*") if path.is_file()]
            for part in ("images", "masks")
        }
        manifest = (out / "manifest.jsonl").stat().st_size
    made = len(sizes["images"])
    per_output = {part: sum(s.st_size for s in stats) / made for part, stats in sizes.items()}
    blocks = sum(s.st_blocks * 512 for stats in sizes.values() for s in stats)
    return {
        "outputs": made,
        "milliseconds": 1000 * seconds / made,
        "bytes": {**per_output, "manifest": manifest / made},
        "bytes_in_blocks": (blocks + manifest) / made,
    }


def projected(case: dict[str, Any]) -> dict[str, Any]:
    """Return what large numbers of outputs take, by proportion."""
    return {
        str(count): {
            "core_hours": case["milliseconds"] * count / 3.6e6,
            "hours_on": {
                str(cores): case["milliseconds"] * count / 3.6e6 / cores for cores in CORES
            },
            "gigabytes": sum(case["bytes"].values()) * count / 1e9,
        }
        for count in COUNTS
    }


def main() -> None:
    """Measure every case, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("--outputs", type=int, default=1000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.source, "trainval")
    found = {}
    for label, (name, settings) in CASES.items():
        case = measure(dataset, name, settings, arguments.outputs)
        found[label] = {**case, "projected": projected(case)}
        print(
            f"{label}: {case['milliseconds']:.2f} ms, {sum(case['bytes'].values()) / 1e3:.1f} kB "
            f"({case['bytes_in_blocks'] / 1e3:.1f} kB in blocks)",
            flush=True,
        )
    document = {
        "command": " ".join(sys.argv),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "cases": found,
    }
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()

"""Does the synthetic data help full-size networks? In slices of a GPU's time.

    python benchmarks/gpu/compare_sirst.py --data out/sirst-v1 --work out/compare-gpu --minutes 9

The machine has no network, and ../shared is not on it: copy the dataset into an ignored folder
(out/sirst-v1) and carry it. A slice begins no run after its minutes, and interrupts the one that
is under way, which saves its state; the next slice goes on from there. What must outlive the
machine is packed into one archive, written to --pack (or $OUT, if that is set); a fresh machine
gets it back with --unpack FILE, carried like the data. Finished runs are packed without their
training state. The report is written after every slice, for as much as is finished.

Exit code 0: everything is finished; 3: another slice is needed; 1: a run failed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from sirst5k.comparison import Experiment
from sirst5k.comparison.cells import is_finished
from sirst5k.training.run_folder import STATE

AGAIN = 3


def main() -> None:
    """Run one slice."""
    args = arguments()
    if args.unpack is not None and not args.work.exists():
        args.work.mkdir(parents=True)
        with tarfile.open(args.unpack) as archive:
            archive.extractall(args.work, filter="data")
    code = one_slice(command(args), args.minutes * 60)
    left = unfinished(args.work)
    print(f"{left} runs are left" if left else "every run is finished", flush=True)
    if args.pack is not None:
        pack(args.work, args.pack / f"{args.work.name}.tar.gz")
    sys.exit(1 if code == 1 else AGAIN if left else code)


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", type=Path, default=Path("out/compare-gpu"))
    parser.add_argument("--minutes", type=float, default=9)
    parser.add_argument("--detectors", default="mshnet,dnanet,dstransnet")
    parser.add_argument("--arms", default="none,reference,sirst5k")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--workers", type=int, default=3, help="runs side by side on the GPU")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--unpack", type=Path, help="archive of an earlier slice")
    out = os.environ.get("OUT")
    parser.add_argument("--pack", type=Path, default=Path(out) if out else None)
    parser.add_argument("more", nargs="*", help="after --: further words for sirst5k compare")
    return parser.parse_args()


def command(args: argparse.Namespace) -> list[str]:
    """Return what is run: the same in every slice."""
    words = [sys.executable, "-m", "sirst5k_cli", "compare"]
    for name in ("data", "detectors", "arms", "steps", "seeds", "size", "workers", "device"):
        words += [f"--{name}", str(getattr(args, name))]
    return [*words, "--out", str(args.work), "--time-limit", str(args.minutes * 60), *args.more]


def one_slice(words: list[str], seconds: float) -> int:
    """Run a command, and interrupt it when its time is over; return its exit code."""
    began = time.monotonic()
    process = subprocess.Popen(words)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        print(f"interrupted after {time.monotonic() - began:.0f} s", flush=True)
        process.send_signal(signal.SIGTERM)
        return process.wait()


def unfinished(work: Path) -> int:
    """Return how many runs are left."""
    whole = Experiment.load(work)
    return sum(not is_finished(whole, cell, work) for cell in whole.cells())


def pack(work: Path, file: Path) -> None:
    """Write the folder as one archive, finished runs without the state of their training."""
    whole = Experiment.load(work)
    over = {work / cell.name for cell in whole.cells() if is_finished(whole, cell, work)}
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w:gz") as archive:
        for path in sorted(work.rglob("*")):
            of_finished = any(folder in path.parents for folder in over)
            if path.is_file() and not (path.name == Path(STATE).name and of_finished):
                archive.add(path, path.relative_to(work))


if __name__ == "__main__":
    main()

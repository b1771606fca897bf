"""How near the noise measured on sequences is to what their sensors have.

The embedded sequences (`demo:sequences=N`) know their cameras: the deviation of the temporal
noise, and the pattern that is added to every frame alike. Each sequence is measured by itself.

python benchmarks/sequence_noise.py [--sequences 32] [--size 16] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path

import numpy as np

from sirst5k import __version__, open_dataset
from sirst5k.errors import NoiseError
from sirst5k.noise import SequenceNoise


def truth(scene) -> tuple[float, float]:
    """Return the deviation of both parts of a scene's noise, in grey levels of 255."""
    camera = scene.camera
    signal = scene.background(0) * camera.light
    white = 255 * float(np.sqrt(np.mean(camera.sensor.deviation(signal) ** 2)))
    pattern = 255 * camera.pattern
    usual = 1.4826 * np.median(np.abs(pattern - np.median(pattern)))
    # Pixels that stand out of the pattern are no part of its deviation.
    return white, float(pattern[np.abs(pattern - np.median(pattern)) < 5 * usual].std())


def main() -> None:
    """Measure, print a table, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sequences", type=int, default=32)
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    address = (
        f"demo:sequences={chosen.sequences},frames={chosen.frames},size={chosen.side},"
        f"seed={chosen.seed}"
    )
    whole = open_dataset(address)
    rows, refused = [], 0
    for name, frames in whole.sequences.items():
        white, fixed = truth(whole.source.scene(name))
        try:
            noise = SequenceNoise.sample(whole.subset(frames), size=chosen.size)
        except NoiseError:
            refused += 1
            continue
        rows.append(
            {
                "sequence": name,
                "white": [round(white, 3), round(noise.white_std, 3)],
                "fixed": [round(fixed, 3), round(noise.fixed_std, 3)],
                "windows": int(noise.report["quiet"]),
                "whiteness": round(noise.report["whiteness_quantiles"][1], 3),
                "still_scene_share": round(noise.report["still_scene_share"], 3),
            }
        )
    print(f"{address}: {len(rows)} sequences measured, {refused} without a quiet window")
    summary = {}
    for part in ("white", "fixed"):
        ratios = [row[part][1] / row[part][0] for row in rows]
        quartiles = [round(float(q), 3) for q in np.quantile(ratios, [0, 0.25, 0.5, 0.75, 1])]
        summary[part] = quartiles
        print(f"  {part}: measured over true, least, quartiles, most: {quartiles}")
    if chosen.out is not None:
        document = {
            "command": f"python benchmarks/sequence_noise.py --sequences {chosen.sequences}",
            "machine": f"{platform.system()} {platform.machine()}, Python "
            f"{platform.python_version()}, numpy {np.__version__}, sirst5k {__version__}",
            "source": address,
            "window": chosen.size,
            "measured": len(rows),
            "without_windows": refused,
            "measured_over_true": summary,
            "sequences": rows,
        }
        chosen.out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()

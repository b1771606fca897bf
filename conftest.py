"""Which modules' examples can run here: those whose optional package is installed."""

from __future__ import annotations

from importlib.util import find_spec

_NEEDS = {
    "torch": [
        "sirst5k/comparison/*.py",
        "sirst5k/comparison/clips/*.py",
        "sirst5k/comparison/report/*.py",
        "tests/comparison/faking.py",
        "tests/torch_makers.py",
        "sirst5k/detectors/networks/*.py",
        "sirst5k/detectors/weights/*.py",
        "sirst5k/losses/*.py",
        "sirst5k/training/*.py",
        "sirst5k/training/clips/*.py",
        "sirst5k/transforms/torch/*.py",
        "sirst5k/transforms/torch/processor/*.py",
        "sirst5k/transforms/torch/processor/compiled/*.py",
    ],
    "numba": ["sirst5k/transforms/torch/processor/compiled/[a-z]*.py"],
    "albumentations": ["sirst5k/transforms/albumentations.py"],
    "torchvision": ["sirst5k/transforms/torchvision.py"],
}
collect_ignore_glob = [
    pattern
    for package, patterns in _NEEDS.items()
    if find_spec(package) is None
    for pattern in patterns
]

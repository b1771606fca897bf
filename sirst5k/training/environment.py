"""The machine and the versions that a run happened with."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sirst5k._version import __version__

_PACKAGES = ("torch", "numpy", "scipy", "opencv-python-headless", "lightning-fabric", "safetensors")


def environment(device: Any, step: int) -> dict[str, Any]:
    """Return what to know of where a run is started, as plain values.

    Parameters
    ----------
    device : torch.device
    step : int
        From which the run goes on.
    """
    import torch

    versions: dict[str, str | None] = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "from_step": step,
        "command": sys.argv,
        "sirst5k": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": str(device),
        "gpu": gpu,
        "cuda": torch.version.cuda,
        "packages": versions,
    }

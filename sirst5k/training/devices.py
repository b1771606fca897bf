"""Devices, precision and processes, by lightning-fabric."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch

from sirst5k.errors import ParameterError
from sirst5k.optional import require
from sirst5k.training.config import TrainingConfig

DEVICES = ("auto", "cpu", "cuda")


def make_fabric(config: TrainingConfig, device: str, devices: int) -> Any:
    """Return a launched Fabric.

    Parameters
    ----------
    config : TrainingConfig
        Its precision; ``auto`` is ``bf16-mixed`` on a GPU and ``32-true`` elsewhere.
    device : str
        ``auto`` takes a GPU where there is one.
    devices : int
        Processes, each with one device. They are started here, unless `torchrun` did.

    Raises
    ------
    MissingDependencyError
        If neither lightning-fabric nor lightning is installed.
    ParameterError
        If there is no such device, or not so many.
    """
    if device not in DEVICES:
        raise ParameterError(f"Expected the device auto, cpu or cuda, got {device!r}.")
    found = torch.cuda.device_count()
    if device == "cuda" and not found:
        raise ParameterError("Expected a GPU for the device cuda, but torch finds none.")
    on_gpu = bool(found) and device != "cpu"
    if on_gpu and devices > found:
        raise ParameterError(f"Expected at most {found} devices, got {devices}: there are no more.")
    precision = config.precision
    if precision == "auto":
        precision = "bf16-mixed" if on_gpu else "32-true"
    # MSHNet's fusion layer gets no gradient while it warms up.
    strategy = "ddp_find_unused_parameters_true" if devices > 1 else "auto"
    fabric = _fabric_module().Fabric(
        accelerator="cuda" if on_gpu else "cpu",
        devices=devices,
        precision=precision,
        strategy=strategy,
    )
    fabric.launch()
    return fabric


def _fabric_module() -> Any:
    try:
        return import_module("lightning.fabric")  # the same code, in its larger package
    except ImportError:
        return require("lightning_fabric", "training")

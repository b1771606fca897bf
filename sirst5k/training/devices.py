"""Devices, precision and processes, by lightning-fabric."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import torch
from torch.distributed import is_torchelastic_launched

from sirst5k.detectors.networks.network import Network
from sirst5k.detectors.registry import network_class
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
        Processes, each with one device. They are started here, unless `torchrun` did: then
        there are as many as it says.

    Raises
    ------
    MissingDependencyError
        If neither lightning-fabric nor lightning is installed.
    ParameterError
        If there is no such device, or not so many.
    """
    machines = 1
    if is_torchelastic_launched():
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        machines = int(os.environ["WORLD_SIZE"]) // devices
    on_gpu = check_device(device, devices)
    precision = config.precision
    if precision == "auto":
        precision = "bf16-mixed" if on_gpu else "32-true"
    strategy = "auto"
    if devices * machines > 1:
        strategy = "ddp_find_unused_parameters_true" if _rests(config.detector) else "ddp"
    fabric = _fabric_module().Fabric(
        accelerator="cuda" if on_gpu else "cpu",
        devices=devices,
        num_nodes=machines,
        precision=precision,
        strategy=strategy,
    )
    fabric.launch()
    return fabric


def check_device(device: str, devices: int) -> bool:
    """Return whether a run is on GPUs, or refuse a device that is not there.

    Raises
    ------
    ParameterError
        If there is no such device, or not so many.
    """
    if device not in DEVICES:
        raise ParameterError(f"Expected the device auto, cpu or cuda, got {device!r}.")
    found = torch.cuda.device_count()
    if device == "cuda" and not found:
        raise ParameterError(
            "Expected a GPU for the device cuda, but torch finds none. Take --device cpu, or see "
            "sirst5k doctor."
        )
    on_gpu = bool(found) and device != "cpu"
    if on_gpu and devices > found:
        raise ParameterError(f"Expected at most {found} devices, got {devices}: there are no more.")
    return on_gpu


def check_shares(config: TrainingConfig, processes: int) -> None:
    """Refuse batches that cannot be divided equally.

    Gradients are averaged over processes: of unequal shares, frames would count unequally.

    Raises
    ------
    ParameterError
        If that is so.
    """
    if processes == 1:
        return
    if config.batching == "negatives":
        raise ParameterError(
            f"Expected one device for batching=negatives, whose batches are as large as each "
            f"image's variants are many, got {processes}."
        )
    if config.batch_size % processes:
        raise ParameterError(
            f"Expected a batch that {processes} devices can share equally, got {config.batch_size} "
            f"frames. Try --batch-size {-(-config.batch_size // processes) * processes}."
        )


def is_first_process() -> bool:
    """Return whether this process is the one of a run that writes and speaks.

    Also before `make_fabric`: whoever starts processes tells each its number.
    """
    return int(os.environ.get("RANK") or os.environ.get("LOCAL_RANK") or 0) == 0


def _rests(detector: str) -> bool:
    """Return whether some layers of a network may get no gradient, as while it warms up."""
    network = network_class(detector)
    return not issubclass(network, Network) or network.warm_up is not Network.warm_up


def _fabric_module() -> Any:
    try:
        return import_module("lightning.fabric")  # the same code, in its larger package
    except ImportError:
        return require("lightning_fabric", "training")

"""The state of a run in one file, from which it goes on to the same weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sirst5k.errors import WeightsError
from sirst5k.imaging import write_atomically
from sirst5k.optional import require
from sirst5k.training.averaging import WeightAverage


@dataclass
class Progress:
    """Where a run stands, as plain values.

    Attributes
    ----------
    step : int
        Steps taken.
    best : float, optional
        Best validation score so far, reached after `best_step` steps.
    best_step : int
    stale : int
        Validations since then.
    tally : dict
        Sums since the last row of the records.
    seconds : float
        Time spent training, over all starts.
    """

    step: int = 0
    best: float | None = None
    best_step: int = 0
    stale: int = 0
    tally: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0


def save_state(
    path: Path,
    progress: Progress,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: WeightAverage | None,
) -> None:
    """Write everything that the next step depends on, atomically.

    Weights, the optimiser's and the average's tensors go in as tensors, the rest as JSON
    in the header: nothing is pickled. Randomness is addressed by step and needs no state.
    """
    safetensors = require("safetensors.torch", "saving a run's state")
    tensors = {f"model/{key}": value for key, value in network.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer/{index}/{name}"] = value
    if average is not None:
        tensors |= {f"average/{key}": value for key, value in average.state().items()}
    header = {**vars(progress), "updates": average.updates if average is not None else 0}
    own = {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}
    write_atomically(path, safetensors.save(own, {"sirst5k.run": json.dumps(header)}))


def load_state(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: WeightAverage | None,
) -> Progress:
    """Put a saved state back.

    Raises
    ------
    WeightsError
        If the file is damaged, or of another network or optimiser.
    """
    safetensors = require("safetensors", "reading a run's state")
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}, "average": {}}
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})["sirst5k.run"])
            for key in file.keys():  # noqa: SIM118  (the file is no mapping)
                part, _, name = key.partition("/")
                parts[part][name] = file.get_tensor(key)
        updates = header.pop("updates")
        progress = Progress(**header)
        _check_entries(parts["model"], network.state_dict())
        network.load_state_dict(parts["model"])
        _load_optimizer(optimizer, parts["optimizer"])
        if average is not None:
            average.restore(parts["average"], updates)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, _errors(safetensors)) as error:
        reason = " ".join(str(error).split())
        raise WeightsError(
            f"Cannot go on from {path}: {reason[:300]}. It is damaged or belongs to another "
            f"network; start again with --overwrite."
        ) from error
    return progress


def _check_entries(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Name the first entry that does not fit; PyTorch would list all of them."""
    for key in [*wanted, *found]:
        asked, got = (
            str(tuple(side[key].shape)) if key in side else "nothing" for side in (wanted, found)
        )
        if asked != got:
            raise ValueError(f"it holds {got} for {key}, expected {asked}")


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    document = optimizer.state_dict()
    state: dict[int, dict[str, Any]] = {}
    for key, value in tensors.items():
        index, _, name = key.partition("/")
        state.setdefault(int(index), {})[name] = value
    document["state"] = state
    optimizer.load_state_dict(document)


def _errors(safetensors: Any) -> type[Exception]:
    kind: type[Exception] = safetensors.SafetensorError
    return kind

"""The fixtures of ../shared/parity-video: published weights by rule, and what comes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from detectors.networks.parity import load_module

# Of the fixtures' README.
EVALUATION, TRAINING = 5e-5, 3e-4


class VideoParity:
    """Networks with the weights of the fixtures, their inputs, and what they should return.

    Parameters
    ----------
    folder : Path
        ``../shared/parity-video``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fill = load_module(folder / "fill.py")

    def fixture(self, name: str) -> dict[str, np.ndarray]:
        """Every array of one file."""
        with np.load(self.folder / f"{name}.seed0.npz") as file:
            return dict(file)

    def shapes(self, name: str) -> dict[str, tuple[int, ...]]:
        """Shape of each published entry."""
        rows = json.loads((self.folder / f"{name}.keys.json").read_text(encoding="utf-8"))
        return {key: tuple(shape) for key, shape, _ in rows}

    def state(self, name: str) -> dict[str, Any]:
        """The published state dict as the fixtures' rule fills it."""
        import torch

        values = self.fill.fill_state_dict(self.shapes(name).items())
        return {key: torch.from_numpy(np.asarray(value)) for key, value in values.items()}

    def clip(self, kind: str, size: tuple[int, int], batch: int = 1, frames: int = 5) -> Any:
        """An input of the fixtures."""
        import torch

        if kind == "clip":
            return torch.from_numpy(self.fill.make_clip(size[0], frames))
        return torch.from_numpy(self.fill.make_input((batch, 3, frames, *size), 0))

    def input_of(self, key: str) -> Any:
        """The input that the name of a fixture such as ``eval_randn_b2_64`` says."""
        _, kind, *words = key.split("_")
        size = [int(side) for side in words[-1].split("x")]
        said = {word[0]: int(word[1:]) for word in words[:-1]}
        return self.clip(kind, (size[0], size[-1]), said.get("b", 1), said.get("T", 5))


def check(found: Any, wanted: np.ndarray, tolerance: float = EVALUATION) -> None:
    """Assert that the largest difference is within so much of the largest value."""
    values = found.detach().numpy() if hasattr(found, "detach") else np.asarray(found)
    assert values.shape == wanted.shape
    assert np.abs(values - wanted).max() <= tolerance * np.abs(wanted).max()


def every(found: Any, wanted: np.ndarray) -> Any:
    """The channels of a map that a fixture holds: every k-th, where it has fewer."""
    return found[:, :: found.shape[1] // wanted.shape[1]]


def check_gradients(network: Any, fixture: dict[str, np.ndarray], part: str) -> None:
    """Compare the norm of every gradient; nothing that is dead may have one."""
    parameters, own = dict(network.named_parameters()), network.published_keys(network.config)
    norms = fixture[f"{part}_grad_l2"]
    names = fixture[f"{part}_grad_names"].tolist()
    assert sorted(own[name] for name in names) == sorted(parameters)
    largest = np.nanmax(norms)
    for name, norm in zip(names, norms, strict=True):
        gradient = parameters[own[name]].grad
        if np.isnan(norm):
            assert gradient is None, name
        else:
            assert abs(float(gradient.norm()) - norm) <= 2e-3 * norm + 1e-6 * largest, name


def check_buffers(network: Any, fixture: dict[str, np.ndarray], part: str) -> None:
    """Compare what the batch norms have counted after one step."""
    buffers, own = network.state_dict(), network.published_keys(network.config)
    kept = [key for key in fixture if key.startswith(f"{part}_after/")]
    assert kept
    for key in kept:
        check(buffers[own[key.partition("/")[2]]], fixture[key], 1e-5)

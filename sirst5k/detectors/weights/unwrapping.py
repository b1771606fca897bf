"""State dicts inside what training scripts put around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sirst5k.errors import WeightsError
from sirst5k.optional import require

# In the order of preference where a file holds several: an average of weights comes last,
# because the published figures are of the weights themselves.
WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "module",
    "weights",
    "params",
    "generator",
    "ema",
    "model_ema",
    "state_dict_ema",
    "shadow",
)
PREFIXES = ("module.", "model.", "net.", "network.", "_orig_mod.")
_DEPTH = 8  # of dictionaries; a file that holds itself would never end


def unwrap(document: Any, what: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the tensors of a state dict by name, and what was around them.

    Parameters
    ----------
    document : mapping
        A state dict, or mappings around one; names may begin with what DataParallel,
        Lightning or ``torch.compile`` put before them.
    what : str
        For messages: the file's name.

    Returns
    -------
    tensors : dict of str to torch.Tensor
        Dense, on the CPU where they come from NumPy.
    wrappers : tuple of str

    Raises
    ------
    WeightsError
        If there is no state dict in it.
    """
    wrappers: list[str] = []
    level = document
    while True:
        if not isinstance(level, Mapping) or len(wrappers) > _DEPTH:
            raise WeightsError(_without(what, document))
        inner = _inner(level)
        if inner is None:
            break
        wrappers.append(inner)
        level = level[inner]
    tensors = {name: value for name, value in level.items() if _is_tensor(value)}
    if not tensors or not all(isinstance(name, str) for name in tensors):
        raise WeightsError(_without(what, document))
    while (prefix := _prefix(tensors)) is not None:
        wrappers.append(prefix)
        tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return {name: _plain(name, value, what) for name, value in tensors.items()}, tuple(wrappers)


def _inner(level: Mapping[Any, Any]) -> str | None:
    """Return the key under which the tensors are, or None if they are here."""
    known = [key for key in WRAPPERS if isinstance(level.get(key), Mapping) and level[key]]
    if known:
        return known[0]
    if any(_is_tensor(value) for value in level.values()):
        return None
    unknown = [
        key
        for key, value in level.items()
        if isinstance(key, str)
        and isinstance(value, Mapping)
        and any(map(_is_tensor, value.values()))
    ]
    return unknown[0] if len(unknown) == 1 else None


def _prefix(tensors: Mapping[str, Any]) -> str | None:
    for prefix in PREFIXES:
        if all(name.startswith(prefix) and name != prefix for name in tensors):
            return prefix
    return None


def _is_tensor(value: Any) -> bool:
    return isinstance(value, np.ndarray | require("torch", "a network").Tensor)


def _plain(name: str, value: Any, what: str) -> Any:
    """Return a dense tensor of real numbers, or refuse it."""
    torch = require("torch", "a network")
    try:
        tensor = torch.from_numpy(value) if isinstance(value, np.ndarray) else value.detach()
        dense = tensor.layout == torch.strided and not tensor.is_quantized
        real = not tensor.is_complex() and tensor.device.type != "meta"
        # Strides of 0 would let a few bytes claim to be a huge network.
        if dense and real and tensor.nbytes <= tensor.untyped_storage().nbytes():
            return tensor
    except TypeError:  # text and objects in an array
        pass
    raise WeightsError(
        f"Expected dense tensors of real numbers in {what}, but {name} is none. Save "
        f"model.state_dict() of the network in float32."
    )


def _without(what: str, document: Any) -> str:
    held = type(document).__name__
    if isinstance(document, Mapping):
        names = [str(key)[:40] for key in list(document)[:5]]
        held = f"a dictionary of {', '.join(names)}" if names else "an empty dictionary"
    return (
        f"Expected a state dict, names with tensors, in {what}, got {held}. Save "
        f"model.state_dict() of the network."
    )

"""Evaluation mode for a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def evaluating(network: Any) -> Iterator[None]:
    """Put a network into evaluation mode, and each of its modules back into its own after.

    Parameters
    ----------
    network : torch.nn.Module
        Some of its modules may be in evaluation mode for good, such as frozen norms.
    """
    training = [module for module in network.modules() if module.training]
    network.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True

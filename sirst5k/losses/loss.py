"""What every loss is: logits and a mask in, one number out."""

from __future__ import annotations

import inspect
from abc import abstractmethod

import torch
from torch import Tensor, nn

from sirst5k.errors import ParameterError, ShapeError


class Loss(nn.Module):
    """Base of the losses on logits.

    A subclass implements `measure`. It is handed float32 (or float64) whatever the network
    computed in, so that sums over an image do not overflow or lose small targets in half
    precision. Nothing in it waits for the device.
    """

    def forward(self, logits: Tensor, mask: Tensor, *, epoch: int | None = None) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        logits : (B, C, H, W) floating
            A network's output before the sigmoid; C is 1.
        mask : (B, C, H, W) bool, uint8 of 0 and 1, or floating in [0, 1]
        epoch : int, optional
            Counted from 0, for losses that change in the course of a training; without it,
            a loss is what it is at the end. The others ignore it.

        Returns
        -------
        () float32, or float64 for float64 logits

        Raises
        ------
        ShapeError
            If logits and mask differ in shape, or the logits are not floating.
        ParameterError
            If they are on different devices.
        """
        exact, levels = prepare(logits, mask)
        return self.measure(exact, levels, epoch)

    @abstractmethod
    def measure(self, logits: Tensor, levels: Tensor, epoch: int | None) -> Tensor:
        """Return the loss of logits and a mask that have the same shape, dtype and device."""

    def warming_up(self, epoch: int) -> bool:  # noqa: ARG002
        """Return whether a network is to give only its warm-up heads in this epoch."""
        return False

    def extra_repr(self) -> str:
        """Return the parameters, for ``repr``."""
        names = inspect.signature(type(self)).parameters
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in names)


def prepare(logits: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits and mask in one dtype, float32 unless the logits are float64.

    Raises
    ------
    ShapeError, ParameterError
        As `Loss.forward` says.
    """
    if logits.ndim != 4 or logits.shape != mask.shape or 0 in logits.shape:
        raise ShapeError(
            f"Expected logits and a mask of one shape (B, 1, H, W), got {tuple(logits.shape)} "
            f"and {tuple(mask.shape)}. DeepSupervision brings a mask to the size of each head."
        )
    if not logits.is_floating_point():
        raise ShapeError(f"Expected floating logits, got {logits.dtype}.")
    if logits.device != mask.device:
        raise ParameterError(
            f"Expected the mask on the device of the logits, {logits.device}, got {mask.device}."
        )
    exact = logits if logits.dtype == torch.float64 else logits.float()
    return exact, mask.to(exact.dtype)

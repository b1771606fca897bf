"""Optimisers by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sirst5k.training.config import OptimizerConfig


def _adagrad(parameters: Iterable[Any], config: OptimizerConfig) -> Any:
    from torch.optim import Adagrad

    return Adagrad(parameters, lr=config.lr, weight_decay=config.weight_decay)


def _adam(parameters: Iterable[Any], config: OptimizerConfig) -> Any:
    from torch.optim import Adam

    return Adam(parameters, lr=config.lr, weight_decay=config.weight_decay)


def _adamw(parameters: Iterable[Any], config: OptimizerConfig) -> Any:
    from torch.optim import AdamW

    return AdamW(parameters, lr=config.lr, weight_decay=config.weight_decay)


def _sgd(parameters: Iterable[Any], config: OptimizerConfig) -> Any:
    from torch.optim import SGD

    return SGD(
        parameters,
        lr=config.lr,
        weight_decay=config.weight_decay,
        momentum=config.momentum,
        nesterov=config.nesterov,
    )


OPTIMIZERS: dict[str, Callable[[Iterable[Any], OptimizerConfig], Any]] = {
    "adagrad": _adagrad,
    "adam": _adam,
    "adamw": _adamw,
    "sgd": _sgd,
}

"""Losses by name, and the one that each network was published with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sirst5k.errors import ParameterError, suggest
from sirst5k.losses.bce import BCELoss
from sirst5k.losses.deep_supervision import DeepSupervision
from sirst5k.losses.dice import DiceLoss
from sirst5k.losses.focal import FocalLoss
from sirst5k.losses.loss import Loss
from sirst5k.losses.sls_iou import SLSIoULoss
from sirst5k.losses.soft_iou import SoftIoULoss
from sirst5k.losses.tversky import TverskyLoss

Made = TypeVar("Made")

LOSSES: dict[str, Callable[..., Loss]] = {
    "bce": BCELoss,
    "dice": DiceLoss,
    "focal": FocalLoss,
    "slsiou": SLSIoULoss,
    "softiou": SoftIoULoss,
    "tversky": TverskyLoss,
}
# Network -> how its heads are put together, and with which loss. The losses that can be
# exactly as published take `published`.
CRITERIA: dict[str, tuple[str, str, dict[str, Any]]] = {
    "dnanet": ("mean", "softiou", {"reduction": "batch"}),
    "dstransnet": ("sum", "bce", {}),
    "mshnet": ("mean", "slsiou", {}),
    # No paper stands behind our baseline; by sample, a frame with a large target does not
    # drown one with a small target.
    "unet": ("mean", "softiou", {"reduction": "sample"}),
}


def names() -> list[str]:
    """Return the names that `create` knows, sorted."""
    return sorted(LOSSES)


def create(name: str, **config: Any) -> Loss:
    """Make a loss.

    Parameters
    ----------
    name : str
        One of `names`.
    **config
        Its parameters.

    Raises
    ------
    ParameterError
        If there is no such loss, it has no such parameter, or a value does not fit.

    Examples
    --------
    >>> create("softiou", reduction="sample")
    SoftIoULoss(reduction='sample', smooth=1.0)
    """
    if name not in LOSSES:
        raise ParameterError(f"There is no loss {name!r}.{suggest(name, LOSSES)}")
    return make(LOSSES[name], name, config)


def make(kind: Callable[..., Made], name: str, config: Mapping[str, Any]) -> Made:
    """Make a loss of a kind, or say in a sentence which of its parameters does not fit."""
    known = inspect.signature(kind).parameters
    for key in config:
        if key not in known:
            raise ParameterError(f"The loss {name} has no parameter {key!r}.{suggest(key, known)}")
    try:
        return kind(**config)
    except TypeError as error:
        raise ParameterError(
            f"The loss {name} cannot be made with {dict(config)}: {error}."
        ) from error


def for_detector(name: str, published: bool = False, **config: Any) -> DeepSupervision:
    """Return the criterion that a network was published with.

    Called with the list that `Network.heads` returns, the full-size mask, and the epoch::

        criterion = for_detector("mshnet")
        heads = network.heads(frames, warming_up=criterion.warming_up(epoch))
        loss = criterion(heads, mask, epoch=epoch)

    Parameters
    ----------
    name : str
        ``dnanet`` (mean of whole-batch soft IoU), ``mshnet`` (mean of the scale- and
        location-sensitive IoU), ``dstransnet`` (sum of cross-entropies), ``unet`` (mean of
        the soft IoU by sample, our choice).
    published : bool
        Keep what makes the published losses unsafe: see `SLSIoULoss` and `BCELoss`.
    **config
        Parameters of the loss that are to be others than published.

    Raises
    ------
    ParameterError
        If no criterion is known for that name, its loss has no such parameter, or a value does
        not fit.

    Examples
    --------
    >>> for_detector("mshnet", warm_up_epochs=80).loss.warm_up_epochs
    80
    """
    if name not in CRITERIA:
        raise ParameterError(
            f"There is no published loss for {name!r}.{suggest(name, CRITERIA)} For another "
            f"network, make one with sirst5k.losses.create; those that return boxes take "
            f"sirst5k.losses.YOLOXLoss."
        )
    reduction, loss, own = CRITERIA[name]
    if "published" in inspect.signature(LOSSES[loss]).parameters:
        own = {**own, "published": published}
    return DeepSupervision(create(loss, **{**own, **config}), reduction)

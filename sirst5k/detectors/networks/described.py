"""What every network says of itself, and how it is made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

import torch
from torch import nn

from sirst5k.detectors.normalisation import Normalisation
from sirst5k.errors import WeightsError


class DescribedNetwork(nn.Module):
    """Base of all networks: a name, a configuration, and how published weights are read.

    Where weights of another code are published, a subclass says how they are read:
    `read_config`, `published_keys`, `dead_keys` and `published_normalisation`.

    Parameters
    ----------
    config : dataclass
        The subclass's `Config`: everything needed to make the same network again.

    Attributes
    ----------
    normalisation : Normalisation
        What whoever feeds the network applies to frames in 0…1 first; not applied here.
    dead_keys : tuple of str
        Patterns, as of `fnmatch`, of published entries that no output depends on.
    published_normalisation : Normalisation
        What the published weights were trained with.
    """

    name: ClassVar[str]
    Config: ClassVar[type]
    multiple: ClassVar[int]
    dead_keys: ClassVar[tuple[str, ...]] = ()
    published_normalisation: ClassVar[Normalisation] = Normalisation()

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.normalisation = Normalisation()

    @property
    def in_channels(self) -> int:
        """Channels of a frame."""
        return int(self.config.in_channels)

    @classmethod
    def read_config(cls, shapes: Mapping[str, tuple[int, ...]]) -> Any:
        """Return the configuration that published weights have.

        Parameters
        ----------
        shapes : mapping of str to tuple of int
            Shape of each entry under its published key, without wrappers and prefixes.

        Raises
        ------
        WeightsError
            If they are not weights of this network; it names the entry that does not fit.
        """
        raise WeightsError(
            f"Expected weights of {cls.name} that say their configuration, got {len(shapes)} bare "
            f"tensors, from which it cannot be read. Give a file that sirst5k wrote."
        )

    @classmethod
    def published_keys(cls, config: Any) -> dict[str, str]:
        """Return the network's own key for each published one, dead ones left out.

        Parameters
        ----------
        config : dataclass
            What `read_config` returned.

        Returns
        -------
        dict of str to str
            As many entries as `state_dict` has. Keys are their own where no other code is
            published.
        """
        return {key: key for key in cls.own_shapes(config)}

    @classmethod
    def own_shapes(cls, config: Any) -> dict[str, tuple[int, ...]]:
        """Return the shape of each entry of `state_dict`, without making the tensors."""
        with torch.device("meta"):
            state = cls(config).state_dict()
        return {key: tuple(values.shape) for key, values in state.items()}

    def describe(self) -> dict[str, Any]:
        """Return name, configuration and normalisation as plain values."""
        return {
            "name": self.name,
            "config": asdict(self.config),
            "normalisation": self.normalisation.to_dict(),
        }

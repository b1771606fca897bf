"""What every kind of training is made from, and what must be ready before its first step."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sirst5k.detectors import create
from sirst5k.detectors.normalisation import IMAGENET, Normalisation
from sirst5k.errors import ParameterError
from sirst5k.synthesis import Recipe
from sirst5k.training.config import TrainingConfig
from sirst5k.training.sampling import ShuffledBatches
from sirst5k.training.task import Task


@dataclass(frozen=True, eq=False)
class Source:
    """Where frames come from.

    Attributes
    ----------
    data : Dataset
        The training split; a SequenceDataset for detectors of boxes in clips.
    test : Dataset, optional
        Refused if an image of it is trained on, and else not looked at.
    held_out : Dataset, optional
        What is validated on; a fixed share of `data` if None.
    recipe : Recipe, optional
        Variants of the training images are computed and trained on.
    bank : NoiseBank or SequenceNoise, optional
        Where their noise comes from.
    jobs : int
        Processes that decode.
    cache : Path, optional
        Where decoded frames are kept between runs.
    decoding : callable, optional
        Wraps the loop over images that are decoded.
    memory : int, optional
        Bytes that decoded frames may take; half of what is free if None.
    """

    data: Any
    test: Any = None
    held_out: Any = None
    recipe: Recipe | None = None
    bank: Any = None
    jobs: int = 1
    cache: Path | None = None
    decoding: Any = None
    memory: int | None = None


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a loop is made of.

    Attributes
    ----------
    network : nn.Module
    outputs : nn.Module
        Its supervised outputs as a module of their own.
    task : Task
    steps : int
        Where training ends.
    frames : int
        What is trained on, variants included.
    where : str
        Where the frames are, and why.
    notes : dict of str to str
        What the weights' file says beside the network's own configuration.
    """

    network: Any
    outputs: nn.Module
    task: Task
    steps: int
    frames: int
    where: str
    notes: dict[str, str] = field(default_factory=dict)


def fresh_network(config: TrainingConfig) -> Any:
    """Return the network of a run with its first weights, which the seed decides."""
    torch.manual_seed(config.seed)  # of the first weights: everything later is addressed
    return create(config.detector, in_channels=config.in_channels, **config.network)


def normalisation_of(config: TrainingConfig, mean_and_deviation: Any) -> Normalisation:
    """Return how levels are normalised.

    Parameters
    ----------
    config : TrainingConfig
    mean_and_deviation : callable
        Returns both over the training frames, in fractions of full scale.

    Raises
    ------
    ParameterError
        If ImageNet's three numbers are wanted for another number of channels.
    """
    if config.normalisation == "dataset":
        mean, std = mean_and_deviation()
        return Normalisation((round(mean, 6),), (round(std, 6),))
    if config.normalisation == "imagenet":
        if config.in_channels != 3:
            raise ParameterError(
                f"Expected 3 channels for the normalisation imagenet, got {config.in_channels}."
            )
        return IMAGENET
    return Normalisation()


def shuffled_batches(config: TrainingConfig, frames: int) -> ShuffledBatches:
    """Return the batches of a run over so many frames or clips."""
    return ShuffledBatches(
        frames, config.batch_size, config.drop_last, config.seed, config.epochs_per_pass
    )

"""Everything that a training run follows from, as a frozen document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sirst5k.errors import ParameterError, RecipeError, did_you_mean, suggest
from sirst5k.plain_yaml import YamlError, format_yaml, parse_yaml
from sirst5k.synthesis.document import from_document, to_document
from sirst5k.training.augmentation import Augmentation
from sirst5k.training.lengths import check_length
from sirst5k.training.optimizers import OPTIMIZERS
from sirst5k.training.parameter_groups import GROUPS
from sirst5k.training.schedules import SCHEDULES

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed", "bf16-true")
BATCHINGS = ("shuffled", "negatives")
COMPILE = ("off", "default", "reduce-overhead", "max-autotune")
NORMALISATIONS = ("dataset", "imagenet", "none")
SELECTED_BY = ("miou", "niou", "f1", "pd", "ap50", "best_f1")


@dataclass(frozen=True, slots=True)
class OptimizerConfig:
    """How weights follow gradients.

    Attributes
    ----------
    name : str
        ``adagrad``, ``adam``, ``adamw`` or ``sgd``.
    lr : float
        Learning rate that the schedule scales.
    weight_decay, momentum : float
        Momentum is that of ``sgd`` alone.
    nesterov : bool
        Whether ``sgd`` looks ahead.
    groups : str
        Which parameters decay: ``one`` group with all of them, or those ``yolox`` has, see
        `sirst5k.training.parameter_groups`.
    """

    name: str = "adamw"
    lr: float = 1e-3
    weight_decay: float = 0.01
    momentum: float = 0.9
    nesterov: bool = False
    groups: str = "one"

    def __post_init__(self) -> None:
        _check_name("optimizer.name", self.name, OPTIMIZERS)
        _check_name("optimizer.groups", self.groups, GROUPS)
        if self.nesterov and (self.name != "sgd" or self.momentum == 0):
            raise ParameterError(
                f"optimizer.nesterov: expected sgd with a momentum, got {self.name} with "
                f"{self.momentum}."
            )
        if not self.lr > 0 or self.weight_decay < 0 or not 0 <= self.momentum < 1:
            raise ParameterError(
                f"optimizer: expected lr > 0, weight_decay >= 0 and momentum in [0, 1), got "
                f"{self.lr}, {self.weight_decay} and {self.momentum}."
            )


@dataclass(frozen=True, slots=True)
class ScheduleConfig:
    """How the learning rate runs over the steps.

    Attributes
    ----------
    name : str
        ``constant``, ``cosine``, ``poly``, or as published, by epochs: ``dstransnet``,
        ``yolox`` (of the video networks).
    warm_up : float
        Share of all steps over which the rate rises linearly first.
    final_ratio : float
        Rate at the end, as a share of the highest.
    power : float
        Exponent of ``poly``.
    """

    name: str = "cosine"
    warm_up: float = 0.025
    final_ratio: float = 0.01
    power: float = 0.9

    def __post_init__(self) -> None:
        _check_name("schedule.name", self.name, SCHEDULES)
        if not 0 <= self.warm_up < 1 or not 0 <= self.final_ratio <= 1 or not self.power > 0:
            raise ParameterError(
                f"schedule: expected warm_up in [0, 1), final_ratio in [0, 1] and power > 0, "
                f"got {self.warm_up}, {self.final_ratio} and {self.power}."
            )


@dataclass(frozen=True)
class TrainingConfig:
    """A training run, but for its data and where it happens.

    Attributes
    ----------
    detector : str
        Name of a network.
    network : dict
        Values of the network's own configuration.
    in_channels : int
        Grey frames are repeated into so many.
    protocol : str
        Where the other values began, see `sirst5k.training.protocols`.
    prior : float, optional
        Probability of target that fresh heads begin at; None leaves the network's own.
    normalisation : str
        ``dataset`` (mean and deviation of the training frames), ``imagenet`` or ``none``.
    augmentation : Augmentation
    transform : str, optional
        Recipe whose operations are drawn anew for every batch, on the device.
    optimizer : OptimizerConfig
    schedule : ScheduleConfig
    loss : str
        ``published`` (what the detector's paper uses), or a name of `sirst5k.losses`.
    loss_config : dict
        Parameters of the loss that are to be others than its own.
    batch_size : int
    drop_last : bool
        Whether an epoch leaves out its last batch where that is smaller.
    epochs_per_pass : int
        Epochs that as many batches as a pass has are divided into, each in an order of its
        own; 5 for the published video networks, whose epoch ends after a fifth.
    batching : str
        ``shuffled``; or ``negatives``: a source image together with all its variants, the
        loss summed over them, as published for SIRST-5K.
    steps : int, optional
        Optimiser steps; or else `epochs`.
    epochs : int, optional
        Passes over the training frames.
    validation_fraction : float
        Share of the training images held out.
    validate_every : int, optional
        Steps between two validations; about twenty in all by default.
    select_by : str
        Score whose highest value on the held-out part is the best.
    patience : int, optional
        Validations without a better one after which training ends early.
    frame : int, optional
        Validation frames are squashed to this side, as published; None keeps their size.
    whole_clips : bool
        Of sequences only those key frames are trained on whose clips repeat no frame: a network
        that is shown many targets without their motion may not learn to use it.
    whole_boxes : bool
        Boxes of clips are cut to whole pixels of the letterboxed frame, as published.
    precision : str
        Of lightning-fabric; ``auto`` is ``bf16-mixed`` on a GPU and ``32-true`` elsewhere.
    compile : str
        ``off``, or a mode of `torch.compile`; reduce-overhead uses CUDA graphs.
    channels_last : bool
        Memory format of frames and weights.
    gradient_clip : float, optional
        Largest norm of the gradient.
    ema : float, optional
        Decay of an average of the weights, which is then validated and saved.
    ema_updates : float, optional
        The decay after n updates is ``ema * (1 - exp(-n / ema_updates))``, as published for
        the video networks; by default it rises as ``(1 + n) / (10 + n)``.
    seed : int
    """

    detector: str
    network: dict[str, Any] = field(default_factory=dict)
    in_channels: int = 1
    protocol: str = "fair"
    prior: float | None = None
    normalisation: str = "dataset"
    augmentation: Augmentation = field(default_factory=Augmentation)
    transform: str | None = None
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    loss: str = "published"
    loss_config: dict[str, Any] = field(default_factory=dict)
    batch_size: int = 16
    drop_last: bool = True
    epochs_per_pass: int = 1
    batching: str = "shuffled"
    steps: int | None = None
    epochs: int | None = None
    validation_fraction: float = 0.1
    validate_every: int | None = None
    select_by: str = "miou"
    patience: int | None = None
    frame: int | None = None
    whole_clips: bool = False
    whole_boxes: bool = False
    precision: str = "auto"
    compile: str = "off"
    channels_last: bool = False
    gradient_clip: float | None = None
    ema: float | None = None
    ema_updates: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        _check_name("normalisation", self.normalisation, NORMALISATIONS)
        _check_name("batching", self.batching, BATCHINGS)
        _check_name("compile", self.compile, COMPILE)
        _check_name("precision", self.precision, ("auto", *PRECISIONS))
        _check_name("select_by", self.select_by, SELECTED_BY)
        check_length(self.steps, self.epochs)
        least = {
            "in_channels": 1,
            "batch_size": 1,
            "epochs_per_pass": 1,
            "steps": 1,
            "epochs": 1,
            "validate_every": 1,
            "patience": 1,
            "frame": 16,
            "seed": 0,
        }
        for key, low in least.items():
            value = getattr(self, key)
            if value is not None and value < low:
                raise ParameterError(f"{key}: expected at least {low}, got {value}.")
        if not 0 < self.validation_fraction < 1:
            raise ParameterError(
                f"validation_fraction: expected a share between 0 and 1, got "
                f"{self.validation_fraction}."
            )
        if self.prior is not None and not 0 < self.prior < 1:
            raise ParameterError(
                f"prior: expected a probability between 0 and 1, got {self.prior}."
            )
        if self.gradient_clip is not None and not self.gradient_clip > 0:
            raise ParameterError(f"gradient_clip: expected > 0, got {self.gradient_clip}.")
        if self.ema is not None and not 0 < self.ema < 1:
            raise ParameterError(f"ema: expected a decay between 0 and 1, got {self.ema}.")
        if self.ema_updates is not None and (self.ema is None or not self.ema_updates > 0):
            raise ParameterError(
                f"ema_updates: expected a number above 0 beside an ema, got {self.ema_updates} "
                f"and the ema {self.ema}."
            )

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> TrainingConfig:
        """Build it from plain values; what is unknown or does not fit is refused.

        Raises
        ------
        ParameterError
            Naming the key.
        """
        return from_document(cls, document, {})

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `from_dict` turns into the same configuration."""
        return to_document(self, {})

    def to_text(self) -> str:
        """Return it as a YAML document."""
        return format_yaml(self.to_dict())

    def override(self, assignments: Iterable[str]) -> TrainingConfig:
        """Return it with some values set, as ``--set`` does: ``optimizer.lr=0.05``."""
        return TrainingConfig.from_dict(assigned(self.to_dict(), assignments))


def assigned(document: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Return a document with ``dotted.key=value`` words put in, values read as YAML.

    Raises
    ------
    RecipeError
        If a word has another form, or names what the document does not have.
    """
    changed = {k: dict(v) if isinstance(v, Mapping) else v for k, v in document.items()}
    for word in assignments:
        key, equals, text = word.partition("=")
        section, dot, rest = key.strip().partition(".")
        if not equals:
            raise RecipeError(f"--set {word}: expected KEY=VALUE.")
        if section not in (known := [item.name for item in fields(TrainingConfig)]):
            inside = [
                f"{outer}.{section}"
                for outer, part in TrainingConfig(detector="unet", steps=1).to_dict().items()
                if isinstance(part, dict) and section in part
            ]
            remedy = suggest(inside[0], inside) if inside else suggest(section, known)
            raise RecipeError(f"--set {word}: unknown key {section!r}.{remedy}")
        try:
            value = parse_yaml(text)
        except YamlError as error:
            raise RecipeError(f"--set {word}: {text!r} is no YAML value.") from error
        if not dot:
            changed[section] = value
        elif isinstance(changed.get(section), dict):
            changed[section][rest] = value
        else:
            raise RecipeError(f"--set {word}: {section!r} has no keys of its own.")
    return changed


def _check_name(key: str, value: str, known: Iterable[str]) -> None:
    names = list(known)
    if value not in names:
        raise ParameterError(
            f"{key}: expected one of {', '.join(names)}, got {value!r}.{did_you_mean(value, names)}"
        )

"""An experiment: which runs it consists of, and where each is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import product
from pathlib import Path
from typing import Any

from sirst5k.comparison.arms import Arm, check_arms, why_not
from sirst5k.detectors import names as detector_names
from sirst5k.errors import OutputError, ParameterError, suggest
from sirst5k.imaging import write_atomically
from sirst5k.plain_yaml import YamlError, format_yaml, parse_yaml
from sirst5k.training.lengths import check_length

VERSION = 1
FILE = "experiment.yaml"
# What two starts in one folder must agree on; everything else may grow.
FIXED = ("data", "split", "test", "steps", "epochs", "protocol", "settings", "shift_noise")
GROWING = ("detectors", "seeds", "fractions", "shift", "also_test", "profiles")


@dataclass(frozen=True, slots=True)
class Cell:
    """One run: a detector, an arm, a share of the labels, a seed."""

    detector: str
    arm: str
    fraction: float
    seed: int

    @property
    def name(self) -> str:
        """Where it is kept, below the experiment's folder."""
        share = "" if self.fraction == 1 else f"fraction{self.fraction:g}/"
        return f"runs/{self.detector}/{self.arm}/{share}seed{self.seed}"


@dataclass(frozen=True)
class Experiment:
    """What is compared, and how.

    Attributes
    ----------
    data : str
        The dataset.
    detectors : tuple of str
    arms : tuple of Arm
    seeds : tuple of int
        Every cell of the grid is run with each.
    split, test : str, optional
        Lists to train and to test on; the dataset's own roles by default.
    steps, epochs : int, optional
        One of them: equal steps (fair) or equal passes (as published).
    protocol : str
        See `sirst5k.training.PROTOCOLS`.
    settings : tuple of str
        Further ``KEY=VALUE`` words for every training.
    networks : mapping of str to mapping
        Configuration of a detector's network, as for narrow ones.
    fractions : tuple of float
        Shares of the training labels.
    shift : tuple of float
        Levels of foreign noise that the test images are displaced with, as multiples of
        the median level of the test images' own.
    shift_noise : str, optional
        Where that noise comes from; the test images' own, held back from training, if None.
    also_test : tuple of str
        Further datasets that are only tested on.
    profiles : tuple of str
        Whose metrics stand beside the corrected ones.
    """

    data: str
    detectors: tuple[str, ...]
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    split: str | None = None
    test: str | None = None
    steps: int | None = None
    epochs: int | None = None
    protocol: str = "fair"
    settings: tuple[str, ...] = ()
    networks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fractions: tuple[float, ...] = (1.0,)
    shift: tuple[float, ...] = ()
    shift_noise: str | None = None
    also_test: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ("corrected",)
    version: int = VERSION

    def __post_init__(self) -> None:
        known = detector_names()
        for name in (*self.detectors, *self.networks):
            if name not in known:
                raise ParameterError(f"There is no detector {name!r}.{suggest(name, known)}")
        check_arms(self.arms)
        if not self.detectors:
            raise ParameterError("Expected at least one detector, got none. Name some, as unet.")
        if len(set(self.detectors)) < len(self.detectors):
            raise ParameterError(f"Expected each detector once, got {', '.join(self.detectors)}.")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds) or min(self.seeds) < 0:
            raise ParameterError(f"Expected different seeds from 0, got {list(self.seeds)}.")
        check_length(self.steps, self.epochs)
        if not self.fractions or not all(0 < part <= 1 for part in self.fractions):
            raise ParameterError(f"Expected fractions in (0, 1], got {list(self.fractions)}.")
        if len(set(self.fractions)) < len(self.fractions):
            raise ParameterError(f"Expected different fractions, got {list(self.fractions)}.")
        if not all(0 <= level < math.inf for level in self.shift):
            shown = ", ".join(f"{level:g}" for level in self.shift)
            raise ParameterError(f"Expected finite levels of noise from 0, got {shown}.")

    def arm(self, name: str) -> Arm:
        """Return an arm by its name."""
        return next(arm for arm in self.arms if arm.name == name)

    def cells(self) -> list[Cell]:
        """Return every run; seeds vary slowest, so that early results span all arms.

        An arm that does not apply to a detector is left out.
        """
        return [
            Cell(detector, arm.name, fraction, seed)
            for seed, fraction, detector, arm in product(
                self.seeds, sorted(self.fractions, reverse=True), self.detectors, self.arms
            )
            if not why_not(arm, detector)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `from_dict` turns into the same experiment."""
        document = {item.name: getattr(self, item.name) for item in fields(self)}
        document["arms"] = [arm.to_dict() for arm in self.arms]
        document["networks"] = {name: dict(values) for name, values in self.networks.items()}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in document.items()}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Experiment:
        """Build it from what `to_dict` returns."""
        known = {item.name for item in fields(cls)}
        if strange := sorted(set(document) - known):
            raise ParameterError(
                f"unknown key {strange[0]!r} in an experiment.{suggest(strange[0], known)}"
            )
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in document.items()
        }
        values["arms"] = tuple(Arm.from_dict(arm) for arm in document["arms"])
        return cls(**values)

    def joined(self, before: Experiment) -> Experiment:
        """Return an earlier experiment with what this one adds to it.

        Detectors, arms, seeds, fractions, levels of noise, datasets and profiles may be added;
        the grid is then the whole one, so that every arm has every seed.

        Raises
        ------
        OutputError
            If anything else differs.
        """
        for key in FIXED:
            old, new = getattr(before, key), getattr(self, key)
            if old != new and not (key == "shift_noise" and not before.shift):
                raise OutputError(
                    f"The folder holds an experiment with {key} {old!r}, not {new!r}. Name "
                    "another folder with --out."
                )
        for name in set(before.detectors) & set(self.detectors):
            one, two = dict(before.networks.get(name, {})), dict(self.networks.get(name, {}))
            if one != two:
                raise OutputError(
                    f"The folder holds runs of {name} with --net {one}, not {two}. Name another "
                    "folder with --out."
                )
        for arm in self.arms:
            if any(old.name == arm.name and old != arm for old in before.arms):
                raise OutputError(
                    f"The folder has another arm called {arm.name!r}. Name yours NAME=RECIPE."
                )
        grown: dict[str, Any] = {
            key: tuple(dict.fromkeys((*getattr(before, key), *getattr(self, key))))
            for key in GROWING
        }
        names = [arm.name for arm in before.arms]
        arms = (*before.arms, *(arm for arm in self.arms if arm.name not in names))
        return replace(self, arms=arms, networks={**before.networks, **self.networks}, **grown)

    def save(self, folder: Path) -> Experiment:
        """Write it to the experiment's folder, with what was there before; return the whole.

        Raises
        ------
        OutputError
            If the folder holds an experiment that this one does not add to, see `joined`.
        """
        whole = self.joined(Experiment.load(folder)) if (folder / FILE).is_file() else self
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / FILE, format_yaml(whole.to_dict()).encode("utf-8"))
        return whole

    @classmethod
    def load(cls, folder: Path) -> Experiment:
        """Read the experiment of a folder."""
        file = folder / FILE
        try:
            document = parse_yaml(file.read_text(encoding="utf-8"))
            return cls.from_dict(document)
        except (FileNotFoundError, NotADirectoryError) as error:
            there = "holds no experiment" if folder.is_dir() else "is no folder"
            raise OutputError(
                f"Expected a folder of `sirst5k compare`, but {folder} {there} (there is no "
                f"{file}). Name what `sirst5k compare` had as --out."
            ) from error
        except OSError as error:
            raise OutputError(
                f"Expected a folder of `sirst5k compare`, but {file} cannot be read: "
                f"{error.strerror}. Check that it may be read."
            ) from error
        except (YamlError, KeyError, TypeError) as error:
            raise OutputError(f"Expected an experiment in {file}: {error}.") from error

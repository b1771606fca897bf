"""Every error that a user can cause, each a sentence with the remedy in it.

The classes also inherit the builtin that fits, so that ``except ValueError`` in other
people's code keeps working. The command line prints the sentence and exits with 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class Sirst5kError(Exception):
    """Base of all errors caused by input or usage."""


class Sirst5kWarning(UserWarning):
    """Something was accepted, but in a way its owner should know of."""


class DatasetError(Sirst5kError, ValueError):
    """A dataset folder cannot be used as it is."""


class DatasetNotFoundError(DatasetError, FileNotFoundError):
    """The path does not exist, or is not what was expected there."""


class UnknownLayoutError(DatasetError):
    """No known dataset layout fits the folder."""


class PairingError(DatasetError):
    """An image without its mask, or a mask without its image."""


class SplitError(DatasetError):
    """A split list is missing, ambiguous, or names something it must not."""


class ImageError(DatasetError):
    """An image or mask file cannot be read as one, or does not fit its partner."""


class ShapeError(Sirst5kError, ValueError):
    """An array of the wrong shape or dtype."""


class ParameterError(Sirst5kError, ValueError):
    """A parameter outside its range."""


class RecipeError(ParameterError):
    """A recipe with an unknown key, or a value out of range."""


class NoiseError(Sirst5kError, ValueError):
    """No usable noise could be found, or a noise bank cannot be used."""


class WeightsError(Sirst5kError, ValueError):
    """A file or dictionary of weights that does not fit the network, or cannot be trusted."""


class TrainingError(Sirst5kError, RuntimeError):
    """A training that cannot go on: a loss that is not finite, or no memory."""


class OutputError(Sirst5kError, OSError):
    """An output folder that cannot be written, or that holds something else."""


class ClusterError(Sirst5kError, RuntimeError):
    """A cluster is not there, not fit for the run, or was lost on the way."""


class MissingDependencyError(Sirst5kError, ImportError):
    """An optional package is needed for what was asked."""


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest known name, or all of them.

    Parameters
    ----------
    wrong : str
        The name that was given.
    known : iterable of str
        The names that exist.
    """
    names = sorted(known)
    return did_you_mean(wrong, names) or f" Known: {', '.join(names)}."


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest known name; empty if none is near.

    Names that begin with the wrong one are the nearest; several of them are all named.
    """
    names = list(known)
    begun = [name for name in names if len(wrong) >= 3 and name.startswith(wrong)]
    near = begun[:4] if len(begun) <= 4 else []
    near = near or get_close_matches(wrong, names, n=1, cutoff=0.6)
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""

"""Where the noise of a run over sequences comes from: a file, or the sequences themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from sirst5k.datasets.sequences import SequenceDataset
from sirst5k.errors import NoiseError
from sirst5k.noise import SequenceNoise
from sirst5k.noise.no_windows import NoWindowsError
from sirst5k.synthesis.parameters import AdaptiveSampling

Progress = Callable[[Iterable[str]], Iterable[str]]


def open_sequence_noise(path: Path) -> SequenceNoise:
    """Open what ``--noise`` names for sequences: an ``.npz`` file.

    Raises
    ------
    NoiseError
        If it is none, or holds no noise.
    """
    if path.suffix.lower() != ".npz":
        raise NoiseError(
            f"Expected the noise of sequences as an .npz file, got {path}. Make one with: sirst5k "
            f"noise sample SOURCE -o FILE.npz"
        )
    return SequenceNoise.load(path)


def sample_sequence_noise(
    dataset: SequenceDataset, sampling: AdaptiveSampling, progress: Progress | None = None
) -> SequenceNoise:
    """Measure the noise of sequences by a recipe's rule.

    Parameters
    ----------
    dataset : SequenceDataset
    sampling : AdaptiveSampling
    progress : callable, optional
        Wraps the loop over the names of sequences.

    Raises
    ------
    NoiseError
        If no window is quiet enough in every frame of any sequence.
    """
    try:
        return SequenceNoise.sample(dataset, progress=progress, **asdict(sampling))
    except NoWindowsError as error:
        raise error.of_recipe() from None

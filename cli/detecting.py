"""Which detector a command is to run: a filter by its name, a network by its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .options import Command
from .suggesting import Choice


def network_options(command: Command) -> Command:
    """Add ``--normalisation``, ``--device`` and ``--precision``."""
    options = [
        normalisation_option,
        click.option("--device", help="Of a network: auto, cpu, cuda, cuda:1; auto by default."),
        click.option(
            "--precision",
            type=Choice(["float32", "bfloat16", "float16"]),
            help="Of a network; float32 by default.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def normalisation_option(command: Command) -> Command:
    """Add ``--normalisation``."""
    return click.option(
        "--normalisation",
        metavar="NAME|MEAN/STD",
        help="Of a network, where its weights do not say it: none, imagenet, nuaa-sirst, "
        "nudt-sirst, irstd-1k, sirst-aug, or numbers as 0.44/0.11.",
    )(command)


def checkpoint_option(command: Command) -> Command:
    """Add ``--checkpoint``."""
    return click.option(
        "--checkpoint",
        type=Choice(["last", "best"]),
        default="last",
        show_default=True,
        help="Of a run folder: the last weights, or the best ones on its held-out part.",
    )(command)


def weights_of(run: str | Path, checkpoint: str) -> str:
    """Return the file of a run folder's weights, or refuse a folder that is none."""
    from sirst5k.errors import WeightsError

    folder = Path(run)
    file = folder / "checkpoints" / f"{checkpoint}.safetensors"
    if folder.is_file():
        raise WeightsError(
            f"Expected a folder that `sirst5k train` wrote, but {run} is a file. A file of "
            "weights goes with --weights."
        )
    if not folder.is_dir():
        raise WeightsError(
            f"Expected a folder that `sirst5k train` wrote, but there is no folder {run}. Name "
            "what `sirst5k train` had as --out."
        )
    if not file.is_file():
        remedy = (
            "A run has weights from its first validation on: train on, or wait."
            if (folder / "config.yaml").is_file()
            else "Name what `sirst5k train` had as --out."
        )
        raise WeightsError(
            f"Expected a folder that `sirst5k train` wrote, but there is no {file}. {remedy}"
        )
    return str(file)


def make_detector(
    name: str | None,
    weights: str | None,
    assignments: tuple[str, ...],
    normalisation: str | None,
    device: str | None,
    precision: str | None,
    size: int | None = None,
) -> Any:
    """Return a detector from what these options say; of boxes, for a network of clips.

    Settings change a filter's parameters, or the configuration of a network.
    """
    from sirst5k.detectors import NetworkDetector, as_detector, load_weights
    from sirst5k.detectors.settings import parse_settings
    from sirst5k.evaluation.clips import VideoBoxes, is_video_network

    settings = parse_settings(assignments)
    if weights is not None:
        module = load_weights(name, weights, normalisation, **settings)
        options: dict[str, Any] = {"device": device or "auto", "precision": precision or "float32"}
        if is_video_network(module):
            return VideoBoxes(module, size=size, **options)
        if size is not None:
            raise click.UsageError(f"--size belongs to networks of clips; {module.name} is none.")
        return NetworkDetector(module, **options)
    detector = as_detector(name, **settings)
    given = {
        "normalisation": normalisation,
        "device": device,
        "precision": precision,
        "size": size,
    }
    for option, value in given.items():
        if value is not None:
            raise click.UsageError(f"--{option} belongs to networks; {name} is a filter.")
    return detector

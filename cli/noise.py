"""`sirst5k noise`: banks of real noise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import (
    Command,
    mask_threshold_option,
    output_options,
    progress_bar,
    reading_options,
    seed_option,
)
from .suggesting import SuggestingGroup

if TYPE_CHECKING:
    from sirst5k.datasets import Dataset, SequenceDataset
    from sirst5k.datasets.unlabelled import UnlabelledImages
    from sirst5k.noise import Fidelity, NoiseBank
    from sirst5k.sample import Sample


@click.group("noise", cls=SuggestingGroup)
def command() -> None:
    """Build a noise bank, draw it, measure how well fields match it.

    \b
    Examples:
      sirst5k noise sample SIRST -o noise.npz --split trainval
      sirst5k noise show noise.npz -o noise.png
      sirst5k noise fidelity SIRST --split trainval
    """


def _sampling_options(function: Command) -> Command:
    """Add the options of sampling from a dataset."""
    options = [
        click.option("--split", help="List or role to sample from; trainval or train by default."),
        click.option(
            "--size",
            type=click.IntRange(min=4),
            default=32,
            show_default=True,
            help="Side of a window in pixels.",
        ),
        click.option(
            "--quantile",
            type=click.FloatRange(0, 1),
            default=0.1,
            show_default=True,
            help="Part of an image's windows that defines its noise floor.",
        ),
        click.option(
            "--tolerance",
            type=click.FloatRange(min=1),
            default=2.0,
            show_default=True,
            help="How far above the floor a variance may lie.",
        ),
        click.option(
            "--guard",
            type=click.IntRange(min=0),
            default=7,
            show_default=True,
            help="Pixels to keep away from any target.",
        ),
        click.option(
            "--max-variance",
            type=click.FloatRange(min=0, min_open=True),
            help="Fixed limit besides, in squared grey levels; 50 of 8 bit if not given.",
        ),
        click.option(
            "--max-tiles",
            type=click.IntRange(min=1),
            default=1024,
            show_default=True,
            help="Most windows to keep.",
        ),
        click.option(
            "--sequence",
            is_flag=True,
            help="Consecutive frames of one camera: noise is what changes in time.",
        ),
        reading_options,
        mask_threshold_option,
    ]
    for option in reversed(options):
        function = option(function)
    return function


@command.command("sample")
@click.argument("source")
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path),
    help="The bank to write, an .npz file.",
)
@_sampling_options
@output_options
def sample(source: str, output: Path, quiet: bool, as_json: bool, **rule: Any) -> None:
    """Cut the quiet windows of the dataset SOURCE into a bank.

    Of sequences, windows must be quiet in every frame, and the bank has two parts: the
    noise that is new in every frame, and the pattern that stays. A folder of images without
    masks is taken as free of targets.

    \b
    Examples:
      sirst5k noise sample SIRST -o noise.npz --split trainval
      sirst5k noise sample frames/images -o noise.npz --sequence
      sirst5k noise sample demo:sequences=8,frames=40 -o noise.npz
    """
    from sirst5k.datasets import SequenceDataset
    from sirst5k.errors import UnknownLayoutError
    from sirst5k.imaging.writable import check_file_path

    check_file_path(output, ".npz")
    split, threshold = rule.pop("split"), rule.pop("mask_threshold")
    opened: Dataset | SequenceDataset | UnlabelledImages
    try:
        opened = _open(source, split, threshold)
    except UnknownLayoutError:
        images = _without_masks(source, split, quiet)
        if images is None:
            raise
        opened = images
    if isinstance(opened, SequenceDataset):
        from .noise_sequences import sample_sequences

        sample_sequences(opened, output, quiet, as_json, **rule)
        return
    bank = _sample(opened, quiet, **rule)
    bank.save(output)
    if as_json:
        click.echo(json.dumps({"bank": str(output), **_facts(bank)}))
    elif not quiet:
        report = bank.report
        low, typical, high = report["threshold_quantiles"]
        click.echo(f"{output}: {bank}")
        click.echo(
            f"  {report['quiet']} of {report['candidates']} windows free of targets were quiet, "
            f"{report['kept']} kept"
        )
        click.echo(
            f"  variance thresholds, adapted to each image: {low:.3g} to {high:.3g}, "
            f"median {typical:.3g} squared grey levels"
        )
        unused = report["images"] - report["images_used"]
        if unused:
            click.echo(f"  {unused} of {report['images']} images gave none")


@command.command("show")
@click.argument("bank_file", metavar="BANK", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path),
    help="The picture to write, a PNG file.",
)
@output_options
def show(bank_file: Path, output: Path, quiet: bool, as_json: bool) -> None:
    """Draw a bank: its tiles, fields made of it, spectra and distributions.

    \b
    Example:
      sirst5k noise show noise.npz -o noise.png
    """
    from sirst5k.drawing import check_picture_path, save_picture
    from sirst5k.noise import SequenceNoise
    from sirst5k.synthesis.noise_sheet import draw_noise_bank

    check_picture_path(output)
    both = SequenceNoise.load(bank_file)
    if both.patterns:
        from .noise_sequences import show_parts

        show_parts(both, output, quiet, as_json)
        return
    bank = both.white
    save_picture(output, draw_noise_bank(bank))
    if as_json:
        click.echo(json.dumps({"picture": str(output), **_facts(bank)}))
    elif not quiet:
        click.echo(f"{output}: {bank}")


@command.command("fidelity")
@click.argument("source")
@click.option(
    "--fields",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Fields to make with each method.",
)
@click.option(
    "--field-size",
    type=click.IntRange(min=32),
    default=256,
    show_default=True,
    help="Side of the fields in pixels.",
)
@_sampling_options
@seed_option
@output_options
def fidelity(
    source: str, fields: int, field_size: int, seed: int, quiet: bool, as_json: bool, **rule: Any
) -> None:
    """Measure how far generated fields lie from the real noise of SOURCE.

    SOURCE is a dataset, or a bank that was sampled from one. For each way of making
    fields, the distance in dB between the radial power spectra of real tiles and of the
    fields' crops: unit variance, plane removed, Hann window. Split-half is the distance
    between two halves of the real tiles' images, the least that can be expected.

    \b
    Example:
      sirst5k noise fidelity SIRST --split trainval
    """
    from sirst5k.datasets import SequenceDataset
    from sirst5k.noise import NoiseBank, measure_fidelity

    given = source.lower().endswith(".npz")
    if given:
        bank = NoiseBank.load(source)
    else:
        opened = _open(source, rule.pop("split"), rule.pop("mask_threshold"))
        stills = opened.stills() if isinstance(opened, SequenceDataset) else opened
        bank = _sample(stills, quiet, **rule)
    measured = measure_fidelity(bank, fields, (field_size, field_size), seed)
    if as_json:
        click.echo(json.dumps({**_facts(bank), **measured.to_dict()}))
    elif not quiet:
        _say_fidelity(bank, measured)


def _open(
    source: str, split: str | None, mask_threshold: float | None
) -> Dataset | SequenceDataset:
    from sirst5k.datasets import open_dataset, training_part

    return training_part(open_dataset(source, split, mask_threshold=mask_threshold), split)


def _without_masks(source: str, split: str | None, quiet: bool) -> UnlabelledImages | None:
    """Return the images of a folder in no known layout; None if it holds none."""
    from sirst5k.datasets.unlabelled import UnlabelledImages
    from sirst5k.errors import DatasetError

    if split not in (None, "all"):
        return None
    try:
        images = UnlabelledImages(source)
    except DatasetError:
        return None
    if not quiet:
        click.echo(
            f"sirst5k: {source} has no masks: its {len(images)} images are taken as free of "
            "targets",
            err=True,
        )
    return images


def _sample(dataset: Sequence[Sample], quiet: bool, **rule: Any) -> NoiseBank:
    from sirst5k.noise import NoiseBank

    return NoiseBank.sample(
        dataset,
        progress=lambda items: progress_bar(items, quiet, "noise"),
        **rule,
    )


def _facts(bank: NoiseBank) -> dict[str, object]:
    return {
        "tiles": len(bank),
        "size": bank.size,
        "std": bank.std,
        "full_scale": bank.full_scale,
        "sources": len(bank.sources),
        "report": dict(bank.report),
    }


def _say_fidelity(bank: NoiseBank, measured: Fidelity) -> None:
    click.echo(str(bank))
    click.echo(f"{'':10}{'distance dB':>12}{'skewness':>10}{'kurtosis':>10}{'crops':>8}")
    click.echo(
        f"{'real':10}{measured.split_half_db:12.2f}{measured.skewness:10.3f}"
        f"{measured.kurtosis:10.3f}{measured.tiles:8}   split-half"
    )
    for field in measured.fields:
        click.echo(
            f"{field.method:10}{field.distance_db:12.2f}{field.skewness:10.3f}"
            f"{field.kurtosis:10.3f}{field.crops:8}"
        )

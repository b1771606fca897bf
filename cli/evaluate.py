"""`sirst5k evaluate`: score saved predictions, or a detector, on images or on sequences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .boxes import clip_options, evaluate_on_sequences, of_single_frames
from .detecting import checkpoint_option, make_detector, network_options, weights_of
from .options import (
    mask_threshold_option,
    output_options,
    progress_bar,
    reading_options,
    seed_option,
)
from .suggesting import Choice

if TYPE_CHECKING:
    from sirst5k.datasets import Dataset
    from sirst5k.datasets.sequences import SequenceDataset


@click.command("evaluate")
@click.option(
    "--data",
    required=True,
    metavar="PATH",
    help="Images or sequences with labels, in any layout.",
)
@click.option(
    "--predictions",
    metavar="DIR",
    help="Masks or probability maps: PNG of 8 or 16 bit, BMP, TIFF, NPY. Of sequences boxes: COCO "
    "json, a text file, or a folder.",
)
@click.option(
    "--detector",
    metavar="NAME",
    help="Run a detector instead: tophat, mpcm, lcm; a network with --weights.",
)
@click.option(
    "--weights",
    metavar="FILE",
    help="Run a trained network; --detector names it where FILE does not.",
)
@click.option("--run", metavar="RUN", help="Run the network of a folder from sirst5k train.")
@checkpoint_option
@click.option(
    "--frame",
    type=click.IntRange(min=16),
    help="Squash every frame to this side first, as published codes do.",
)
@click.option(
    "--set",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set a parameter of the detector, as k=8; may be repeated.",
)
@network_options
@click.option(
    "--split", help="List or role; test by default, everything if the dataset has no lists."
)
@click.option(
    "--profile",
    "profiles",
    metavar="NAME",
    multiple=True,
    help="Whose definitions; may be repeated, 'all' for every one. Default: corrected.",
)
@click.option(
    "--threshold",
    type=float,
    help="Probability above which corrected counts a pixel as target, or of sequences a box; 0.5 "
    "by default.",
)
@click.option(
    "--inputs",
    type=Choice(["prob", "logits"]),
    default="prob",
    show_default=True,
    help="What float files hold.",
)
@click.option(
    "--resize",
    type=Choice(["nearest"]),
    help="Resize predictions of another size than their image; refused by default.",
)
@click.option(
    "--per-image",
    metavar="FILE.csv",
    type=click.Path(path_type=Path),
    help="Write a line for each profile and image.",
)
@click.option(
    "--bootstrap",
    type=click.IntRange(min=0),
    default=0,
    help="Resample the images, or sequences, so often for 95 % intervals.",
)
@click.option(
    "--plots",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Draw ROC, PR, Pd-Fa, Pd by size and by SCR, and the worst errors; of sequences PR, "
    "also as the text that the video detectors' repositories ship.",
)
@click.option(
    "--on-error",
    type=Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="What to do about a damaged file: stop, or leave the image out and say so.",
)
@clip_options
@click.option(
    "--images",
    metavar="FILE.json",
    help="COCO labels that name the images of a list of COCO results.",
)
@click.option(
    "--iou",
    type=float,
    help="Overlap of box and target that makes a hit, of sequences; 0.5 by default.",
)
@reading_options
@mask_threshold_option
@seed_option
@output_options
def command(
    data: str,
    predictions: str | None,
    detector: str | None,
    weights: str | None,
    run: str | None,
    checkpoint: str,
    frame: int | None,
    assignments: tuple[str, ...],
    normalisation: str | None,
    device: str | None,
    precision: str | None,
    split: str | None,
    profiles: tuple[str, ...],
    threshold: float | None,
    inputs: str,
    resize: str | None,
    per_image: Path | None,
    bootstrap: int,
    plots: Path | None,
    on_error: str,
    stills: bool,
    size: int | None,
    images: str | None,
    iou: float | None,
    mask_threshold: float | None,
    seed: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Score anybody's saved predictions, or a detector, on the dataset PATH.

    Files are matched to images by name, leniently: without regard to case, to folders, to
    suffixes like _pred or _pixels0, to zero padding, and every liberty is reported. An image
    without prediction counts as silence, and is named. Integer levels are fractions of 255 or
    65535, or masks of 0 and 1 where DIR holds no other level.

    On a dataset of sequences boxes are scored: AP, and precision, recall and F1 at a score, under
    the profiles corrected, published and published_all. Networks of clips give boxes; of any other
    detector the components of its maps are taken.

    \b
    Examples:
      sirst5k evaluate --data SIRST --predictions results/ --profile corrected
      sirst5k evaluate --data SIRST --predictions maps/ --profile all --bootstrap 1000
      sirst5k evaluate --data SIRST --detector tophat --plots plots/ --per-image rows.csv
      sirst5k evaluate --data SIRST --run runs/mshnet
      sirst5k evaluate --data SIRST --weights mshnet.safetensors --device cuda
      sirst5k evaluate --data SIRST --detector mshnet --weights weight.pth
      sirst5k evaluate --data DAUB --run runs/sstnet --profile all --bootstrap 1000
      sirst5k evaluate --data DAUB --predictions results.json --images instances_test2017.json
    """
    from sirst5k.datasets.sequences import SequenceDataset
    from sirst5k.evaluation import Bootstrap, evaluate
    from sirst5k.evaluation.plots import THRESHOLDS, write_plots
    from sirst5k.evaluation.squashing import squashed

    if run is not None:
        if weights is not None:
            raise click.UsageError("Expected --run or --weights, got both.")
        weights = weights_of(run, checkpoint)
    if (predictions is None) == (detector is None and weights is None):
        got = "neither" if predictions is None else "both"
        raise click.UsageError(
            f"Expected --predictions DIR or --detector NAME, got {got}; a network has --run RUN or "
            "--weights FILE."
        )
    if frame is not None and predictions is not None:
        raise click.UsageError("--frame is for detectors; predictions are scored as they are.")
    _check_outputs(per_image, plots)
    of_detector = (assignments, normalisation, device, precision)
    made = None
    if predictions is None:
        made = make_detector(detector, weights, *of_detector, size=size)
    elif any(of_detector) or size is not None:
        raise click.UsageError(
            "--set, --normalisation, --device, --precision and --size change a detector; saved "
            "predictions have none."
        )
    opened = _dataset(data, split, mask_threshold, on_error, stills)
    if isinstance(opened, SequenceDataset):
        unfit = {"--frame": frame, "--resize": resize, "--inputs": inputs == "logits" or None}
        evaluate_on_sequences(
            opened,
            predictions,
            made,
            images,
            profiles,
            threshold,
            iou,
            Bootstrap(bootstrap, seed) if bootstrap else None,
            on_error,
            per_image,
            plots,
            [name for name, value in unfit.items() if value is not None],
            quiet,
            as_json,
        )
        return
    if images is not None or iou is not None:
        raise click.UsageError(f"--images and --iou are for sequences; {data} holds single images.")
    made = of_single_frames(made)
    dataset = squashed(opened, frame)
    report = evaluate(
        dataset,
        predictions=predictions,
        detector=made,
        profiles=_profiles(profiles),
        threshold=threshold,
        thresholds=THRESHOLDS if plots is not None else None,
        bootstrap=Bootstrap(bootstrap, seed) if bootstrap else None,
        gallery=12 if plots is not None else 0,
        inputs=inputs,
        resize=resize,
        on_error=on_error,
        progress=lambda items: progress_bar(items, quiet, "evaluate"),
    )
    if per_image is not None:
        report.write_rows(per_image)
    if plots is not None:
        write_plots(report, plots)
    _say(report, as_json, quiet, [str(path) for path in (per_image, plots) if path is not None])


def _dataset(
    data: str, split: str | None, mask_threshold: float | None, on_error: str, stills: bool
) -> Dataset | SequenceDataset:
    from sirst5k.datasets import open_dataset, open_stills

    opening = open_stills if stills else open_dataset
    if split is not None:
        return opening(data, split, mask_threshold=mask_threshold, on_error=on_error)
    whole = opening(data, mask_threshold=mask_threshold, on_error=on_error)
    return whole.of_split("test") if len(whole.splits) else whole


def _profiles(names: tuple[str, ...]) -> tuple[str, ...]:
    from sirst5k.metrics import PROFILES

    return tuple(PROFILES) if "all" in names else names or ("corrected",)


def _check_outputs(per_image: Path | None, plots: Path | None) -> None:
    """Refuse before the work what could not be written after it."""
    from sirst5k.imaging.writable import check_file_path, check_folder_path

    if per_image is not None:
        check_file_path(per_image)
    if plots is not None:
        check_folder_path(plots, "a folder for plots")


def _say(report: Any, as_json: bool, quiet: bool, written: list[str]) -> None:
    from sirst5k.evaluation.summary import problems, summarise

    if as_json:
        click.echo(report.to_json())
        return
    for line in problems(report) if quiet else summarise(report):
        click.echo(line)
    if written and not quiet:
        click.echo(f"  written: {', '.join(written)}")

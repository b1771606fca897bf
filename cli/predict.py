"""`sirst5k predict`: run a detector on images of any size, or on sequences of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .boxes import clip_options, of_single_frames, predict_on_sequences
from .detecting import checkpoint_option, make_detector, network_options, weights_of
from .options import (
    counting_bar,
    jobs_option,
    mask_threshold_option,
    output_options,
    reading_options,
)
from .suggesting import Choice

if TYPE_CHECKING:
    from sirst5k.evaluation import PredictionReport


@click.command("predict")
@click.argument("detector", metavar="DETECTOR|RUN|WEIGHTS")
@click.argument("source", metavar="INPUT")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--detector",
    "network",
    metavar="NAME",
    help="The network that WEIGHTS are of, where they do not say it themselves.",
)
@click.option(
    "--set",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set a parameter of the detector, as k=8; may be repeated.",
)
@checkpoint_option
@network_options
@click.option("--split", help="List or role, if INPUT is a dataset; everything by default.")
@click.option(
    "--threshold",
    type=float,
    default=0.5,
    show_default=True,
    help="Probabilities above it are target.",
)
@click.option("--maps", is_flag=True, help="Write maps/: 16-bit PNG, probability = value / 65535.")
@click.option("--masks", is_flag=True, help="Write masks/: PNG of 0 and 255.")
@click.option("--boxes", is_flag=True, help="Write boxes.json: COCO, with scores.")
@click.option(
    "--overlays",
    is_flag=True,
    help="Write overlays/: pictures with marks and insets; of sequences videos.",
)
@click.option(
    "--tracks",
    is_flag=True,
    help="Write tracks/: INPUT is taken for a video, and its detections joined over time.",
)
@click.option(
    "--least",
    type=float,
    help="Of sequences, write boxes of at least this score; the threshold by default.",
)
@click.option(
    "--movie",
    type=Choice(["auto", "mp4", "png"]),
    default="auto",
    show_default=True,
    help="Overlays of sequences: mp4 files, or folders of PNG frames.",
)
@click.option("--fps", type=float, help="Frames a second of mp4 overlays; the video's, or 10.")
@clip_options
@click.option(
    "--tile",
    type=click.IntRange(min=0),
    default=1024,
    show_default=True,
    help="Take longer frames in overlapping tiles of so many pixels; 0 never.",
)
@click.option("--overwrite", is_flag=True, help="Replace other predictions in OUT.")
@click.option(
    "--on-error",
    type=Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="What to do about a damaged file: stop, or leave it out and say so.",
)
@reading_options
@mask_threshold_option
@jobs_option
@output_options
def command(
    detector: str,
    source: str,
    out: Path,
    network: str | None,
    checkpoint: str,
    assignments: tuple[str, ...],
    normalisation: str | None,
    device: str | None,
    precision: str | None,
    split: str | None,
    threshold: float,
    maps: bool,
    masks: bool,
    boxes: bool,
    overlays: bool,
    tracks: bool,
    least: float | None,
    movie: str,
    fps: float | None,
    stills: bool,
    size: int | None,
    tile: int,
    overwrite: bool,
    on_error: str,
    mask_threshold: float | None,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run a detector on INPUT and write masks, probability maps, boxes and overlays to OUT.

    DETECTOR is tophat, mpcm or lcm, which need no training. RUN is a folder that sirst5k
    train wrote. WEIGHTS is a file of a trained
    network: one that sirst5k wrote says which; with a published checkpoint goes --detector
    dnanet, dstransnet, mshnet or unet. INPUT is an image, a folder of
    images, a text file with one image a line, or a dataset in any known layout, whose labels
    the overlays then show: hits in blue boxes, misses in yellow brackets, false alarms in red
    circles. Without --maps, --masks, --boxes or --overlays, all four are written. Run again,
    it finishes what is missing.

    A video file, a dataset of sequences, any INPUT for a network of clips, and a folder of frames
    with --tracks are taken in the order of time: boxes as text and COCO json, tracks, and an
    overlay video for each sequence.

    \b
    Examples:
      sirst5k predict tophat SIRST out --split test
      sirst5k predict mpcm frame.tiff out --overlays
      sirst5k predict tophat frames/ out --set k=8 --set sizes=[9]
      sirst5k predict runs/mshnet frames/ out --checkpoint best
      sirst5k predict mshnet.safetensors SIRST out --split test --device cuda
      sirst5k predict weight.pth frames/ out --detector mshnet
      sirst5k predict runs/sstnet video.mp4 out
      sirst5k predict tophat frames/ out --tracks --overlays
    """
    from sirst5k.evaluation import open_frames
    from sirst5k.evaluation.clips import VideoBoxes
    from sirst5k.evaluation.video import open_video_source
    from sirst5k.imaging.writable import check_folder_path

    check_folder_path(out, "a folder for predictions")
    chosen = {"maps": maps, "masks": masks, "boxes": boxes, "overlays": overlays}
    name, weights = _name_and_weights(detector, network, checkpoint)
    made = make_detector(name, weights, assignments, normalisation, device, precision, size)
    label = made.name if weights is None else f"{made.name}, {weights}"
    if not stills and (tracks or _over_time(made, source, split)):
        if maps or masks:
            raise click.UsageError(
                "--maps and --masks are for images one by one; of sequences there are --boxes, "
                "--tracks and --overlays."
            )
        wanted = {"boxes": boxes, "tracks": tracks, "overlays": overlays}
        predict_on_sequences(
            made,
            open_video_source(source, split),
            out,
            label,
            quiet=quiet,
            as_json=as_json,
            threshold=threshold,
            least=least,
            products=tuple(name for name, yes in wanted.items() if yes) or tuple(wanted),
            overlay=movie,
            rate=fps,
            overwrite=overwrite,
            on_error=on_error,
            **({} if isinstance(made, VideoBoxes) else {"tile": tile}),
        )
        return
    if least is not None or fps is not None or movie != "auto":
        raise click.UsageError("--least, --movie and --fps are for sequences; see --tracks.")
    made = of_single_frames(made)
    products = tuple(name for name, wanted in chosen.items() if wanted) or tuple(chosen)
    frames = open_frames(source, split, mask_threshold=mask_threshold, on_error=on_error)
    report = _write(
        made,
        frames,
        out,
        quiet=quiet,
        threshold=threshold,
        tile=tile,
        products=products,
        jobs=jobs,
        overwrite=overwrite,
        on_error=on_error,
    )
    if as_json:
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False))
    elif quiet:
        _say_skipped(report)
    else:
        _say(report, label, products)


def _over_time(detector: Any, source: str, split: str | None) -> bool:
    """Return whether an input is to be taken in the order of time."""
    from sirst5k.datasets import open_dataset
    from sirst5k.datasets.sequences import SequenceDataset
    from sirst5k.errors import DatasetError
    from sirst5k.evaluation.clips import VideoBoxes
    from sirst5k.evaluation.video import is_video_file

    if isinstance(detector, VideoBoxes) or is_video_file(source):
        return True
    try:
        return isinstance(open_dataset(source, split), SequenceDataset)
    except DatasetError:  # images one by one; what is wrong with them is said there
        return False


def _name_and_weights(
    word: str, network: str | None, checkpoint: str
) -> tuple[str | None, str | None]:
    """Tell the name of a detector from a run folder and from a file of weights."""
    from sirst5k.detectors.registry import names, networks
    from sirst5k.detectors.weights.sources import looks_like_weights
    from sirst5k.errors import suggest

    if word in networks():
        raise click.UsageError(
            f"Expected the trained weights of {word}, got its name alone. Give their file in its "
            f"place: sirst5k predict FILE INPUT OUT --detector {word}."
        )
    if network is not None and word in names():
        raise click.UsageError(
            f"--detector says which network a file of weights is of, but {word} is a detector "
            "itself. Leave --detector out."
        )
    if Path(word).is_dir():
        return network, weights_of(word, checkpoint)
    if network is not None or looks_like_weights(word):
        return network, word
    if word not in names():
        there = "is neither" if Path(word).exists() else "is none of these, nor there"
        raise click.UsageError(
            f"Expected a detector, the folder of a run or a file of weights, but {word!r} "
            f"{there}.{suggest(word, names())}"
        )
    return word, None


def _write(
    detector: Any, frames: Any, out: Path, *, quiet: bool, **options: Any
) -> PredictionReport:
    from sirst5k.evaluation import write_predictions

    with counting_bar(quiet, "predict") as started:
        return write_predictions(detector, frames, out, started=started, **options)


def _say(report: PredictionReport, detector: str, products: tuple[str, ...]) -> None:
    click.echo(
        f"{report.root}: {', '.join(products)} of {_count(report.frames, 'image')} by {detector}"
    )
    if report.written < report.frames:
        click.echo(f"  {report.written} made now, the others were there")
    click.echo(f"  {_count(report.detections, 'detection')} above the threshold")
    if report.hits is not None:
        click.echo(
            f"  {report.hits} hits, {report.misses} misses, {report.false_alarms} false alarms"
        )
    _say_skipped(report)


def _say_skipped(report: PredictionReport) -> None:
    if report.skipped:
        names = ", ".join(list(report.skipped)[:5])
        click.echo(f"  {_count(len(report.skipped), 'image')} left out: {names}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

"""What `evaluate` and `predict` do with sequences, where detections are boxes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from .options import Command, counting_bar, progress_bar


def clip_options(command: Command) -> Command:
    """Add ``--stills`` and ``--size``."""
    command = click.option(
        "--size",
        type=click.IntRange(min=0),
        help="Letterbox frames to this side for a network of clips, 0 for as they are; by default "
        "what its weights say, or 512.",
    )(command)
    return click.option(
        "--stills", is_flag=True, help="Take the frames of sequences as images one by one."
    )(command)


def of_single_frames(detector: Any) -> Any:
    """Return a detector for single images, or refuse one that needs clips."""
    from sirst5k.evaluation.clips import VideoBoxes

    if isinstance(detector, VideoBoxes):
        raise click.UsageError(
            f"{detector.name} takes {detector.frames} frames in the order of time: name a dataset "
            "of sequences, or a video."
        )
    return detector


def evaluate_on_sequences(
    dataset: Any,
    predictions: str | None,
    detector: Any,
    images: str | None,
    profiles: tuple[str, ...],
    threshold: float | None,
    iou: float | None,
    bootstrap: Any,
    on_error: str,
    per_image: Path | None,
    plots: Path | None,
    unfit: Sequence[str],
    quiet: bool,
    as_json: bool,
) -> None:
    """Score boxes, and say so."""
    from sirst5k.evaluation.clips import (
        clip_problems,
        evaluate_clips,
        summarise_clips,
        write_clip_plots,
    )
    from sirst5k.metrics import DETECTION_PROFILES

    if unfit:
        belong, them = ("belongs", "it") if len(unfit) == 1 else ("belong", "them")
        raise click.UsageError(
            f"{' and '.join(unfit)} {belong} to maps of single images, but of the sequences in "
            f"--data boxes are scored. Leave {them} out, or take their frames one by one with "
            "--stills."
        )
    names = tuple(DETECTION_PROFILES) if "all" in profiles else profiles or ("corrected",)
    report = evaluate_clips(
        dataset,
        predictions=predictions,
        detector=detector,
        images=images,
        profiles=names,
        confidence=threshold,
        iou=0.5 if iou is None else iou,
        bootstrap=bootstrap,
        on_error=on_error,
        progress=lambda items: progress_bar(items, quiet, "evaluate", "frame"),
    )
    written: list[str] = []
    if per_image is not None:
        report.write_rows(per_image)
        written.append(str(per_image))
    if plots is not None:
        written += [str(path) for path in write_clip_plots(report, plots)]
    if as_json:
        click.echo(report.to_json())
        return
    for line in clip_problems(report) if quiet else summarise_clips(report):
        click.echo(line)
    if written and not quiet:
        click.echo(f"  written: {', '.join(written)}")


def predict_on_sequences(
    detector: Any,
    source: Any,
    out: Path,
    label: str,
    *,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Predict, and say what came out."""
    from sirst5k.evaluation.clips.summary import counted
    from sirst5k.evaluation.video import predict_sequences

    with counting_bar(quiet, "predict", "frame") as started:
        advance = started(source.count, 0)
        report = predict_sequences(detector, source, out, advance=advance, **options)
    if as_json:
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False))
        return
    if report.skipped:
        shown = ", ".join(list(report.skipped)[:5])
        click.echo(f"  {counted(len(report.skipped), 'frame')} left out: {shown}")
    if quiet:
        return
    size = f"{counted(report.frames, 'frame')} in {counted(report.sequences, 'sequence')}"
    click.echo(f"{report.root}: {size} by {label}")
    found = counted(report.detections, "detection")
    click.echo(f"  {found} above the threshold, {counted(report.tracks, 'track')}")
    if report.overlays:
        more = f" and {len(report.overlays) - 1} more" if len(report.overlays) > 1 else ""
        click.echo(f"  overlays: {report.overlays[0]}{more}")

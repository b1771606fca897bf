"""`sirst5k noise` on sequences: a bank with two parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import progress_bar

if TYPE_CHECKING:
    from sirst5k.datasets import SequenceDataset
    from sirst5k.noise import SequenceNoise


def sample_sequences(
    dataset: SequenceDataset,
    output: Path,
    quiet: bool,
    as_json: bool,
    *,
    sequence: bool,
    **rule: Any,
) -> None:
    """Measure the noise of sequences, write it, and say what was found."""
    from sirst5k.noise import SequenceNoise

    noise = SequenceNoise.sample(
        dataset, progress=lambda names: progress_bar(names, quiet, "noise", "sequence"), **rule
    )
    noise.save(output)
    if as_json:
        click.echo(json.dumps({"bank": str(output), **_facts(noise)}))
    elif not quiet:
        _say(noise, output)


def show_parts(noise: SequenceNoise, output: Path, quiet: bool, as_json: bool) -> None:
    """Draw both parts of the noise, one above the other."""
    from sirst5k.drawing import save_picture
    from sirst5k.synthesis.sequences.noise_parts import draw_sequence_noise

    save_picture(output, draw_sequence_noise(noise))
    if as_json:
        click.echo(json.dumps({"picture": str(output), **_facts(noise)}))
    elif not quiet:
        click.echo(f"{output}: {noise}; what is new in every frame above, what stays below")


def _facts(noise: SequenceNoise) -> dict[str, object]:
    return {
        "tiles": len(noise.white),
        "patterns": noise.patterns,
        "size": noise.white.size,
        "white_std": noise.white_std,
        "fixed_std": noise.fixed_std,
        "full_scale": noise.full_scale,
        "report": dict(noise.report),
    }


def _say(noise: SequenceNoise, output: Path) -> None:
    report = noise.report
    low, typical, _ = report["whiteness_quantiles"]
    click.echo(f"{output}: {noise}")
    click.echo(
        f"  {report['quiet']} of {report['candidates']} windows free of targets show noise "
        f"alone in every frame, in {report['sequences_used']} of {report['sequences']} sequences"
    )
    click.echo(f"  white in time: von Neumann's ratio {typical:.2f}, lowest {low:.2f} (1 is white)")
    if report["drifting"]:
        click.echo(f"  {report['drifting']} quiet windows left out: the scene moves through them")
    click.echo(
        f"  of what stays, {report['still_scene_share']:.0%} was smooth and taken for scene; "
        f"{report['moved_share']:.0%} more moved out of the windows"
    )

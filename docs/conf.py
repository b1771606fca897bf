"""How the documentation is built: python3 bootstrap.py docs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from click.testing import CliRunner
from sphinx.application import Sphinx

from sirst5k import __version__
from sirst5k.datasets import SEQUENCE_LAYOUTS
from sirst5k.datasets.layouts import LAYOUTS
from sirst5k_cli.main import cli

sys.path.insert(0, str(Path(__file__).parent))

from clip_pictures import draw_clip_pictures
from diagrams import draw_network_diagrams
from pictures import draw_transform_pictures
from sequence_pictures import draw_sequence_pictures

project = "sirst5k"
author = "The sirst5k developers"
copyright = author
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"sirst5k {version}"

# A docstring may name a parameter that is also an attribute of two classes (`name`, `pd`):
# it then links to neither, which is right.
suppress_warnings = ["ref.python"]
default_role = "py:obj"  # `name` in a docstring links to that name, where it is documented
autodoc_mock_imports = ["torch", "safetensors", "lightning_fabric", "albumentations", "torchvision"]
autodoc_typehints = "none"  # the docstrings give them, with shapes and units
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True  # or each attribute of a dataclass would be described twice
python_display_short_literal_types = True

GENERATED = Path(__file__).parent / "_build" / "generated"
RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


def write_generated(app: Sphinx) -> None:
    """Write what the code says of itself, so that the pages cannot grow stale."""
    GENERATED.mkdir(parents=True, exist_ok=True)
    rows = [f"| `{layout.name}` | {layout.looks_for} |" for layout in LAYOUTS.values()]
    write("layouts.md", "\n".join(["| layout | recognised by |", "|---|---|", *rows, ""]))
    rows = [f"| `{layout.name}` | {layout.looks_for} |" for layout in SEQUENCE_LAYOUTS.values()]
    write("sequence-layouts.md", "\n".join(["| layout | recognised by |", "|---|---|", *rows, ""]))
    write("speed.md", speed_table())
    write("sizing.md", sizing_table())
    write("commands.md", help_of(cli, ["sirst5k"]))
    draw_transform_pictures(GENERATED / "transforms")
    draw_sequence_pictures(GENERATED / "sequences")
    draw_clip_pictures(GENERATED / "clips")
    draw_network_diagrams(GENERATED)


def speed_table() -> str:
    """Return the committed figures of benchmarks/synthesis.py as a table."""
    figures = json.loads((RESULTS / "synthesis.json").read_text(encoding="utf-8"))
    rows = [
        ("outputs measured", "outputs", "{:,}"),
        ("whole run, one core, ms an output", "one_ms", "{median:.2f} ({least:.2f} to {most:.2f})"),
        ("outputs a second, one core", "pairs_per_second_one_core", "{:.0f}"),
        ("outputs a second, two workers", "pairs_per_second_two", "{:.0f}"),
        ("two workers over one", "scaling_two_workers", "{:.2f}"),
        ("run over roofline", "wall_over_roofline", "{:.2f}"),
        ("run over floor", "wall_over_floor", "{:.2f}"),
        ("sampling the noise bank, once, s", "sampling_s", "{:.1f}"),
        ("parent's peak memory at 1,000 outputs, MB", "peak_mb_1000", "{:.0f}"),
        ("parent's peak memory at 20,000 outputs, MB", "peak_mb_20000", "{:.0f}"),
    ]
    lines = ["| 256×256, SIRST training images | `reference` | `sirst5k` |", "|---|---|---|"]
    for text, key, form in rows:
        cells = [
            form.format(**value) if isinstance(value, dict) else form.format(value)
            for value in (figures[recipe][key] for recipe in ("reference", "sirst5k"))
        ]
        lines.append(f"| {text} | {cells[0]} | {cells[1]} |")
    machine = figures["machine"]
    lines += [
        "",
        f"Measured on {machine['cores']} cores of {machine['processor']}, Python "
        f"{machine['python']}, numpy {machine['numpy']}, OpenCV {machine['opencv']}; medians over "
        f"{figures['reference']['rounds']} rounds, the range in parentheses.",
        "",
    ]
    return "\n".join(lines)


def sizing_table() -> str:
    """Return the committed figures of benchmarks/sizing.py as tables."""
    figures = json.loads((RESULTS / "sizing.json").read_text(encoding="utf-8"))
    lines = ["| recipe | ms | image | mask | manifest | all |", "|---|---|---|---|---|---|"]
    large = [
        "| recipe | outputs | core-hours | 16 cores | 256 cores | 4,096 cores | bytes |",
        "|---|---|---|---|---|---|---|",
    ]
    for label, case in figures["cases"].items():
        parts = case["bytes"]
        kilobytes = [parts["images"], parts["masks"], parts["manifest"], sum(parts.values())]
        cells = [f"{case['milliseconds']:.2f}", *(f"{size / 1e3:.1f} kB" for size in kilobytes)]
        lines.append(f"| {label} | {' | '.join(cells)} |")
        for count, needs in case["projected"].items():
            hours = [in_hours(value) for value in needs["hours_on"].values()]
            size = f"{needs['gigabytes'] / 1000:,.3g} TB"
            row = [label, f"{int(count):,}", f"{needs['core_hours']:,.3g}", *hours, size]
            large.append(f"| {' | '.join(row)} |")
    note = (
        f"Measured by `python {figures['command']}` on {figures['processor']}, one of "
        f"{figures['cores']} cores, load {figures['load_before']:.1f}, in one run of each recipe. "
        "The second table is by proportion."
    )
    return "\n".join([*lines, "", *large, "", note, ""])


def in_hours(hours: float) -> str:
    """Return a time in the unit that suits it."""
    seconds = hours * 3600
    return (
        f"{seconds:.1g} s"
        if seconds < 10
        else f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{hours:,.0f} h"
    )


def write(name: str, text: str) -> None:
    """Write a generated file, leaving it alone where it stands: Sphinx builds what is newer."""
    target = GENERATED / name
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")


def help_of(command: click.Command, words: list[str]) -> str:
    """Return what `--help` prints of one command and of the commands below it, as sections."""
    done = CliRunner().invoke(
        cli, [*words[1:], "--help"], prog_name="sirst5k", terminal_width=88, max_content_width=88
    )
    if done.exit_code:
        raise RuntimeError(f"{' '.join(words)} --help failed: {done.output}")
    sections = [f"{'#' * (len(words) + 1)} `{' '.join(words)}`\n\n```text\n{done.output}```\n"]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                sections.append(help_of(child, [*words, name]))
    return "\n".join(sections)


def setup(app: Sphinx) -> None:
    """Connect the above to the build."""
    app.connect("builder-inited", write_generated)

"""The report: one HTML file with everything in it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from sirst5k.comparison.kinds import BOXES, kind_of
from sirst5k.comparison.report.gallery import GalleryRow
from sirst5k.comparison.report.tables import (
    axes_table,
    cost_table,
    facts_table,
    name_of,
    profiles_table,
    runs_table,
    scores_table,
    steps_table,
)
from sirst5k.comparison.report.verdict import verdicts, worth
from sirst5k.drawing import svg
from sirst5k.drawing.svg import Chart, Series
from sirst5k.optional import require
from sirst5k.plain_yaml import format_yaml

Results = Mapping[str, Any]


def render(
    results: Results, pictures: Sequence[GalleryRow] = (), commands: Sequence[str] = ()
) -> str:
    """Return the report of an experiment as HTML.

    Parameters
    ----------
    results : mapping
        From `sirst5k.comparison.gather`.
    pictures : sequence of GalleryRow
    commands : sequence of str
        What was typed to make it.

    Returns
    -------
    str
        One file: style, script, charts, pictures and the results themselves are in it.
    """
    jinja2 = require("jinja2", "the report")
    safe = require("markupsafe", "the report").Markup
    here = files("sirst5k.comparison.report")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(here.joinpath("report.html.j2").read_text("utf-8"))
    experiment = results["experiment"]
    detectors = [
        {
            "name": name,
            "id": f"detector-{place}",
            "verdicts": verdicts(_whole(fractions)),
            "worth": worth(fractions),
            "table": safe(scores_table(name, _whole(fractions))),
            "charts": [
                {"caption": chart.title, "svg": safe(svg.draw(chart)), "key": safe(_key(chart))}
                for chart in _charts(name, fractions)
            ],
            "more": [safe(text) for text in _more_tables(name, _whole(fractions), fractions)],
            "gallery": [row for row in pictures if row.detector == name],
        }
        for place, (name, fractions) in enumerate(results["detectors"].items())
        if _whole(fractions)["arms"]
    ]
    text: str = template.render(
        title=f"sirst5k compare: {experiment['data']}",
        subtitle=_subtitle(experiment),
        style=safe(svg.page_style()),
        script=safe(here.joinpath("sort.js").read_text("utf-8")),
        detectors=detectors,
        method=_method(results),
        missing=_missing(results["runs"]),
        failures=[run for run in results["runs"] if run["status"] == "failed"],
        commands=commands,
        environment=safe(facts_table(_facts(results["environment"] or {}))),
        runs=safe(runs_table(results["runs"])),
        experiment=format_yaml(experiment),
        results=safe(_embedded(results)),
    )
    return text


def _whole(fractions: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the block with the most labels, which comes first."""
    block: Mapping[str, Any] = next(iter(fractions.values()))
    return block


def _subtitle(experiment: Mapping[str, Any]) -> str:
    length = (
        f"{experiment['steps']:,} equal steps"
        if experiment["steps"]
        else f"{experiment['epochs']} equal epochs (arms with more images take more steps)"
    )
    seeds = len(experiment["seeds"])
    return (
        f"{', '.join(experiment['detectors'])}; arms "
        f"{', '.join(arm['name'] for arm in experiment['arms'])}; {length}; "
        f"{seeds} seed{'s' if seeds > 1 else ''}; protocol {experiment['protocol']}"
    )


def _method(results: Results) -> str:
    rule = results["bootstrap"]
    boxes = any(kind_of(_whole(shares)) is BOXES for shares in results["detectors"].values())
    drawn = "test sequences" if boxes else "test images"
    return (
        "Every arm of a detector starts, seed by seed, from the same weights, and is scored with "
        "the weights of its last step on a test split that nothing was chosen by. Intervals "
        f"({rule['level']:.0%}) come from {rule['resamples']:,} resamples of {drawn} and "
        "seeds, the same ones for both arms; with few seeds they are too narrow, and with many "
        "arms one in twenty is clear by chance. “Best on test” takes, of all "
        "validations, the one that the test images liked best, as published codes do: it is too "
        "good by construction and no basis for a choice."
    )


def _missing(runs: Sequence[Mapping[str, Any]]) -> str:
    left = sum(run["status"] != "done" for run in runs)
    return f"{left} of {len(runs)} runs are not finished and do not count." if left else ""


def _more_tables(name: str, block: Mapping[str, Any], fractions: Mapping[str, Any]) -> list[str]:
    tables = [steps_table(name, block), cost_table(name, block)]
    for share, part in fractions.items():
        if part is not block and part["arms"]:
            tables.append(scores_table(f"{name}, {float(share):.0%} of the labels", part))
    if any(len(found["profiles"]) > 1 for found in block["arms"].values()):
        tables.append(profiles_table(name, block))
    if any(found["axes"] for found in block["arms"].values()):
        tables.append(axes_table(name, block))
    return tables


def _key(chart: Chart) -> str:
    return svg.key([series.name for series in chart.series])


def _charts(name: str, fractions: Mapping[str, Any]) -> list[Chart]:
    block = _whole(fractions)
    arms, main = block["arms"], kind_of(block).main
    drawn = [
        Chart(
            f"{name}: {name_of(main)} on the test split over the steps; mean and range over seeds",
            "step",
            name_of(main),
            [_curve(arm, found["curve"], main) for arm, found in arms.items()],
        )
    ]
    for key, title, unit in (
        ("pd_by_size", "target area", "pixels"),
        ("pd_by_scr", "signal-to-clutter ratio", "SCR"),
    ):
        bins = next(iter(arms.values()))[key]
        if not bins:
            continue
        series = [
            _binned(arm, found[key], (place - (len(arms) - 1) / 2) * 0.5 / len(arms))
            for place, (arm, found) in enumerate(arms.items())
        ]
        labels = [_bin_name(part) for part in bins]
        drawn.append(
            Chart(
                f"{name}: Pd by {title}, mean over seeds; 95 % interval of one run",
                unit,
                "Pd",
                series,
                (0.0, 1.05),
                labels,
            )
        )
    if len(fractions) > 1:
        drawn.append(_labels_chart(name, fractions))
    shift = _shift_chart(name, arms)
    return [*drawn, shift] if shift is not None else drawn


def _curve(arm: str, curve: Mapping[str, Any], main: str) -> Series:
    columns = list(zip(*curve[main], strict=False))
    known = [[value for value in column if value is not None] for column in columns]
    mean = [sum(values) / len(values) if values else None for values in known]
    low = [min(values, default=None) for values in known]
    high = [max(values, default=None) for values in known]
    return Series(arm, curve["steps"][: len(mean)], mean, low, high)


def _binned(arm: str, bins: Sequence[Mapping[str, Any]], aside: float) -> Series:
    """Return Pd of every bin, a little aside, so that no arm's interval hides another's."""
    x = [place + aside for place in range(len(bins))]
    some = [part["targets"] > 0 for part in bins]
    return Series(
        arm,
        x,
        [part["pd"] if any_ else None for part, any_ in zip(bins, some, strict=True)],
        [part["low"] if any_ else None for part, any_ in zip(bins, some, strict=True)],
        [part["high"] if any_ else None for part, any_ in zip(bins, some, strict=True)],
    )


def _bin_name(part: Mapping[str, Any]) -> str:
    if part["to"] is None or math.isinf(part["to"]):
        return f"{part['from']:g}+"
    return f"{part['from']:g}–{part['to']:g}"


def _labels_chart(name: str, fractions: Mapping[str, Any]) -> Chart:
    """Return the main figure over the share of labels, one line an arm."""
    arms, main = list(_whole(fractions)["arms"]), kind_of(_whole(fractions)).main
    shares = sorted(fractions, key=float)
    series = []
    for arm in arms:
        spreads = [fractions[s]["arms"].get(arm, {}).get("scores") for s in shares]
        values = [None if s is None else s["last"][main] for s in spreads]
        series.append(
            Series(
                arm,
                [float(share) for share in shares],
                [None if v is None else v["mean"] for v in values],
                [None if v is None else min(v["values"]) for v in values],
                [None if v is None else max(v["values"]) for v in values],
            )
        )
    word = name_of(main)
    title = f"{name}: {word} over the share of training labels; mean and range over seeds"
    return Chart(title, "share of the training labels", word, series)


def _shift_chart(name: str, arms: Mapping[str, Any]) -> Chart | None:
    """Return mIoU over the level of foreign noise, one line an arm."""
    levels = sorted(
        {
            float(axis.removeprefix("shift/"))
            for found in arms.values()
            for axis in found["axes"]
            if axis.startswith("shift/")
        }
    )
    if not levels:
        return None
    series = []
    for arm, found in arms.items():
        values = [found["axes"].get(f"shift/{level:g}", {}).get("miou") for level in levels]
        series.append(
            Series(
                arm,
                levels,
                [None if v is None else v["mean"] for v in values],
                [None if v is None else min(v["values"]) for v in values],
                [None if v is None else max(v["values"]) for v in values],
            )
        )
    title = f"{name}: mIoU on test images with more noise; mean and range over seeds"
    return Chart(title, "level of the added noise, times its median", "mIoU", series)


def _facts(environment: Mapping[str, Any]) -> dict[str, Any]:
    facts = {k: v for k, v in environment.items() if k not in ("packages", "command", "from_step")}
    known = {**facts, **dict(environment.get("packages") or {})}
    return {key: value for key, value in known.items() if value is not None}


def _embedded(results: Results) -> str:
    """Return the results as JSON that cannot end the script element it stands in."""
    text = json.dumps(results, ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")

"""The quality page: distributions side by side, in one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k import __version__
from sirst5k.datasets import Dataset
from sirst5k.drawing import grey_picture, image_stretch, svg
from sirst5k.drawing.embedding import data_uri, fitted
from sirst5k.drawing.svg import Chart, Series
from sirst5k.optional import require
from sirst5k.quality.comparing import Difference
from sirst5k.quality.measuring import CROP, MEASURES, Measure, Quality, names_of
from sirst5k.quality.neighbours import Neighbour
from sirst5k.sample import Image

_POINTS = 120  # of a curve: the file stays small whatever the dataset's size
_SHARE = 0.99  # of the values that a curve shows: the last ones would squeeze all others
_SHOWN = 6  # pairs of pictures
_SIDE = 220  # pixels of a picture


@dataclass(frozen=True)
class Pair:
    """Two images that look alike, as pictures for the page."""

    neighbour: Neighbour
    test: str
    training: str


def render(
    qualities: Sequence[Quality],
    difference: Difference | None = None,
    pairs: Sequence[Pair] = (),
    near: int = 0,
) -> str:
    """Return the page as HTML: style, charts and pictures are in it.

    Parameters
    ----------
    qualities : sequence of Quality
        One or two datasets.
    difference : Difference, optional
        Of the two.
    pairs : sequence of Pair
        From `pictured`.
    near : int
        How many near-duplicates there are in all.

    Raises
    ------
    MissingDependencyError
        If Jinja2 is not installed.
    """
    jinja2 = require("jinja2", "the quality page")
    safe = require("markupsafe", "the quality page").Markup
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    source = files("sirst5k.quality").joinpath("quality.html.j2").read_text("utf-8")
    charts = [*map(_distribution, *_each(qualities)), _spectrum(qualities)]
    page: str = environment.from_string(source).render(
        style=safe(svg.page_style()),
        version=__version__,
        names=[quality.name for quality in qualities],
        counts=[len(quality.ids) for quality in qualities],
        rows=_rows(qualities, difference),
        difference=difference,
        charts=[
            {
                "caption": chart.title,
                "svg": safe(svg.draw(chart)),
                "key": safe(svg.key([escape(series.name) for series in chart.series])),
            }
            for chart in charts
        ],
        pairs=pairs,
        near=near,
    )
    return page


def pictured(neighbours: Sequence[Neighbour], test: Dataset, training: Dataset) -> list[Pair]:
    """Return the first, most similar pairs with their pictures.

    Parameters
    ----------
    neighbours : sequence of Neighbour
        From `nearest_neighbours`, of these two.
    test, training : Dataset

    Raises
    ------
    ImageError
        If an image cannot be read.
    """
    return [
        Pair(
            neighbour,
            _picture(test.get(neighbour.id).image),
            _picture(training.get(neighbour.nearest).image),
        )
        for neighbour in neighbours[:_SHOWN]
    ]


def _picture(image: Image) -> str:
    return data_uri(fitted(grey_picture(image_stretch(image).apply(image)), _SIDE))


def _each(qualities: Sequence[Quality]) -> tuple[list[str], list[Sequence[Quality]]]:
    names = [
        name
        for name in names_of(qualities)
        if any(len(quality.values.get(name, ())) for quality in qualities)
    ]
    return names, [qualities] * len(names)


def _distribution(name: str, qualities: Sequence[Quality]) -> Chart:
    """Return the cumulative distributions of a measure: where a curve rises, images are."""
    measure = MEASURES[name]
    series = [
        Series(quality.name, *_cumulative(quality.values[name]))
        for quality in qualities
        if len(quality.values.get(name, ()))
    ]
    title = f"{measure.title}: share of {_PLURAL[measure.of]} up to a value"
    return Chart(title, _axis(measure), f"share of {_PLURAL[measure.of]}", series, (0.0, 1.0))


_PLURAL = {"image": "images", "target": "targets", "variant": "variants"}


def _axis(measure: Measure) -> str:
    return f"{measure.title}, {measure.unit}" if measure.unit else measure.title


def _cumulative(values: NDArray[np.float64]) -> tuple[list[float], list[float | None]]:
    shares = np.linspace(0, _SHARE, min(_POINTS, max(2, len(values))))
    places = np.quantile(values, shares)
    return places.tolist(), list(shares.tolist())


def _spectrum(qualities: Sequence[Quality]) -> Chart:
    rings = [place / CROP for place in range(1, CROP // 2)]
    series = [
        Series(quality.name, rings, (10 * np.log10(quality.spectrum)).tolist())
        for quality in qualities
    ]
    return Chart(
        "Power spectrum of the images", "spatial frequency, cycles a pixel", "power, dB", series
    )


def _rows(qualities: Sequence[Quality], difference: Difference | None) -> list[dict[str, Any]]:
    """Return a row a measure: median and the middle half for each dataset."""
    rows = []
    for name in names_of(qualities):
        cells = []
        for quality in qualities:
            found = quality.quantiles(name) if name in quality.values else {}
            cells.append(
                {"median": f"{found[0.5]:.3g}", "half": f"{found[0.25]:.3g} to {found[0.75]:.3g}"}
                if found
                else {"median": "–", "half": ""}
            )
        distance = None if difference is None else difference.distances.get(name)
        shown = "–" if distance is None else f"{distance:.2f}"
        rows.append({"name": _axis(MEASURES[name]), "cells": cells, "distance": shown})
    return rows

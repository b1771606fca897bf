"""Sequences with moving targets made from nothing, or on the frames of any still dataset.

Each physical ingredient has its file: smooth paths and shaking (`paths`), a background with
drifting clouds (`scenery`) that is looked at between its pixels (`spline`), the camera with
what its sensor adds to every frame alike (`camera`), and the targets (`movers`); `scene` puts
them together, `spec` reads ``demo:sequences=8,frames=40`` and `source` is the dataset;
`composite` puts targets on stills.
"""

from __future__ import annotations

from sirst5k.datasets.moving.composite import composite_sequences
from sirst5k.datasets.moving.source import GENERATOR_VERSION, MovingSource, open_moving
from sirst5k.datasets.moving.spec import MovingSpec, is_moving, parse_moving

__all__ = [
    "GENERATOR_VERSION",
    "MovingSource",
    "MovingSpec",
    "composite_sequences",
    "is_moving",
    "open_moving",
    "parse_moving",
]

"""Embedded procedural infrared scenes: a labelled dataset made from nothing.

Each physical ingredient has its file, with its formula and source: random fields (`textures`,
on a `canvas`), silhouettes (`outlines`), grazing planes (`perspective`), the four scenes
(`sky`, `sea`, `ground`, `urban`), sub-pixel targets and the mask rule (`targets`), their places
and contrasts (`placement`), the lens (`optics`) and the detector (`sensor`); `scene` puts them
in the order of the light, `spec` reads ``demo:n=64,seed=1`` and `source` is the dataset.
"""

from __future__ import annotations

from sirst5k.datasets.demo.source import GENERATOR_VERSION, DemoSource, open_demo
from sirst5k.datasets.demo.spec import DemoSpec, parse_spec

__all__ = ["GENERATOR_VERSION", "DemoSource", "DemoSpec", "open_demo", "parse_spec"]

"""Pictures: marks, text, panels and plots on arrays, drawn with OpenCV alone."""

from __future__ import annotations

from sirst5k.drawing.blending import Picture, blank, blend, fill, grey_picture, place
from sirst5k.drawing.marks import Box, outline_box, outline_mask
from sirst5k.drawing.panels import Panel
from sirst5k.drawing.plots import Curve, Plot, draw_plot
from sirst5k.drawing.saving import check_picture_path, save_picture
from sirst5k.drawing.text import draw_text, shorten, text_width
from sirst5k.drawing.tones import AS_IS, Stretch, image_stretch, local_stretch, noise_stretch

__all__ = [
    "AS_IS",
    "Box",
    "Curve",
    "Panel",
    "Picture",
    "Plot",
    "Stretch",
    "blank",
    "blend",
    "check_picture_path",
    "draw_plot",
    "draw_text",
    "fill",
    "grey_picture",
    "image_stretch",
    "local_stretch",
    "noise_stretch",
    "outline_box",
    "outline_mask",
    "place",
    "save_picture",
    "shorten",
    "text_width",
]

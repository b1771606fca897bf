"""Colours and sizes that all pictures share.

Marks are sky blue and orange: they differ in brightness and on the blue-yellow axis, so
they are told apart on any grey and with any colour vision.
"""

from __future__ import annotations

Colour = tuple[int, int, int]
"""Red, green, blue, each 0 to 255."""

PAGE: Colour = (20, 23, 28)
PANEL: Colour = (33, 37, 44)
RULE: Colour = (66, 73, 84)
TEXT: Colour = (238, 240, 243)
MUTED: Colour = (160, 168, 179)

TARGET: Colour = (72, 196, 255)
WINDOW: Colour = (255, 160, 36)
SERIES: tuple[Colour, ...] = (TEXT, TARGET, (120, 214, 142), WINDOW)
"""Curves of a plot, the reference first."""

TITLE, HEAD, BODY, SMALL = 34, 23, 19, 17
"""Text sizes in pixels."""

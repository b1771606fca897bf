"""What an image file says of itself, before a pixel of it is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from sirst5k.errors import ImageError


@dataclass(frozen=True, slots=True)
class Header:
    """The declared form of an image file.

    Attributes
    ----------
    width, height : int
        Size in pixels.
    dtype : str
        What a pixel is stored as: ``bit`` (one of two values), ``uint8``, ``uint16``,
        ``float32`` …
    colour : str
        ``grey``, ``grey+alpha``, ``rgb``, ``rgba``, ``palette`` or ``cmyk``.
    format : str
        ``png``, ``jpeg``, ``bmp`` or ``tiff``.
    pixel_bytes : int
        Bytes of memory that decoding takes for a pixel, all channels.
    """

    width: int
    height: int
    dtype: str
    colour: str
    format: str
    pixel_bytes: int = 1

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, as of an array."""
        return self.height, self.width

    @property
    def mode(self) -> str:
        """Colour and depth in one word for a table: ``rgb uint8``."""
        return f"{self.colour} {self.dtype}"


def damaged(name: str, what: str) -> ImageError:
    """Return the error for a file that is cut short or corrupted.

    Parameters
    ----------
    name : str
        The file.
    what : str
        What is wrong with it, as the end of "the file is damaged: …".
    """
    return ImageError(
        f"Expected a complete image, but {name} is damaged: {what}. "
        "Copy or download it again, or take it out of the dataset."
    )

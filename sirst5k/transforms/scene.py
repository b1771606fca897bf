"""One call's arrays: an image, its mask, and whatever else lies on the same scene."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from sirst5k.components import Target
from sirst5k.sample import Image, Mask
from sirst5k.transforms.checking import (
    Plane,
    as_mask,
    check_boxes,
    check_image,
    check_plane,
    check_rows,
    named,
)
from sirst5k.transforms.finding import find_targets
from sirst5k.transforms.motions import Motion, move_boxes, move_plane, move_points

Arrays = Mapping[str, Any] | list[Any] | tuple[Any, ...]


class Scene:
    """Arrays on their way through a transform: none is written to, and none comes back itself.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    mask : (H, W) array
        Of bool, or numbers that are above 0 on targets.
    images, masks : mapping or sequence of (H, W) arrays, optional
        Further images of the scene, at any depth, and further masks.
    boxes : (N, 4 or more) array, optional
    points : (N, 2 or more) array, optional
    """

    __slots__ = (
        "_came",
        "_given",
        "_targets",
        "boxes",
        "image",
        "images",
        "mask",
        "planes",
        "points",
    )

    def __init__(
        self,
        image: object,
        mask: object,
        images: object = None,
        masks: object = None,
        boxes: object = None,
        points: object = None,
    ) -> None:
        self.image: Image = check_image(image)
        plane = check_plane(mask, self.image.shape)
        self.mask: Mask = as_mask(plane)
        self.images: list[Image] = []
        # A mask of numbers is carried beside the bool one, to keep its values.
        self.planes: list[Plane] = [] if plane is self.mask else [plane]
        self.boxes: NDArray[Any] | None = None
        self.points: NDArray[Any] | None = None
        others = ("images", images), ("masks", masks), ("boxes", boxes), ("points", points)
        self._given: dict[str, Any] = {name: part for name, part in others if part is not None}
        self._targets: list[Target] | None = None
        self._came = [self.image, self.mask, *self.planes]
        shape = self.image.shape
        if images is not None:
            parts = named(images, "images")
            self.images = [check_image(part, shape, name) for name, part in parts.items()]
        if masks is not None:
            parts = named(masks, "masks")
            self.planes += [check_plane(part, shape, name) for name, part in parts.items()]
        if boxes is not None:
            self.boxes = check_boxes(boxes).copy()
        if points is not None:
            self.points = check_rows(points, 2, "points").copy()
        self._came += self.images + self.planes

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.image.shape
        return height, width

    @property
    def targets(self) -> list[Target]:
        """Targets of the mask as it now is, in raster order."""
        if self._targets is None:
            self._targets = find_targets(self.mask)
        return self._targets

    @property
    def carries(self) -> bool:
        """Whether anything but images and the mask has to follow."""
        return bool(self.planes) or self.boxes is not None or self.points is not None

    def replace(self, image: Image, mask: Mask, images: list[Image]) -> None:
        """Go on with other pixels."""
        if mask is not self.mask:
            self._targets = None
        self.image, self.mask, self.images = image, mask, images

    def move(self, motions: list[Motion]) -> None:
        """Let the other masks, boxes and points follow."""
        self.planes = [move_plane(plane, motions) for plane in self.planes]
        if self.boxes is not None:
            self.boxes = move_boxes(self.boxes, motions)
        if self.points is not None:
            self.points = move_points(self.points, motions)

    def result(self) -> tuple[Image, Plane] | dict[str, Any]:
        """Return what the call returns: a pair, or by name if more than a pair was given."""
        given = self._given
        extra = len(given.get("masks", ()))
        image = self._own(self.image)
        mask = self._own(self.mask if len(self.planes) == extra else self.planes[0])
        if not given:
            return image, mask
        result: dict[str, Any] = {"image": image, "mask": mask}
        if "images" in given:
            result["images"] = _like(given["images"], [self._own(part) for part in self.images])
        if "masks" in given:
            planes = self.planes[len(self.planes) - extra :]
            result["masks"] = _like(given["masks"], [self._own(part) for part in planes])
        if "boxes" in given:
            result["boxes"] = self.boxes
        if "points" in given:
            result["points"] = self.points
        return result

    def pair(self) -> tuple[Image, Mask]:
        """Return image and bool mask, as arrays of their own."""
        return self._own(self.image), self._own(self.mask)

    def _own(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array that the caller may write to without changing what came in."""
        for came in self._came:
            if array is came:
                return array.copy()
        return array


def _like(given: Arrays, arrays: list[Any]) -> dict[Any, Any] | list[Any]:
    """Return arrays by the names that they came with, or as a list."""
    return dict(zip(given, arrays, strict=True)) if isinstance(given, Mapping) else arrays

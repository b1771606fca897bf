"""Images and masks on disk, matched by name, without opening one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sirst5k.datasets.index import SampleIndex
from sirst5k.datasets.names import natural_key, printable
from sirst5k.datasets.scanning import Scanned, image_files, scan
from sirst5k.errors import DatasetError

__all__ = ["PairIndex", "Part", "image_files", "natural_key"]

_Stems = dict[str, tuple[str, str]]  # stem -> its file's ending, and what is wrong with it


@dataclass(frozen=True, slots=True)
class Part:
    """One image folder with its mask folder.

    Attributes
    ----------
    images, masks : str
        Folders below the root; ``.`` is the root itself, without what lies below it.
    image_suffix, mask_suffix : str
        What follows the id in a file's stem: ``_pixels0``.
    prefix : str
        What ids begin with, where several parts use the same names: ``test/``.
    excluded : frozenset of str
        Stems without suffix that are known to be broken, and passed over.
    """

    images: str = "images"
    masks: str = "masks"
    image_suffix: str = ""
    mask_suffix: str = ""
    prefix: str = ""
    excluded: frozenset[str] = frozenset()


class PairIndex(SampleIndex):
    """Which samples there are, and where their files lie.

    Holds one small number a sample rather than two paths, so that datasets travel cheaply
    to worker processes.

    Parameters
    ----------
    root : str
        The dataset's folder.
    parts : sequence of Part
        Where images and masks lie.
    skip : bool
        Whether incomplete pairs are left out instead of refused.
    follow_links : bool
        Whether files may be links out of the folder.

    Attributes
    ----------
    incomplete : dict of str to str
        Ids that lack a file, have too many, or must not be read, with a sentence each.

    Raises
    ------
    DatasetError
        If a folder is a link out of the dataset's, and that is not allowed.
    """

    def __init__(
        self, root: str, parts: Sequence[Part], skip: bool = False, follow_links: bool = False
    ) -> None:
        where = ", ".join(part.images for part in parts)
        super().__init__(root, skip, follow_links, where=where)
        self.parts = tuple(parts)
        self._kinds: list[tuple[int, str, str]] = []  # part, ending of image, ending of mask
        for number in range(len(self.parts)):
            self._add(number)

    def files(self, sample_id: str) -> tuple[str, str]:
        """Return the paths of a sample's image and mask.

        Raises
        ------
        DatasetError
            If there is no such sample.
        """
        kind = self._where.get(sample_id)
        if kind is None:
            why = self.incomplete.get(sample_id, f"There is no sample {sample_id!r} in it.")
            raise DatasetError(f"{self.root}: {why}")
        number, image_ending, mask_ending = self._kinds[kind]
        part = self.parts[number]
        stem = sample_id[len(part.prefix) :]
        return (
            f"{self._folder(part.images)}{stem}{part.image_suffix}{image_ending}",
            f"{self._folder(part.masks)}{stem}{part.mask_suffix}{mask_ending}",
        )

    def _folder(self, folder: str) -> str:
        return f"{self.root}/" if folder == "." else f"{self.root}/{folder}/"

    def _add(self, number: int) -> None:
        part = self.parts[number]
        images, masks = self._scan(part)
        for stem in part.excluded:
            images.pop(stem, None)
            masks.pop(stem, None)
        kinds: dict[tuple[str, str], int] = {}
        for stem, (image_ending, problem) in images.items():
            sample_id = part.prefix + stem
            image = f"{part.images}/{stem}{part.image_suffix}"
            mask_ending, mask_problem = masks.get(stem, ("", ""))
            if problem:
                self.incomplete[sample_id] = f"The image {image}{image_ending}: {problem}."
            elif not mask_ending:
                self.incomplete[sample_id] = (
                    f"The image {image}{image_ending.split('|')[0]} has no mask in {part.masks}."
                )
            elif mask_problem:
                mask = f"{part.masks}/{stem}{part.mask_suffix}{mask_ending}"
                self.incomplete[sample_id] = f"The mask {mask}: {mask_problem}."
            elif "|" in image_ending or "|" in mask_ending:
                self.incomplete[sample_id] = _several(part, stem, image_ending, mask_ending)
            else:
                endings = (image_ending, mask_ending)
                if endings not in kinds:
                    kinds[endings] = len(self._kinds)
                    self._kinds.append((number, *endings))
                self._where[sample_id] = kinds[endings]
        for stem, (mask_ending, problem) in masks.items():
            if stem not in images:
                mask = f"{part.masks}/{stem}{part.mask_suffix}{mask_ending.split('|')[0]}"
                self.incomplete[part.prefix + stem] = (
                    f"The mask {mask}: {problem}."
                    if problem
                    else f"The mask {mask} has no image in {part.images}."
                )

    def _scan(self, part: Part) -> tuple[_Stems, _Stems]:
        """Return stem to (ending, problem), of images and of masks; ``.bmp|.png`` for both."""
        for folder in (part.images, part.masks):
            self.fence.check(self._folder(folder))
        found = list(scan(self._folder(part.images), part.images != ".", self.fence))
        if part.images != part.masks:
            masks = scan(self._folder(part.masks), part.masks != ".", self.fence)
            return _stems(found, part.image_suffix), _stems(masks, part.mask_suffix)
        masks_among = _stems(found, part.mask_suffix)
        images = _stems(found, part.image_suffix)
        if not part.image_suffix:  # every mask is then a candidate image too
            images = {
                stem: ending
                for stem, ending in images.items()
                if not stem.endswith(part.mask_suffix)
            }
        return images, masks_among


def _stems(files: Iterable[Scanned], suffix: str) -> _Stems:
    stems: _Stems = {}
    cut = len(suffix)
    for stem, ending, problem in files:
        if problem:
            stem = printable(stem)
        if not stem.endswith(suffix):
            continue
        bare = stem[:-cut] if cut else stem
        if bare in stems:
            ending, problem = f"{stems[bare][0]}|{ending}", stems[bare][1] or problem
        stems[bare] = ending, problem
    return stems


def _several(part: Part, stem: str, image_endings: str, mask_endings: str) -> str:
    images = [f"{part.images}/{stem}{part.image_suffix}{e}" for e in image_endings.split("|")]
    masks = [f"{part.masks}/{stem}{part.mask_suffix}{e}" for e in mask_endings.split("|")]
    several = images if len(images) > 1 else masks
    return f"{' and '.join(sorted(several))} claim the same id."

"""Images and masks on disk, matched by name, without opening one of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sirst5k.datasets.lists import Entry
from sirst5k.errors import DatasetError, PairingError, SplitError
from sirst5k.imaging import ENDINGS

_DEPTH = 3  # folders below an image folder; ids like `44/1(814)` need one
_NUMBERS = re.compile(r"(\d+)")


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


class PairIndex:
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

    Attributes
    ----------
    incomplete : dict of str to str
        Ids that lack a file or have too many, with a sentence each.
    """

    def __init__(self, root: str, parts: Sequence[Part], skip: bool = False) -> None:
        self.root = root
        self.skip = skip
        self._parts = tuple(parts)
        self._kinds: list[tuple[int, str, str]] = []  # part, ending of image, ending of mask
        self._where: dict[str, int] = {}
        self.incomplete: dict[str, str] = {}
        for number in range(len(self._parts)):
            self._add(number)

    def __contains__(self, sample_id: object) -> bool:
        return sample_id in self._where

    def __len__(self) -> int:
        return len(self._where)

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
        part = self._parts[number]
        stem = sample_id[len(part.prefix) :]
        return (
            f"{self._folder(part.images)}{stem}{part.image_suffix}{image_ending}",
            f"{self._folder(part.masks)}{stem}{part.mask_suffix}{mask_ending}",
        )

    def under(self, prefix: str = "") -> tuple[str, ...]:
        """Return every sample whose id begins so, in natural order (``a2`` before ``a10``).

        Raises
        ------
        PairingError
            If some have no partner, and skipping was not asked for.
        """
        lacking = [sample_id for sample_id in self.incomplete if sample_id.startswith(prefix)]
        if lacking and not self.skip:
            raise PairingError(self._complaint(sorted(lacking, key=natural_key)))
        ids = self._where if not prefix else [i for i in self._where if i.startswith(prefix)]
        return tuple(sorted(ids, key=natural_key))

    def look_up(
        self, entries: Sequence[Entry], where: str
    ) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return the samples that list entries name, and those left out with the reason.

        Parameters
        ----------
        entries : sequence of Entry
            Lines of a list.
        where : str
            The list, for messages.

        Raises
        ------
        SplitError, PairingError
            If an entry has no files, or only one, and skipping was not asked for.
        """
        found: list[str] = []
        lacking: list[Entry] = []
        for entry in entries:
            if entry.id in self._where:
                found.append(entry.id)
            elif (bare := _without_ending(entry.id)) in self._where:
                found.append(bare)
            else:
                lacking.append(entry)
        if lacking and not self.skip:
            self._refuse(lacking, where)
        why = {
            e.id: self.incomplete.get(e.id, f"{where} lists it, but it has no file")
            for e in lacking
        }
        return tuple(dict.fromkeys(found)), why  # `a` and `a.png` are one

    def _refuse(self, lacking: Sequence[Entry], where: str) -> None:
        missing = [entry for entry in lacking if entry.id not in self.incomplete]
        if not missing:
            raise PairingError(self._complaint([entry.id for entry in lacking]))
        first = missing[0]
        more = f" (and {len(missing) - 1} more such lines)" if len(missing) > 1 else ""
        folders = ", ".join(part.images for part in self._parts)
        raise SplitError(
            f"Line {first.line} of {where} lists {first.id!r}{more}, but {self.root} has no such "
            f"image in {folders}. Correct the list, or skip such lines with on_error='skip' "
            "(--on-error skip)."
        )

    def _complaint(self, ids: list[str]) -> str:
        shown = " ".join(self.incomplete[sample_id] for sample_id in ids[:3])
        more = f" And {len(ids) - 3} more." if len(ids) > 3 else ""
        return (
            f"Expected one mask to every image in {self.root}, but {len(ids)} "
            f"{'pair is' if len(ids) == 1 else 'pairs are'} incomplete. {shown}{more} "
            "Add the missing files, or leave such pairs out with on_error='skip' "
            "(--on-error skip)."
        )

    def _folder(self, folder: str) -> str:
        return f"{self.root}/" if folder == "." else f"{self.root}/{folder}/"

    def _add(self, number: int) -> None:
        part = self._parts[number]
        images, masks = self._scan(part)
        for stem in part.excluded:
            images.pop(stem, None)
            masks.pop(stem, None)
        kinds: dict[tuple[str, str], int] = {}
        for stem, image_ending in images.items():
            sample_id = part.prefix + stem
            mask_ending = masks.get(stem)
            if mask_ending is None:
                self.incomplete[sample_id] = (
                    f"The image {part.images}/{stem}{part.image_suffix}"
                    f"{image_ending.split('|')[0]} has no mask in {part.masks}."
                )
            elif "|" in image_ending or "|" in mask_ending:
                self.incomplete[sample_id] = _several(part, stem, image_ending, mask_ending)
            else:
                endings = (image_ending, mask_ending)
                if endings not in kinds:
                    kinds[endings] = len(self._kinds)
                    self._kinds.append((number, *endings))
                self._where[sample_id] = kinds[endings]
        for stem, mask_ending in masks.items():
            if stem not in images:
                self.incomplete[part.prefix + stem] = (
                    f"The mask {part.masks}/{stem}{part.mask_suffix}{mask_ending.split('|')[0]} "
                    f"has no image in {part.images}."
                )

    def _scan(self, part: Part) -> tuple[dict[str, str], dict[str, str]]:
        """Return stem to ending, of images and of masks; ``.bmp|.png`` where both exist."""
        names = list(image_files(self._folder(part.images), deep=part.images != "."))
        if part.images != part.masks:
            mask_names = list(image_files(self._folder(part.masks), deep=part.masks != "."))
            return _stems(names, part.image_suffix), _stems(mask_names, part.mask_suffix)
        masks = _stems(names, part.mask_suffix)
        images = _stems(names, part.image_suffix)
        if not part.image_suffix:  # every mask is then a candidate image too
            images = {
                stem: ending
                for stem, ending in images.items()
                if not stem.endswith(part.mask_suffix)
            }
        return images, masks


def image_files(folder: str, deep: bool = True) -> Iterator[tuple[str, str]]:
    """Yield stem and ending of every image file of a folder, one directory scan a folder.

    Hidden files and what operating systems leave behind are passed over.

    Parameters
    ----------
    folder : str
        With a slash at its end.
    deep : bool
        Whether folders inside it are searched; stems are then like ``44/1(814)``.
    """
    waiting = [("", 0)]
    while waiting:
        below, depth = waiting.pop()
        try:
            entries = os.scandir(folder + below)
        except OSError as error:
            raise DatasetError(
                f"Expected a readable folder, but {folder + below} cannot be read: "
                f"{error.strerror}."
            ) from error
        with entries:
            for entry in entries:
                name = entry.name
                if name.startswith((".", "__MACOSX")):
                    continue
                stem, dot, ending = name.rpartition(".")
                if stem and dot + ending.lower() in ENDINGS and not entry.is_dir():
                    yield below + stem, dot + ending
                elif deep and depth < _DEPTH and entry.is_dir():
                    waiting.append((f"{below}{name}/", depth + 1))


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Return a sort key in which numbers count as numbers: ``a2`` before ``a10``.

    Examples
    --------
    >>> sorted(["a10", "a2", "a02"], key=natural_key)
    ['a02', 'a2', 'a10']
    """
    pieces: list[str | int] = list(_NUMBERS.split(name))
    pieces[1::2] = map(int, pieces[1::2])
    return pieces, name  # the name breaks ties, so that no order depends on the disk


def _stems(names: Sequence[tuple[str, str]], suffix: str) -> dict[str, str]:
    stems: dict[str, str] = {}
    cut = len(suffix)
    for stem, ending in names:
        if not stem.endswith(suffix):
            continue
        bare = stem[:-cut] if cut else stem
        stems[bare] = f"{stems[bare]}|{ending}" if bare in stems else ending
    return stems


def _several(part: Part, stem: str, image_endings: str, mask_endings: str) -> str:
    images = [f"{part.images}/{stem}{part.image_suffix}{e}" for e in image_endings.split("|")]
    masks = [f"{part.masks}/{stem}{part.mask_suffix}{e}" for e in mask_endings.split("|")]
    several = images if len(images) > 1 else masks
    return f"{' and '.join(sorted(several))} claim the same id."


def _without_ending(sample_id: str) -> str:
    stem, dot, ending = sample_id.rpartition(".")
    return stem if dot + ending.lower() in ENDINGS else sample_id

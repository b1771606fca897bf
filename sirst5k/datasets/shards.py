"""Samples in tar shards, named as WebDataset wants it: ``key.png``, ``key.mask.png``, ``key.json``.

A file's name up to the first dot of its last part is the key; files of one key stand together and
make a sample. Ids may hold dots, keys may not, so a dot is written ``%2E`` in a key.
"""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby, islice
from pathlib import Path

from sirst5k.datasets.files import describe_mask_reading
from sirst5k.datasets.index import SampleIndex
from sirst5k.datasets.names import leads_out, unusable
from sirst5k.datasets.tarring import MOST_BYTES, Member, read_members
from sirst5k.errors import DatasetError, ImageError, Sirst5kWarning
from sirst5k.imaging import ENDINGS, MaskReading, pixel_limit
from sirst5k.imaging.decoding import decode
from sirst5k.imaging.grey import to_grey, to_image_dtype
from sirst5k.imaging.limits import byte_limit
from sirst5k.imaging.masks import _one_channel, read_levels
from sirst5k.imaging.regular import open_regular
from sirst5k.sample import Image, Mask, Sample

MASK = ".mask"


def key_of(sample_id: str) -> str:
    """Return the key of an id: the id, with dots in its last part written ``%2E``.

    Examples
    --------
    >>> key_of("44/000001_w0.1")
    '44/000001_w0%2E1'
    """
    folder, slash, name = sample_id.rpartition("/")
    return folder + slash + name.replace("%", "%25").replace(".", "%2E")


def id_of(key: str) -> str:
    """Return the id of a key; what `key_of` undoes."""
    folder, slash, name = key.rpartition("/")
    return folder + slash + name.replace("%2E", ".").replace("%25", "%")


def split_key(name: str) -> tuple[str, str]:
    """Return key and ending of a member's name: ``("44/a", ".mask.png")``."""
    folder, slash, last = name.rpartition("/")
    stem, dot, ending = last.partition(".")
    return folder + slash + stem, dot + ending


class ShardIndex(SampleIndex):
    """Where the image and the mask of every sample lie.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    shards : sequence of str
        The archives, below the root, in order.
    skip : bool
        Whether samples that cannot be used are left out instead of refused.
    follow_links : bool
        Whether archives may be links out of the folder.

    Attributes
    ----------
    starts : list of int
        Place of each shard's first sample in the order of the shards; one more at the end.

    Raises
    ------
    DatasetError
        If a shard cannot be read, or a key comes twice.
    """

    def __init__(
        self, root: Path, shards: Sequence[str], skip: bool = False, follow_links: bool = False
    ) -> None:
        super().__init__(str(root), skip, follow_links, where="its shards")
        self.shards = tuple(shards)
        self.starts = [0]
        self._numbers = array("Q")  # shard, then offset and size of image and of mask
        for number, shard in enumerate(self.shards):
            path = root / shard
            self.fence.check(str(path))
            self._add(number, path)
            self.starts.append(len(self._where))

    def in_shard(self, number: int) -> list[str]:
        """Return the samples of a shard, in order."""
        return list(islice(self._where, self.starts[number], self.starts[number + 1]))

    def members(self, sample_id: str) -> tuple[Path, Member, Member]:
        """Return the shard of a sample, and where image and mask lie in it.

        Raises
        ------
        DatasetError
            If there is no such sample.
        """
        place = self._where.get(sample_id)
        if place is None:
            why = self.incomplete.get(sample_id, f"There is no sample {sample_id!r} in it.")
            raise DatasetError(f"{self.root}: {why}")
        shard, *where = self._numbers[5 * place : 5 * place + 5]
        key = key_of(sample_id)
        image = Member(f"{key}, image", where[0], where[1])
        mask = Member(f"{key}, mask", where[2], where[3])
        return Path(self.root) / self.shards[shard], image, mask

    def _add(self, number: int, path: Path) -> None:
        for key, members in groupby(read_members(path), lambda member: split_key(member.name)[0]):
            image, mask = _image_and_mask(members)
            if image is None and mask is None:
                continue  # something else: a text, a label
            sample_id = _inside(id_of(key), path)
            if image is None or mask is None:
                lacking = "mask (.mask.png)" if mask is None else "image"
                self.incomplete[sample_id] = f"The key {key!r} in {path} has no {lacking}."
                continue
            if sample_id in self._where:
                raise DatasetError(
                    f"Expected each key once, but {sample_id!r} comes again in {path}. Write the "
                    f"shards again."
                )
            self._where[sample_id] = len(self._where)
            self._numbers.extend((number, image.offset, image.size, mask.offset, mask.size))


class ShardSource:
    """Reads the samples of a `ShardIndex`.

    Parameters
    ----------
    index : ShardIndex
    mask_threshold : float, optional
        Mask levels strictly above it are target; None decides by what a mask holds.
    max_pixels : int, optional
        Larger images are refused; see `sirst5k.imaging.read_image`.
    """

    def __init__(
        self,
        index: ShardIndex,
        mask_threshold: float | None = None,
        max_pixels: int | None = None,
    ) -> None:
        self.index = index
        self.mask_threshold = mask_threshold
        self.max_pixels = max_pixels
        self._warned = False

    def read(self, sample_id: str) -> Sample:
        """Return one sample, decoded now.

        Raises
        ------
        DatasetError
            If there is no such sample, or it cannot be read.
        """
        shard, image_at, mask_at = self.index.members(sample_id)
        image_data, mask_data = read_data(shard, [image_at, mask_at], self.max_pixels)
        image = image_from(image_data, f"{shard} ({image_at.name})", self.max_pixels)
        mask = self._mask(mask_data, f"{shard} ({mask_at.name})")
        if image.shape != mask.shape:
            raise ImageError(
                f"Expected image and mask of one size, but those of {sample_id!r} in {shard} are "
                f"{image.shape[1]}×{image.shape[0]} and {mask.shape[1]}×{mask.shape[0]}."
            )
        return Sample(sample_id, image, mask, {"shard": str(shard)})

    def read_mask(self, sample_id: str) -> Mask:
        """Return the mask of a sample alone."""
        shard, _, mask_at = self.index.members(sample_id)
        return self._mask(
            read_data(shard, [mask_at], self.max_pixels)[0], f"{shard} ({mask_at.name})"
        )

    def files(self, sample_id: str) -> tuple[Path, Path] | None:  # noqa: ARG002
        """Return None: a sample has no files of its own."""
        return None

    def check(self, sample_id: str) -> None:
        """Raise what `read` would raise."""
        self.read(sample_id)

    def stamp(self, sample_id: str) -> str:
        """Return the sizes of image and mask in bytes, as of two files."""
        _, image, mask = self.index.members(sample_id)
        return f"{image.size}:{mask.size}"

    def _mask(self, data: bytes, name: str) -> Mask:
        reading = mask_from(data, name, self.mask_threshold, self.max_pixels)
        if not reading.was_binary and self.mask_threshold is None and not self._warned:
            self._warned = True
            warnings.warn(describe_mask_reading(name, reading), Sirst5kWarning, stacklevel=4)
        return reading.mask


def read_data(shard: Path, members: Iterable[Member], max_pixels: int | None = None) -> list[bytes]:
    """Return the bytes of some members of a shard.

    Parameters
    ----------
    shard : Path
    members : iterable of Member
    max_pixels : int, optional
        The limit on images, from which one on their files follows.

    Raises
    ------
    ImageError
        If the shard cannot be read, has become shorter, or a member is larger than any image.
    """
    most = byte_limit(pixel_limit(max_pixels))
    try:
        with open_regular(shard, MOST_BYTES) as file:
            found = []
            for member in members:
                if member.size > most:
                    raise ImageError(
                        f"Expected an image, but {member.name} in {shard} has {member.size:,} "
                        f"bytes, and at most {most:,} are read. Write the shard again."
                    )
                file.seek(member.offset)
                found.append(file.read(member.size))
                if len(found[-1]) < member.size:
                    raise ImageError(
                        f"Expected {member.name} in {shard}, but the shard is cut off."
                    )
    except OSError as error:
        raise ImageError(
            f"Expected a readable shard, but {shard} cannot be read: {error.strerror}."
        ) from error
    return found


def image_from(data: bytes, name: str, max_pixels: int | None = None) -> Image:
    """Decode the bytes of an image file as `sirst5k.imaging.read_image` does."""
    return to_image_dtype(to_grey(decode(data, name, max_pixels)[0]), name)


def mask_from(
    data: bytes, name: str, threshold: float | None = None, max_pixels: int | None = None
) -> MaskReading:
    """Decode the bytes of a mask file as `sirst5k.imaging.read_mask` does."""
    decoded, header = decode(data, name, max_pixels)
    return read_levels(_one_channel(decoded, header.colour == "palette"), threshold)


@lru_cache(maxsize=4)
def find_members(shard: Path) -> dict[str, Member]:
    """Return the members of a shard by name; those of the last few shards are kept."""
    return {member.name: member for member in read_members(shard)}


def _image_and_mask(members: Iterator[Member]) -> tuple[Member | None, Member | None]:
    image = mask = None
    for member in members:
        ending = split_key(member.name)[1].lower()
        if ending in ENDINGS:
            image = member
        elif ending.startswith(MASK) and ending.removeprefix(MASK) in ENDINGS:
            mask = member
    return image, mask


def _inside(sample_id: str, path: Path) -> str:
    """Return an id that stays in whatever folder it is put into, and that lists can hold."""
    if leads_out(sample_id) or not all(sample_id.split("/")):
        raise DatasetError(
            f"Expected names inside a folder in {path}, but {sample_id!r} leads out of it."
        )
    why = unusable(sample_id)
    if why:
        raise DatasetError(
            f"Expected names of samples in {path}, but {sample_id!r} is none: {why}."
        )
    return sample_id

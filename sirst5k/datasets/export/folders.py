"""Layouts of image and mask folders with split lists, or with folders in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sirst5k.datasets.export.naming import ListStyle, name_lists
from sirst5k.datasets.export.selection import Selection
from sirst5k.datasets.export.target import Arrangement, Place, Stored
from sirst5k.datasets.splits import parse_name
from sirst5k.errors import SplitError
from sirst5k.sample import Mask

_PNG = frozenset({"png"})


@dataclass(frozen=True)
class _Folders:
    """What layouts of files have in common: nothing but images, masks and lists."""

    name: str
    addition: str = ".png"
    takes: frozenset[str] = _PNG

    def describe(self, mask: Mask) -> None:
        """Return nothing: the mask is a file."""

    def sidecar(self, place: Place, mask: Mask) -> None:
        """Return nothing: image and mask are all there is."""


@dataclass(frozen=True)
class ListedFolders(_Folders):
    """An image folder, a mask folder, and lists.

    Attributes
    ----------
    images, masks : str
        The folders.
    mask_suffix : str
        What follows the id in a mask's name.
    style : ListStyle
        Where lists are looked for.
    """

    images: str = "images"
    masks: str = "masks"
    mask_suffix: str = ""
    style: ListStyle = field(default_factory=ListStyle)

    @property
    def folders(self) -> tuple[str, ...]:
        """Top folders that are made."""
        return self.images, self.masks

    def arrange(self, selection: Selection) -> Arrangement:
        """Say where samples and lists go."""
        places = {
            source: Place(name, f"{self.images}/{name}", f"{self.masks}/{name}{self.mask_suffix}")
            for source, name in selection.ids.items()
        }
        names, unread = name_lists(selection, self.style)
        lists = {names[name]: members for name, members in selection.lists.items()}
        return Arrangement(places, lists, names, {**selection.lost, **unread})

    def documents(
        self, arrangement: Arrangement, stored: Mapping[str, Stored]
    ) -> Iterator[tuple[str, bytes]]:
        """Return the lists."""
        for name, members in arrangement.lists.items():
            lines = (arrangement.places[i].id for i in members if i in stored)
            yield f"{name}.txt", "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True)
class SplitFolders(_Folders):
    """Folders in the place of lists: one to learn from, one to test on."""

    learn: str = "trainval"
    test: str = "test"

    @property
    def folders(self) -> tuple[str, ...]:
        """Top folders that are made."""
        return self.learn, self.test

    def arrange(self, selection: Selection) -> Arrangement:
        """Say where samples go.

        Raises
        ------
        SplitError
            If the lists do not say which images are for learning and which for testing.
        """
        learning = self._members(selection, ("trainval",)) or self._members(
            selection, ("train", "val")
        )
        testing = self._members(selection, ("test",))
        if not learning or not testing:
            raise SplitError(
                f"Expected a list to learn from and one to test on, which {self.name} keeps as "
                f"folders, but there is {_found(selection)}. Name both with --split LIST --split "
                "LIST, or choose a layout with lists."
            )
        places: dict[str, Place] = {}
        kept: dict[str, list[str]] = {self.learn: [], self.test: []}
        for folder, members in ((self.learn, learning), (self.test, testing)):
            for source in dict.fromkeys(source for part in members.values() for source in part):
                if source in places:
                    raise SplitError(
                        f"Expected lists without common images, which {self.name} keeps as "
                        f"folders, but {source!r} is both to learn from and to test on. Name "
                        "other lists with --split."
                    )
                name = selection.ids[source].removeprefix(f"{folder}/")
                image, mask = f"{folder}/images/{name}", f"{folder}/masks/{name}"
                places[source] = Place(f"{folder}/{name}", image, mask)
                kept[folder].append(source)
        names = dict.fromkeys(learning, self.learn) | dict.fromkeys(testing, self.test)
        lost = {
            name: f"{self.name} has folders in the place of lists, and no more than these two"
            for name in selection.lists
            if name not in names or (len(learning) > 1 and name in learning)
        }
        return Arrangement(places, kept, names, {**selection.lost, **lost})

    def documents(self, *_: object) -> tuple[()]:
        """Return nothing: the folders say it all."""
        return ()

    @staticmethod
    def _members(selection: Selection, roles: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the lists of some roles: of the primary family, else of any, if one has it."""
        found: dict[str, tuple[str, ...]] = {}
        for role in roles:
            claims = {n: m for n, m in selection.lists.items() if _has_role(n, role)}
            own = {n: m for n, m in claims.items() if _family(n) == selection.primary}
            found |= own or (claims if len(claims) == 1 else {})
        return found


def _has_role(name: str, role: str) -> bool:
    parsed = parse_name(name)
    return parsed is not None and parsed.role == role


def _family(name: str) -> tuple[str, str] | None:
    parsed = parse_name(name)
    return parsed.family if parsed else None


def _found(selection: Selection) -> str:
    return f"only {', '.join(selection.lists)}" if selection.lists else "no list at all"


DNANET = ListedFolders("dnanet", style=ListStyle("50_50", "train", "img_idx"))
SIRST = ListedFolders(
    "sirst",
    "_pixels0.png",
    mask_suffix="_pixels0",
    style=ListStyle("idx_427", "trainval", "img_idx"),
)
IRSTD1K = ListedFolders(
    "irstd1k",
    images="IRSTD1k_Img",
    masks="IRSTD1k_Label",
    style=ListStyle("", "trainval"),
)
GROKCV = SplitFolders("grokcv")

"""What lists are called in the output: as in the source, except where a layout would not find them.

Lists of one folder and rest (``idx_427/train``, ``idx_427/test``) are a family, and keep together.
"""

from __future__ import annotations

from dataclasses import dataclass

from sirst5k.datasets.export.selection import Selection
from sirst5k.datasets.splits import parse_name


@dataclass(frozen=True, slots=True)
class ListStyle:
    """Where a layout keeps its lists.

    Attributes
    ----------
    home : str
        The folder of its own lists; empty for the root.
    learn : str
        What scripts call the list to learn from, ``train`` or ``trainval``, if they insist.
    avoided : str
        A folder whose lists mark another layout.
    """

    home: str = ""
    learn: str = ""
    avoided: str = ""

    def fits(self, folder: str, rest: str) -> bool:
        """Return whether the layout's users find lists of a folder and rest where they are."""
        if rest:
            return False
        return folder not in ("", self.avoided) if self.home else not folder


def name_lists(selection: Selection, style: ListStyle) -> tuple[dict[str, str], dict[str, str]]:
    """Name the lists of a selection for a layout.

    Returns
    -------
    names : dict of str to str
        Name in the source to name in the output.
    unread : dict of str to str
        Lists that are written, but that nobody takes for a split there, with the reason.
    """
    names: dict[str, str] = {}
    unread: dict[str, str] = {}
    others = {name for name in selection.lists if _family(name) != selection.primary}
    for name in selection.lists:
        parsed = parse_name(name)
        if parsed is None:
            unread[name] = "its name begins with none of train, val, trainval and test"
        if parsed is None or name in others:
            names[name] = name
            continue
        folder, rest = parsed.family
        if not style.fits(folder, rest):
            folder, rest = _free_home(style.home, others), ""
        role = _role(parsed.role, folder, selection, style)
        names[name] = f"{folder}/{role}{rest}" if folder else f"{role}{rest}"
    return names, unread


def _family(name: str) -> tuple[str, str] | None:
    parsed = parse_name(name)
    return parsed.family if parsed else None


def _free_home(home: str, others: set[str]) -> str:
    """Return the home, or a folder called after it if other lists live there already."""
    taken = {family[0] for name in others if (family := _family(name)) and not family[1]}
    folder, number = home, 2
    while folder in taken:
        folder, number = f"{home or 'lists'}_{number}", number + 1
    return folder


def _role(role: str, folder: str, selection: Selection, style: ListStyle) -> str:
    """Return the role under the name that scripts look for, where the family lacks that one."""
    members = [parse_name(name) for name in selection.lists if _family(name) == selection.primary]
    roles = {found.role for found in members if found is not None}
    if folder != style.home and style.learn != "train":
        return role
    if style.learn == "train" and role == "trainval" and "train" not in roles:
        return "train"
    if style.learn == "trainval" and role == "train" and not roles & {"trainval", "val"}:
        return "trainval"
    return role

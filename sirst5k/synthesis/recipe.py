"""A recipe: what is wished for, as a small document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from sirst5k.errors import OutputError, RecipeError, suggest
from sirst5k.imaging import read_regular
from sirst5k.plain_yaml import YamlError, format_yaml, parse_yaml
from sirst5k.synthesis.custom import make_operation
from sirst5k.synthesis.document import from_document, shown, to_document
from sirst5k.synthesis.parameters import (
    AdaptiveNegatives,
    AdaptiveSampling,
    ClutterDecoys,
    Displacement,
    MatchedPaste,
    MixupDisplacement,
    Negatives,
    PatchNegatives,
    PublishedSampling,
    ResidualDisplacement,
    Sampling,
)

VERSION = 1
MAX_SIDE = 16384
MAX_BYTES = 1_000_000

# Section -> its methods by name. The first is the one that `--set` starts from where a
# recipe leaves the section out.
SECTIONS: dict[str, dict[str, type]] = {
    "displacement": {"residual": ResidualDisplacement, "mixup": MixupDisplacement},
    "negatives": {"adaptive": AdaptiveNegatives, "patch": PatchNegatives},
    "paste": {"matched": MatchedPaste},
    "decoys": {"clutter": ClutterDecoys},
    "sampling": {"adaptive": AdaptiveSampling, "published": PublishedSampling},
}


@dataclass(frozen=True)
class Recipe:
    """How variants are made of a sample.

    Attributes
    ----------
    name : str
        What to call the recipe.
    size : int, optional
        Side in pixels to which every image is brought first; None keeps its size.
    originals : bool
        Whether the untouched original stands beside its variants.
    variants : int
        How often each combination of the operations' choices is drawn.
    displacement : MixupDisplacement or ResidualDisplacement, optional
        How noise is put in; None leaves it out.
    negatives : PatchNegatives or AdaptiveNegatives, optional
        How targets are turned; None leaves them.
    paste : MatchedPaste, optional
        How targets are pasted elsewhere in their image; None leaves it out.
    decoys : ClutterDecoys, optional
        Which clutter is added; None leaves it out.
    sampling : PublishedSampling or AdaptiveSampling
        Where the noise comes from if no bank is given.
    custom : mapping of str to mapping
        Operations of other packages by name, with their parameters, in this order; see
        `sirst5k.synthesis.custom`.
    version : int
        Version of the document's form.

    Examples
    --------
    >>> recipe = Recipe.load("reference")
    >>> recipe.displacement.weights
    (0.1,)
    >>> recipe.override(["negatives.patch_sizes=[3,32]"]).negatives.patch_sizes
    (3, 32)
    """

    name: str = "custom"
    size: int | None = None
    originals: bool = True
    variants: int = 8
    displacement: Displacement | None = None
    negatives: Negatives | None = None
    paste: MatchedPaste | None = None
    decoys: ClutterDecoys | None = None
    sampling: Sampling = field(default_factory=AdaptiveSampling)
    custom: dict[str, Any] = field(default_factory=dict, hash=False)
    version: int = VERSION

    def __post_init__(self) -> None:
        if self.version != VERSION:
            raise RecipeError(
                f"version: this sirst5k reads recipes of version {VERSION}, got {self.version}."
            )
        if self.size is not None and not 8 <= self.size <= MAX_SIDE:
            raise RecipeError(f"size: expected null or 8 to {MAX_SIDE} pixels, got {self.size}.")
        if any("\ud800" <= sign <= "\udfff" for sign in self.name):
            raise RecipeError(f"name: expected text, got half a character: {self.name[:60]!a}.")
        if self.variants < 1:
            raise RecipeError(f"variants: expected at least 1, got {self.variants}.")
        for name, parameters in self.custom.items():
            if not isinstance(parameters, Mapping):
                raise RecipeError(
                    f"custom.{shown(name, str)}: expected a mapping of keys to values, got "
                    f"{shown(parameters)}."
                )
            make_operation(shown(name, str), parameters)

    @property
    def needs_noise(self) -> bool:
        """Whether a noise bank is needed."""
        return self.displacement is not None

    @classmethod
    def load(cls, name_or_file: str | Path) -> Recipe:
        """Read a recipe that comes with the package, or a YAML file.

        Raises
        ------
        RecipeError
            If there is no such recipe, or it has an unknown key or a value out of range.
        """
        known = built_in_recipes()
        if str(name_or_file) in known:
            text = files("sirst5k.synthesis").joinpath(f"recipes/{name_or_file}.yaml").read_text()
            return cls.from_text(text, str(name_or_file))
        path = Path(name_or_file)
        if not path.is_file():
            raise RecipeError(
                f"No recipe {str(name_or_file)!r}: neither a file nor one that comes with "
                f"sirst5k.{suggest(str(name_or_file), known)}"
            )
        try:
            text = read_regular(path, MAX_BYTES).decode("utf-8")
        except OSError as error:
            raise RecipeError(f"Cannot read the recipe {path}: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise RecipeError(
                f"Cannot read the recipe {path}: {error}. Save it as UTF-8."
            ) from error
        return cls.from_text(text, str(path))

    @classmethod
    def from_text(cls, text: str, where: str = "recipe") -> Recipe:
        """Parse a YAML document; `where` names it in messages."""
        try:
            document = parse_yaml(text)
        except YamlError as error:
            raise RecipeError(f"{where} is not valid YAML: {error}") from error
        try:
            return cls.from_dict(document)
        except RecipeError as error:
            raise RecipeError(f"{where}: {error}") from error

    @classmethod
    def from_dict(cls, document: object) -> Recipe:
        """Build a recipe from plain values, as YAML gives them."""
        if not isinstance(document, Mapping):
            raise RecipeError(f"Expected a mapping of keys to values, got {shown(document)}.")
        recipe: Recipe = from_document(cls, document, SECTIONS)
        return recipe

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `from_dict` turns into the same recipe."""
        document = to_document(self, SECTIONS)
        if not self.custom:
            del document["custom"]  # recipes from before there were any stay what they are
        return document

    def to_text(self) -> str:
        """Return the recipe as a YAML document."""
        return format_yaml(self.to_dict())

    def save(self, path: str | Path) -> None:
        """Write the recipe to a YAML file."""
        try:
            Path(path).write_text(self.to_text(), encoding="utf-8")
        except OSError as error:
            raise OutputError(f"Cannot write the recipe {path}: {error.strerror}.") from error

    def override(self, assignments: Iterable[str]) -> Recipe:
        """Return the recipe with some values set, as ``--set`` does.

        Parameters
        ----------
        assignments : iterable of str
            ``dotted.key=value`` with a YAML value. A whole section can be given
            (``displacement=null``); setting a section's ``method`` to another one starts
            from that one's defaults.
        """
        document = self.to_dict()
        # Methods first: their keys decide which others exist.
        ordered = sorted(assignments, key=lambda item: ".method=" not in item)
        for assignment in ordered:
            key, equals, text = assignment.partition("=")
            if not equals:
                raise RecipeError(f"--set {assignment}: expected KEY=VALUE.")
            try:
                value = parse_yaml(text)
            except YamlError as error:
                raise RecipeError(f"--set {assignment}: {text!r} is no YAML value.") from error
            _assign(document, key.strip(), value)
        return Recipe.from_dict(document)


def _assign(document: dict[str, Any], key: str, value: object) -> None:
    section, dot, rest = key.partition(".")
    known = [item.name for item in fields(Recipe)]
    if section not in known:
        raise RecipeError(f"unknown key {section!r}.{suggest(section, known)}")
    if not dot:
        document[section] = value
        return
    if section == "custom":
        _assign_custom(document, rest, value)
        return
    if section not in SECTIONS or "." in rest:
        raise RecipeError(f"unknown key {key!r}: {section!r} has no keys of that depth.")
    present = document.get(section)
    if rest == "method" and (present is None or present.get("method") != value):
        document[section] = {"method": value}
        return
    if present is None:
        present = {"method": next(iter(SECTIONS[section]))}
    document[section] = {**present, rest: value}


def _assign_custom(document: dict[str, Any], key: str, value: object) -> None:
    """Set all parameters of an operation of another package (``name``), or one (``name.key``)."""
    name, dot, parameter = key.partition(".")
    if "." in parameter:
        raise RecipeError(f"unknown key 'custom.{key}': the parameters of {name!r} are values.")
    operations = dict(document.get("custom", {}))
    operations[name] = {**operations.get(name, {}), parameter: value} if dot else value
    document["custom"] = operations


def built_in_recipes() -> tuple[str, ...]:
    """Return the names of the recipes that come with the package."""
    folder = files("sirst5k.synthesis").joinpath("recipes")
    names = (Path(entry.name) for entry in folder.iterdir())
    return tuple(sorted(path.stem for path in names if path.suffix == ".yaml"))

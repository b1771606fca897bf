"""What is installed here, what is missing for what, and which devices there are."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from sirst5k._version import __version__
from sirst5k.errors import Sirst5kError

# What each extra is installed for; extras for working on sirst5k itself are left out.
PURPOSES: Mapping[str, str] = {
    "": "synthesis, transforms on arrays, scores",
    "train": "networks, training, comparison, plots",
    "data": "downloading public datasets",
    "albumentations": "albumentations pipelines",
    "torchvision": "torchvision pipelines",
    "kornia": "the yardstick of benchmarks/transforms.py",
    "fast": "batches of transforms on a processor, twice as fast",
    "export": "ONNX files",
    "cluster": "synthesis on a Dask cluster",
}
# Where the name to import is not the name to install.
_MODULES = {
    "opencv-python-headless": "cv2",
    "pyyaml": "yaml",
    "scikit-image": "skimage",
    "zlib-ng": "zlib_ng",
}
_VARIABLES = ("SIRST5K_CACHE", "SIRST5K_MAX_PIXELS", "SIRST5K_FOLLOW_LINKS", "OMP_NUM_THREADS")
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[\w,-]+\])?\s*([^;]*)(?:;(.*))?")
_EXTRA = re.compile(r"extra == ['\"]([\w-]+)['\"]")
_BOUND = re.compile(r"(>=|<)\s*([\d.]+)")


@dataclass(frozen=True, slots=True)
class Package:
    """One dependency.

    Attributes
    ----------
    name : str
        As it is installed.
    extra : str
        Which extra of sirst5k asks for it; empty for what everything needs.
    asked : str
        The versions that will do, as ``>=2.4``; empty for any.
    found : str, optional
        The version that is here.
    problem : str
        Why the one that is here cannot be used; empty if it can, or if there is none.
    """

    name: str
    extra: str
    asked: str
    found: str | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """What `examine` found.

    Attributes
    ----------
    sirst5k, python, platform : str
        Versions.
    cores : int
        Processors of this machine.
    packages : tuple of Package
    devices : tuple of str
        What torch can compute on: ``cpu (2 threads)``, ``cuda:0 NAME, 79 GiB``; empty without
        torch.
    variables : mapping of str to str
        Environment variables that are set and change what sirst5k does.
    """

    sirst5k: str
    python: str
    platform: str
    cores: int
    packages: tuple[Package, ...]
    devices: tuple[str, ...]
    variables: Mapping[str, str]

    @property
    def problems(self) -> list[str]:
        """One sentence for each package that stands in the way; absent extras do not."""
        sentences = []
        for package in self.packages:
            if package.problem:
                sentences.append(f"{package.name}: {package.problem}")
            elif package.found is None and not package.extra:
                sentences.append(f"{package.name} is not installed. pip install sirst5k")
        return sentences

    @property
    def missing(self) -> dict[str, list[str]]:
        """The packages that are absent, by the extra that would install them."""
        absent: dict[str, list[str]] = {}
        for package in self.packages:
            if package.found is None and package.extra:
                absent.setdefault(package.extra, []).append(package.name)
        return absent

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, problems and missing packages included."""
        return {**asdict(self), "problems": self.problems, "missing": self.missing}


def examine() -> Examination:
    """Look at this installation. Every package that is here is imported, which takes seconds.

    Raises
    ------
    Sirst5kError
        If sirst5k itself was not installed, so that nothing says what it needs.
    """
    packages = tuple(_look(*wanted) for wanted in _wanted())
    usable = {package.name for package in packages if package.found and not package.problem}
    return Examination(
        sirst5k=__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        cores=os.cpu_count() or 1,
        packages=packages,
        devices=tuple(_devices()) if "torch" in usable else (),
        variables={name: os.environ[name] for name in _VARIABLES if name in os.environ},
    )


def _wanted() -> Iterator[tuple[str, str, str]]:
    """Yield name, extra and versions of what sirst5k's own metadata asks for."""
    try:
        lines = requires("sirst5k") or []
    except PackageNotFoundError as error:
        raise Sirst5kError(
            "Expected sirst5k to be installed, but only its source is here. Install it: "
            "pip install ."
        ) from error
    for line in lines:
        parts = _REQUIREMENT.fullmatch(line)
        if parts is None:
            continue
        name, asked, marker = parts[1].lower(), parts[2].strip(), parts[3] or ""
        extra = _EXTRA.search(marker)
        if (extra[1] if extra else "") in PURPOSES:
            yield name, extra[1] if extra else "", asked


def _look(name: str, extra: str, asked: str) -> Package:
    try:
        found = version(name)
    except PackageNotFoundError:
        return Package(name, extra, asked, None)
    if not fits(found, asked):
        problem = f"{found} is installed, {asked} is needed. pip install '{name}{asked}'"
        return Package(name, extra, asked, found, problem)
    try:
        import_module(_MODULES.get(name, name.replace("-", "_")))
    except Exception as error:  # whatever a broken package raises, that is the finding
        problem = f"{found} is installed but cannot be imported ({error}). Install it again"
        return Package(name, extra, asked, found, problem)
    return Package(name, extra, asked, found)


def fits(found: str, asked: str) -> bool:
    """Tell whether a version is within bounds like ``>=2.0.8,<2.1``.

    Only the numbers of a release count: ``2.13.0+cpu`` is 2.13.0, and so is ``2.13.0rc1``.

    Examples
    --------
    >>> fits("2.13.0+cpu", ">=2.4"), fits("2.1.0", ">=2.0.8,<2.1")
    (True, False)
    """
    have = _numbers(found)
    for sign, bound in _BOUND.findall(asked):
        limit = _numbers(bound)
        width = max(len(have), len(limit))
        left, right = (part + (0,) * (width - len(part)) for part in (have, limit))
        if (left < right) if sign == ">=" else (left >= right):
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    release = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in release[0].split(".")) if release else ()


def _devices() -> Iterator[str]:
    torch = import_module("torch")
    yield f"cpu ({torch.get_num_threads()} threads)"
    for index in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(index)
        yield f"cuda:{index} {about.name}, {about.total_memory / 2**30:.0f} GiB"

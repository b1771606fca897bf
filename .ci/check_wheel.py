"""Build sdist and wheel, compare them with the source tree, and run what they install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
TOP_FILES = (
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "MANIFEST.in",
    "README.md",
    "pyproject.toml",
)
SHIPPED = {".py", ".yaml", ".typed", ".j2", ".css", ".js"}


def expected() -> set[str]:
    """Return every source file that an installation must hold, by its installed path."""
    files = set()
    for folder, package in (("sirst5k", "sirst5k"), ("cli", "sirst5k_cli")):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in SHIPPED:
                files.add(f"{package}/{path.relative_to(ROOT / folder).as_posix()}")
    return files


def build(folder: Path) -> tuple[Path, Path]:
    """Build the sdist from a copy that holds no earlier build, and the wheel from the sdist."""
    copy = folder / "source"
    junk = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info", "build", "dist", "_build")
    shutil.copytree(ROOT, copy, ignore=junk)
    subprocess.run([*PIP, "install", "--target", folder / "tools", "build"], check=True)
    words = [sys.executable, "-m", "build", "--sdist", "--outdir", folder, copy]
    environment = {**os.environ, "PYTHONPATH": str(folder / "tools")}
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)
    (sdist,) = folder.glob("*.tar.gz")
    subprocess.run([*PIP, "wheel", "--no-deps", "--wheel-dir", folder, sdist], check=True)
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


def check_sdist(sdist: Path) -> None:
    """Refuse a source distribution that holds tests, data, or anything else not installed."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tops = {name.partition("/")[0] for name in names if name}
    foreign = tops - {"sirst5k", "cli", "sirst5k.egg-info", "PKG-INFO", "setup.cfg", *TOP_FILES}
    if foreign:
        sys.exit(f"sdist should not hold {sorted(foreign)}")
    if missing := set(TOP_FILES) - tops:
        sys.exit(f"sdist lacks {sorted(missing)}")


def check(wheel: Path) -> None:
    """Compare a wheel's files with the source tree."""
    names = set(zipfile.ZipFile(wheel).namelist())
    packed = {name for name in names if ".dist-info/" not in name}
    missing, foreign = expected() - packed, packed - expected()
    if missing or foreign:
        sys.exit(f"wheel lacks {sorted(missing)} and should not hold {sorted(foreign)}")
    if not any(name.endswith("licenses/LICENSE") for name in names):
        sys.exit("wheel holds no licence")


def try_out(wheel: Path, folder: Path) -> None:
    """Install a wheel beside the environment's dependencies and write a dataset with it."""
    site = folder / "site"
    subprocess.run([*PIP, "install", "--no-deps", "--target", site, wheel], check=True)
    # Inserted first, so that the wheel wins over this environment's editable install.
    program = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "import sirst5k, sirst5k_cli\n"
        f"assert sirst5k.__file__.startswith({str(site)!r}), sirst5k.__file__\n"
        f"assert sirst5k_cli.__file__.startswith({str(site)!r}), sirst5k_cli.__file__\n"
        "sys.argv = ['sirst5k', 'synth', 'demo:n=2', 'out', '--quiet']\n"
        "sirst5k_cli.main()\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
    if not (folder / "out" / "dataset.json").is_file():
        sys.exit("the installed command wrote no dataset")


def main() -> None:
    """Run both checks in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sdist, wheel = build(folder)
        check_sdist(sdist)
        check(wheel)
        try_out(wheel, folder)
        print(f"{wheel.name}: {len(expected())} files, as in the source tree")


if __name__ == "__main__":
    main()

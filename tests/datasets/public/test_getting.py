from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from tiny import make_scene, write, write_list

sys.path.insert(0, str(Path(__file__).parent))
from serving import Served, serving

from sirst5k import open_dataset
from sirst5k.datasets.layouts import LAYOUTS
from sirst5k.datasets.public import CATALOGUE, PublicDataset, get_dataset
from sirst5k.errors import DatasetError, OutputError, ParameterError
from sirst5k_cli.main import cli

ENTRY = PublicDataset(
    "tiny", "Tiny", "images", 3, "three", "nobody", "nowhere", "none", "dnanet", steps=("Ask.",)
)
needs_pooch = pytest.mark.skipif(
    importlib.util.find_spec("pooch") is None, reason="needs the extra data"
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset, two folders deep in a zip file, as the field's archives are."""
    folder = tmp_path_factory.mktemp("archive")
    rng = np.random.default_rng(0)
    for number in range(3):
        image, mask = make_scene(rng, (40, 50))
        write(folder / f"set/images/{number}.png", image)
        write(folder / f"set/masks/{number}.png", mask.astype(np.uint8) * 255)
    write_list(folder / "set/50_50/train.txt", ["0", "1"])
    write_list(folder / "set/50_50/test.txt", ["2"])
    with zipfile.ZipFile(folder / "set.zip", "w") as packed:
        for path in sorted((folder / "set").rglob("*.*")):
            packed.write(path, f"outer/set-main/{path.relative_to(folder / 'set')}")
        packed.writestr("outer/README.md", "hello")
    return folder / "set.zip"


def test_an_archive_from_a_browser_becomes_a_dataset(archive: Path, tmp_path: Path) -> None:
    report = get_dataset("tiny", tmp_path / "out", archive, catalogue={"tiny": ENTRY})
    assert (report.samples, report.layout, report.notes) == (3, "dnanet", ())
    assert open_dataset(tmp_path / "out", "test").ids == ("2",)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_differs_from_the_home_page_is_told(archive: Path, tmp_path: Path) -> None:
    other = replace(ENTRY, samples=4000, layout="sirst-v1")
    notes = get_dataset("tiny", tmp_path / "out", archive, catalogue={"tiny": other}).notes
    assert notes == (
        "its home page says 4,000, the archive holds 3",
        "the layout is dnanet, not sirst-v1",
    )


def test_what_cannot_be_downloaded_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"in a browser.*get irstd-1k OUT --from FILE"):
        get_dataset("irstd-1k", tmp_path / "out")
    with pytest.raises(ParameterError, match="Did you mean 'irstd-1k'"):
        get_dataset("irstd1k", tmp_path / "out")


def test_nothing_is_overwritten_and_nothing_left_behind(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="Name another"):
        get_dataset("tiny", tmp_path / "out", archive, catalogue={"tiny": ENTRY})
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as packed:
        packed.writestr("a/b/readme.txt", "no dataset")
    with pytest.raises(DatasetError, match="none of its folders opens"):
        get_dataset("tiny", tmp_path / "new", tmp_path / "empty.zip", catalogue={"tiny": ENTRY})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.zip", "out"]


@needs_pooch
def test_a_download_is_kept_and_not_repeated(archive: Path, tmp_path: Path) -> None:
    content = archive.read_bytes()
    with serving(Served(content)) as served:
        entry = replace(ENTRY, url=served.url, sha256=hashlib.sha256(content).hexdigest())
        seen: list[int] = []
        for name in ("one", "two"):
            get_dataset(
                "tiny",
                tmp_path / name,
                cache=tmp_path / "cache",
                catalogue={"tiny": entry},
                progress=lambda have, whole: seen.append,
            )
    assert sum(seen) == len(content)
    assert served.ranges == [None]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["tiny.zip"]


@needs_pooch
def test_a_broken_download_goes_on_where_it_stopped(archive: Path, tmp_path: Path) -> None:
    content = archive.read_bytes()
    with serving(Served(content, cut_after=200)) as served:
        entry = replace(ENTRY, url=served.url, sha256=hashlib.sha256(content).hexdigest())
        arguments = {"cache": tmp_path / "cache", "catalogue": {"tiny": entry}}
        with pytest.raises(DatasetError, match="Run the same command again to go on"):
            get_dataset("tiny", tmp_path / "out", **arguments)
        assert not (tmp_path / "out").exists()
        get_dataset("tiny", tmp_path / "out", **arguments)
    assert served.ranges == [None, "bytes=200-"]
    assert len(open_dataset(tmp_path / "out")) == 3


@needs_pooch
def test_what_changed_meanwhile_is_not_stitched_together(archive: Path, tmp_path: Path) -> None:
    content = archive.read_bytes()
    with serving(Served(b"x" * len(content), cut_after=200)) as served:
        arguments = {
            "cache": tmp_path / "cache",
            "catalogue": {"tiny": replace(ENTRY, url=served.url)},
        }
        with pytest.raises(DatasetError):
            get_dataset("tiny", tmp_path / "out", **arguments)
        served.content, served.tag = content, '"two"'
        get_dataset("tiny", tmp_path / "out", **arguments)
    assert len(open_dataset(tmp_path / "out")) == 3


@needs_pooch
def test_a_part_that_is_longer_than_the_file_is_given_up(archive: Path, tmp_path: Path) -> None:
    content = archive.read_bytes()
    with serving(Served(content, cut_after=200)) as served:
        arguments = {
            "cache": tmp_path / "cache",
            "catalogue": {"tiny": replace(ENTRY, url=served.url)},
        }
        with pytest.raises(DatasetError):
            get_dataset("tiny", tmp_path / "out", **arguments)
        with (tmp_path / "cache/tiny.zip.part").open("ab") as part:
            part.write(bytes(len(content)))
        with pytest.raises(DatasetError, match="Run the same command again"):
            get_dataset("tiny", tmp_path / "out", **arguments)
        get_dataset("tiny", tmp_path / "out", **arguments)


@needs_pooch
def test_another_hash_is_refused_and_the_file_removed(archive: Path, tmp_path: Path) -> None:
    with serving(Served(archive.read_bytes())) as served:
        entry = replace(ENTRY, url=served.url, sha256="0" * 64)
        with pytest.raises(DatasetError, match="to have the sha256 0000.* another"):
            get_dataset(
                "tiny", tmp_path / "out", cache=tmp_path / "cache", catalogue={"tiny": entry}
            )
    assert list((tmp_path / "cache").iterdir()) == []
    assert not (tmp_path / "out").exists()


@needs_pooch
@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refusal_of_the_server_is_told(status: int, tmp_path: Path) -> None:
    with serving(Served(b"", status=status)) as served:
        entry = replace(ENTRY, url=served.url)
        with pytest.raises(DatasetError, match=f"answered {status} .*--from FILE"):
            get_dataset(
                "tiny", tmp_path / "out", cache=tmp_path / "cache", catalogue={"tiny": entry}
            )


@needs_pooch
def test_no_server_is_told(tmp_path: Path) -> None:
    with serving(Served(b"")) as served:
        pass
    with pytest.raises(DatasetError, match="the connection failed"):
        get_dataset(
            "tiny",
            tmp_path / "out",
            cache=tmp_path / "cache",
            catalogue={"tiny": replace(ENTRY, url=served.url)},
        )


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_entry_says_what_a_user_must_know(name: str) -> None:
    entry = CATALOGUE[name]
    assert entry.name == name
    assert entry.home.startswith("https://")
    assert entry.licence
    assert entry.url.startswith("https://") or entry.steps
    if entry.kind == "images":
        assert entry.layout in LAYOUTS


def test_an_entry_without_a_way_to_get_it_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="neither an address nor steps"):
        replace(ENTRY, steps=())


def test_the_commands(archive: Path, tmp_path: Path) -> None:
    listed = CliRunner().invoke(cli, ["datasets", "list"], catch_exceptions=False)
    assert "https://github.com/YimianDai/sirst" in listed.output
    one = CliRunner().invoke(cli, ["datasets", "list", "irstd-1k", "--json"])
    assert [entry["name"] for entry in json.loads(one.output)] == ["irstd-1k"]
    words = ["datasets", "get", "nudt-sirst", str(tmp_path / "out"), "--from", str(archive)]
    got = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert f"{tmp_path / 'out'}: 3 samples, dnanet layout" in got.output
    assert "its home page says 1,327, the archive holds 3" in got.output

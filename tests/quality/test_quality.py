from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from tiny import make_scene, write, write_list

from sirst5k import open_dataset
from sirst5k.errors import DatasetError, ParameterError
from sirst5k.quality import compare_quality, measure_quality, nearest_neighbours
from sirst5k.quality.comparing import distribution_distance
from sirst5k.quality.measuring import MEASURES, names_of
from sirst5k.quality.neighbours import thumbnail
from sirst5k_cli.main import cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten images, of which one test image is a training image, mirrored and brighter."""
    root = tmp_path_factory.mktemp("set")
    rng = np.random.default_rng(3)
    scenes = []
    for _ in range(10):
        image, mask = make_scene(rng, (120, 160))
        coarse = rng.normal(0, 20, (3, 4)).repeat(40, 0).repeat(40, 1)  # quiet windows in it
        scenes.append((np.clip(image + coarse, 0, 200).astype(np.uint8), mask))
    scenes[9] = scenes[0][0][:, ::-1] + np.uint8(20), scenes[0][1][:, ::-1]
    for number, (image, mask) in enumerate(scenes):
        write(root / f"images/{number}.png", image)
        write(root / f"masks/{number}.png", mask.astype(np.uint8) * 255)
    write_list(root / "50_50/train.txt", [str(number) for number in range(6)])
    write_list(root / "50_50/test.txt", [str(number) for number in range(6, 10)])
    return root


@pytest.fixture(scope="module")
def made(folder: Path) -> Path:
    out = folder.with_name("made")
    words = ["synth", str(folder), str(out), "--split", "train", "-j", "1"]
    words += ["--set", "variants=3", "--set", "sampling.max_variance=200"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return out


def test_every_image_and_target_is_measured_the_same_by_any_number_of_workers(folder) -> None:
    dataset = open_dataset(folder)
    one, two = (measure_quality(dataset, jobs=jobs) for jobs in (1, 2))
    targets = sum(len(one.values[name]) for name in ("area",))
    assert targets >= 10
    for name, measure in MEASURES.items():
        if measure.of == "variant":
            assert name not in one.values
            continue
        np.testing.assert_array_equal(one.values[name], two.values[name])
        assert len(one.values[name]) == (10 if measure.of == "image" else targets)
    np.testing.assert_array_equal(one.spectrum, two.spectrum)


def test_variants_are_compared_with_their_sources_and_originals_are_not(
    folder: Path, made: Path
) -> None:
    source, variants = open_dataset(folder), open_dataset(made, "train")
    quality = measure_quality(variants, source)
    assert len(quality.values["psnr"]) == 18  # of six images, three each; originals left out
    assert (quality.values["psnr"] > 15).all()
    assert np.median(quality.values["ssim"]) > 0.5
    with pytest.raises(DatasetError, match="recorded as made of one"):
        measure_quality(source, variants)


def test_two_datasets_differ_where_they_were_made_to(folder: Path, made: Path) -> None:
    source = measure_quality(open_dataset(folder))
    assert compare_quality(source, source).distances == dict.fromkeys(source.values, 0)
    assert compare_quality(source, source).spectrum_db == 0
    difference = compare_quality(source, measure_quality(open_dataset(made, "train")))
    assert difference.distances["noise"] > difference.distances["area"]
    assert difference.spectrum_db > 0


def test_a_disguised_training_image_is_found(folder: Path) -> None:
    dataset = open_dataset(folder)
    found = nearest_neighbours(dataset.of_split("test"), dataset.of_split("train"))
    assert (found[0].id, found[0].nearest) == ("9", "0")
    assert found[0].near_duplicate
    assert [neighbour.near_duplicate for neighbour in found[1:]] == [False] * 3
    assert [n.correlation for n in found] == sorted((n.correlation for n in found), reverse=True)


def test_flat_images_are_nobodys_neighbour() -> None:
    assert not thumbnail(np.full((40, 40), 9, np.uint16)).any()


def test_distributions_without_overlap_are_one_apart() -> None:
    assert distribution_distance(np.array([1.0, 2]), np.array([3.0, 4, 5])) == 1
    assert distribution_distance(np.arange(9.0), np.arange(9.0)) == 0


def test_images_too_small_for_a_spectrum_are_told(tmp_path: Path) -> None:
    image, mask = make_scene(np.random.default_rng(0), (40, 40))
    write(tmp_path / "images/1.png", image)
    write(tmp_path / "masks/1.png", mask.astype(np.uint8) * 255)
    with pytest.raises(ParameterError, match="at least 64×64"):
        measure_quality(open_dataset(tmp_path))


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs) -> None:
        self.elements.append((tag, dict(attrs)))


def test_the_command_prints_a_table_and_writes_a_page_that_needs_nothing(
    folder: Path, made: Path, tmp_path: Path
) -> None:
    pytest.importorskip("jinja2")
    page = tmp_path / "quality.html"
    words = ["inspect", str(folder), str(made), "--quality", "--page", str(page), "-j", "1"]
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "1 of 4 test images have a near-duplicate in training\n    9 ~ 0" in done.output
    assert "PSNR against the source, dB" in done.output
    text = page.read_text(encoding="utf-8")
    elements = Page(text).elements
    charts = [a for tag, a in elements if tag == "svg" and a.get("role") == "img"]
    assert len(charts) == len(MEASURES) + 1
    assert all(chart["aria-label"] for chart in charts)
    pictures = [a for tag, a in elements if tag == "img"]
    assert len(pictures) == 8
    assert all(p["alt"] and (p["src"] or "").startswith("data:image/png") for p in pictures)
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", text)


def test_the_command_for_programs(folder: Path) -> None:
    done = CliRunner().invoke(cli, ["inspect", str(folder), "--quality", "--json", "-j", "1"])
    document = json.loads(done.output)
    assert document["difference"] is None
    assert document["near_duplicates"][0]["id"] == "9"
    (only,) = document["datasets"]
    assert only["images"] == 10
    assert set(only["measures"]["noise"]) == {"0.05", "0.25", "0.5", "0.75", "0.95"}


def test_a_second_dataset_without_quality_is_a_mistake(folder: Path) -> None:
    done = CliRunner().invoke(cli, ["inspect", str(folder), str(folder)])
    assert done.exit_code == 2
    assert "go with --quality" in done.output


def test_names_keep_their_order(folder: Path) -> None:
    quality = measure_quality(open_dataset(folder, "test"))
    assert names_of([quality]) == [n for n, m in MEASURES.items() if m.of != "variant"]

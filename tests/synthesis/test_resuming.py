"""Going on: with more, after an interrupted clearing, over leftovers, past damaged sources."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tiny import make_tiny

from sirst5k import Dataset, Recipe, SyntheticDataset, open_dataset, write_dataset
from sirst5k.errors import OutputError
from sirst5k.synthesis import verify_dataset
from sirst5k.synthesis.state import OutputState

FORMS = {"folder": {}, "shards": {"format": "shards", "shard_size": 4}}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def make(folder: Path, seed: int = 0, on_error: str = "stop") -> tuple[SyntheticDataset, Dataset]:
    """Return (synthetic, test) of a tiny dataset, made on the first call."""
    source = folder / "source" / "dnanet"
    if not source.exists():
        make_tiny(folder / "source", n=6, size=(64, 56))
    recipe = Recipe.load("sirst5k").override(["displacement=null", "variants=3"])
    whole = open_dataset(source, on_error=on_error)
    return SyntheticDataset(whole.of_split("train"), recipe, seed=seed), whole.of_split("test")


@pytest.mark.parametrize("form", FORMS)
def test_a_higher_limit_goes_on_and_a_lower_one_is_refused(tmp_path: Path, form: str) -> None:
    synthetic, test = make(tmp_path)
    options = {"test": test, **FORMS[form]}
    for limit in (7, 10, None):
        write_dataset(synthetic, tmp_path / f"fresh{limit}", limit=limit, **options)
        report = write_dataset(synthetic, tmp_path / "out", limit=limit, **options)
        assert tree(tmp_path / "out") == tree(tmp_path / f"fresh{limit}")
        assert verify_dataset(tmp_path / "out").faults == ()
        if form == "folder":
            assert report.written == {7: 7 + 2, 10: 3 + 2, None: 6 + 2}[limit]
    with pytest.raises(OutputError, match="limit: null there, 10 now"):
        write_dataset(synthetic, tmp_path / "out", limit=10, **options)
    # More than there are is all there are.
    assert write_dataset(synthetic, tmp_path / "out", limit=1000, **options).written == 0


def test_a_raised_limit_that_is_interrupted_goes_on(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    write_dataset(synthetic, tmp_path / "fresh", test=test)
    out = tmp_path / "out"
    write_dataset(synthetic, out, test=test, limit=5)

    def stop_after_two(total: int, done: int):
        left = iter(range(2))

        def advance(step: int) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt

        return advance

    with pytest.raises(KeyboardInterrupt):
        write_dataset(synthetic, out, test=test, started=stop_after_two)
    # It does not look finished: neither the mark nor the lists are there.
    assert not (out / "dataset.json").exists()
    assert not (out / "50_50").exists()
    with pytest.raises(OutputError, match="limit: null there, 5 now"):
        write_dataset(synthetic, out, test=test, limit=5)
    write_dataset(synthetic, out, test=test)
    assert tree(out) == tree(tmp_path / "fresh")


@pytest.mark.parametrize("after", range(1, 8))
def test_an_overwriting_that_is_killed_while_it_clears_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    synthetic, test = make(tmp_path)
    other, _ = make(tmp_path, seed=1)
    write_dataset(other, tmp_path / "fresh", test=test)
    out = tmp_path / "out"
    write_dataset(synthetic, out, test=test)
    removals = iter(range(after))
    remove = OutputState._remove

    def killed(state: OutputState, name: str) -> None:
        if next(removals, None) is None:
            raise KeyboardInterrupt
        remove(state, name)

    with monkeypatch.context() as patched:
        patched.setattr(OutputState, "_remove", killed)
        with pytest.raises(KeyboardInterrupt):
            write_dataset(other, out, test=test, overwrite=True)
    assert not (out / "dataset.json").exists()
    with pytest.raises(OutputError, match="seed: 1 there, 0 now"):
        write_dataset(synthetic, out, test=test)
    write_dataset(other, out, test=test)  # without --overwrite: it is this run's by now
    assert tree(out) == tree(tmp_path / "fresh")


def test_leftovers_of_a_first_start_do_not_make_a_folder_anothers(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    write_dataset(synthetic, tmp_path / "fresh", test=test)
    out = tmp_path / "out"
    (out / "images/sub").mkdir(parents=True)
    shutil.rmtree(out / "images")
    for name in (".unfinished.json~1234.12-34.part", ".sirst5k.lock", ".noise.npz.12.tmp"):
        (out / name).write_bytes(b"half")
    write_dataset(synthetic, out, test=test)
    assert tree(out) == tree(tmp_path / "fresh")


@pytest.mark.parametrize("folder", [".", "images", "images/44", "masks", "50_50", "shards"])
def test_leftovers_are_swept_wherever_they_are(tmp_path: Path, folder: str) -> None:
    synthetic, test = make(tmp_path)
    out = tmp_path / "out"
    write_dataset(synthetic, out, test=test)
    before = tree(out)
    (out / folder).mkdir(exist_ok=True)
    (out / folder / ".x.png~89ab.1-2.part").write_bytes(b"half")
    write_dataset(synthetic, out, test=test)
    assert tree(out) == before


def test_a_dataset_json_of_others_is_not_overwritten(tmp_path: Path) -> None:
    synthetic, _ = make(tmp_path)
    out = tmp_path / "coco"
    (out / "images").mkdir(parents=True)
    (out / "images/a.png").write_bytes(b"precious")
    (out / "dataset.json").write_text('{"name": "mine"}')
    before = tree(out)
    for overwrite in (False, True):
        with pytest.raises(OutputError):
            write_dataset(synthetic, out, overwrite=overwrite)
    assert tree(out) == before


def test_a_folder_that_lost_its_mark_is_replaced_on_request_only(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    out = tmp_path / "out"
    write_dataset(synthetic, out, test=test)
    before = tree(out)
    (out / "dataset.json").unlink()
    with pytest.raises(OutputError, match="does not say any more which run it holds"):
        write_dataset(synthetic, out, test=test)
    write_dataset(synthetic, out, test=test, overwrite=True)
    assert tree(out) == before


def test_lost_lists_noise_and_damaged_lines_are_mended(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    out = tmp_path / "out"
    write_dataset(synthetic, out, test=test)
    before = tree(out)
    (out / "50_50/train.txt").write_text("000001\n")
    lines = (out / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    (out / "manifest.jsonl").write_bytes(b"".join(lines[:9]) + b"?" + b"".join(lines[9:]))
    write_dataset(synthetic, out, test=test)
    assert tree(out) == before


def test_a_source_that_changed_within_its_size_does_not_get_mixed_in(tmp_path: Path) -> None:
    synthetic, test = make(tmp_path)
    out = tmp_path / "out"
    write_dataset(synthetic, out, test=test)
    image, mask = synthetic.dataset.source.files(synthetic.dataset.ids[0])
    other_image, other_mask = synthetic.dataset.source.files(synthetic.dataset.ids[1])
    (out / "images" / f"{synthetic.dataset.ids[0]}_v1.png").unlink()
    fingerprint = synthetic.dataset.fingerprint()
    image.write_bytes(other_image.read_bytes())
    mask.write_bytes(other_mask.read_bytes())
    synthetic, test = make(tmp_path)
    # As if the two files were of one size: the fingerprint alone would not tell.
    synthetic.dataset.fingerprint = lambda: fingerprint
    with pytest.raises(OutputError, match="its source has changed"):
        write_dataset(synthetic, out, test=test)
    assert not (out / "dataset.json").exists()


@pytest.mark.parametrize("form", FORMS)
def test_what_is_left_out_is_counted_and_listed(tmp_path: Path, form: str) -> None:
    synthetic, test = make(tmp_path)
    train = synthetic.dataset
    damaged, _ = train.source.files(train.ids[1])
    damaged.write_bytes(damaged.read_bytes()[:-40])
    _, unpaired = train.source.files(train.ids[2])
    unpaired.unlink()
    _, untestable = test.source.files(test.ids[0])
    untestable.write_bytes(b"no image")
    synthetic, test = make(tmp_path, on_error="skip")
    out = tmp_path / "out"
    report = write_dataset(synthetic, out, test=test, on_error="skip", **FORMS[form])
    lost = {train.ids[1], train.ids[2], test.ids[0]}
    document = json.loads((out / "dataset.json").read_text())
    assert set(document["skipped"]) == set(report.skipped) == lost
    assert all(document["skipped"].values())
    assert document["counts"] == {"train": 2 * 4, "test": 1, "empty_masks": 0, "skipped": 3}
    assert verify_dataset(out).faults == ()
    assert write_dataset(synthetic, out, test=test, on_error="skip", **FORMS[form]).written == 0
    assert len(open_dataset(out, "train")) == 8
    assert open_dataset(out, "test").ids == test.ids[1:]


def test_another_mask_threshold_is_another_run(tmp_path: Path) -> None:
    synthetic, _ = make(tmp_path)
    write_dataset(synthetic, tmp_path / "out")
    source = open_dataset(tmp_path / "source/dnanet", "train", mask_threshold=99)
    other = SyntheticDataset(source, synthetic.recipe)
    with pytest.raises(OutputError, match=r"source\.mask_threshold: null there, 99.* now"):
        write_dataset(other, tmp_path / "out")

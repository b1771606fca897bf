"""`sirst5k evaluate` and `sirst5k predict` on sequences: what is written and said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sirst5k.errors import ParameterError
from sirst5k.imaging import encode_png
from sirst5k_cli.evaluate import command as evaluate
from sirst5k_cli.predict import command as predict

FIXTURE = Path(__file__).resolve().parents[3] / "shared/parity-video/eval-video.seed0.json"
DEMO = "demo:sequences=3,frames=5,size=64,seed=1"


def run(command: Any, *arguments: object) -> Result:
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    folder = tmp_path / "clip"
    folder.mkdir()
    for number in range(4):
        frame = np.full((40, 48), 60, np.uint8)
        frame[20:23, 5 + 4 * number : 8 + 4 * number] = 220
        (folder / f"{number}.png").write_bytes(encode_png(frame))
    return folder


def test_predicted_boxes_are_evaluated_as_the_detector_is(tmp_path: Path) -> None:
    pytest.importorskip("faster_coco_eval")
    out = tmp_path / "out"
    done = run(predict, "tophat", DEMO, out, "--boxes", "--least", "0.1", "--set", "k=5")
    assert "15 frames in 3 sequences by tophat" in done.output
    live = run(evaluate, "--data", DEMO, "--split", "all", "--detector", "tophat", "--set", "k=5")
    saved = run(evaluate, "--data", DEMO, "--split", "all", "--predictions", out)
    assert "AP50" in live.output
    assert live.output.splitlines()[1:12] == saved.output.splitlines()[1:12]


def test_all_profiles_as_json_rows_and_curves(tmp_path: Path) -> None:
    pytest.importorskip("faster_coco_eval")
    done = run(
        evaluate, "--data", DEMO, "--split", "all", "--detector", "tophat", "--profile", "all",
        "--bootstrap", 10, "--per-image", tmp_path / "rows.csv", "--plots", tmp_path / "plots",
        "--threshold", 0.4, "--json",
    )  # fmt: skip
    document = json.loads(done.output)
    assert set(document["profiles"]) == {"corrected", "published", "published_all"}
    assert document["profiles"]["corrected"]["scores"]["confidence"] == 0.4
    assert "ap50" in document["profiles"]["published"]["intervals"]
    assert (tmp_path / "rows.csv").is_file()
    assert (tmp_path / "plots" / "pr_published.txt").is_file()


@pytest.mark.skipif(not FIXTURE.is_file(), reason=f"needs the fixture {FIXTURE}")
def test_published_figures_come_out_of_the_published_files(tmp_path: Path) -> None:
    """Images, labels and results as DAUB's repository has them, through the command line."""
    pytest.importorskip("faster_coco_eval")
    document = json.loads(FIXTURE.read_text())
    labels = document["ground_truth"]
    for annotation in labels["annotations"]:
        del annotation["segmentation"]  # an empty outline
    picture = encode_png(np.zeros((256, 256), np.uint8))
    for image in labels["images"]:
        image["file_name"] = image["file_name"].replace(".bmp", ".png")
        file = tmp_path / "data" / image["file_name"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture)
    truth, found = tmp_path / "data" / "instances_test2017.json", tmp_path / "results.json"
    truth.write_text(json.dumps(labels))
    found.write_text(json.dumps(document["detections"]))
    done = run(
        evaluate, "--data", tmp_path / "data", "--predictions", found, "--images", truth,
        "--profile", "all", "--json",
    )  # fmt: skip
    profiles = json.loads(done.output)["profiles"]
    for profile, key in (("published", "protocol"), ("published_all", "all_images")):
        scores, expected = profiles[profile]["scores"], document["expected"][key]
        pairs = {"ap50": "AP50", "ap": "AP50_95", "recall": "recall50"}
        for name in ("precision", "f1", *pairs):
            value = expected[pairs.get(name, name)]
            assert scores[name] == pytest.approx(value, abs=1e-9), (profile, name)


def test_sequences_as_images_one_by_one(tmp_path: Path) -> None:
    done = run(evaluate, "--data", DEMO, "--split", "all", "--detector", "tophat", "--stills")
    assert "nIoU" in done.output
    done = run(predict, "tophat", DEMO, tmp_path / "out", "--masks", "--stills", "--jobs", 1)
    assert "masks of 15 images" in done.output


def test_tracks_make_a_folder_of_frames_a_video(frames: Path, tmp_path: Path) -> None:
    done = run(predict, "tophat", frames, tmp_path / "out", "--tracks", "--set", "k=4")
    assert "4 frames in 1 sequence by tophat" in done.output
    assert "4 detections above the threshold, 1 track\n" in done.output
    assert (tmp_path / "out" / "tracks" / "clip.txt").read_text().count("\n") == 4
    assert not (tmp_path / "out" / "boxes.txt").exists()


def test_a_network_of_clips_takes_frames_in_order(frames: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    from sirst5k.detectors import create, save_weights

    file = tmp_path / "tiny.safetensors"
    save_weights(create("sstnet", width=0.0625), file, letterbox="64")
    done = run(predict, file, frames, tmp_path / "out", "--movie", "png", "--json")
    assert json.loads(done.output)["frames"] == 4
    settings = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert "size=64" in settings["configuration"]
    assert len(list((tmp_path / "out" / "overlays" / "clip").iterdir())) == 4
    refused = run(evaluate, "--data", "demo:n=4,size=64", "--weights", file)
    assert refused.exit_code == 2
    assert "takes 5 frames in the order of time" in refused.output


@pytest.mark.parametrize(
    ("command", "words", "sentence"),
    [
        (evaluate, ["--data", DEMO, "--detector", "tophat", "--frame", 64], "single images"),
        (evaluate, ["--data", "demo:n=4,size=64", "--detector", "tophat", "--iou", 0.4], "--iou"),
        (predict, ["tophat", DEMO, "out", "--maps"], "one by one"),
        (predict, ["tophat", "demo:n=2,size=64", "out", "--fps", 3], "are for sequences"),
    ],
)
def test_options_that_do_not_fit_are_refused(command: Any, words: list, sentence: str) -> None:
    done = run(command, *words)
    assert done.exit_code == 2
    assert sentence in done.output


def test_size_is_no_option_of_filters() -> None:
    pytest.importorskip("faster_coco_eval")
    done = run(evaluate, "--data", DEMO, "--detector", "tophat", "--size", 64)
    assert done.exit_code == 2
    assert "--size belongs to networks" in done.output
    with pytest.raises(ParameterError, match="profile for boxes"):
        run(evaluate, "--data", DEMO, "--detector", "tophat", "--profile", "dnanet")

"""What train and compare refuse before anything is trained or written: one line each."""

from __future__ import annotations

from pathlib import Path

import pytest
from wrong_calls import refusal

pytest.importorskip("torch")

from sirst5k.comparison import running
from sirst5k.training import fitting

COMPARE = "compare --data demo:n=12,size=48 --steps 3 --out out"
TRAIN = "train --data demo:n=12,size=48 -d unet --out out"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (f"{COMPARE} --also-test nowhere", "there is no 'nowhere'"),
        (f"{COMPARE} --shift 1 --shift-noise nowhere", "No noise at nowhere"),
        (f"{COMPARE} --shift-noise nowhere", "Name them with --shift, or leave --shift-noise"),
        (f"{COMPARE} --shift nan", "finite levels of noise from 0, got nan."),
        (f"{COMPARE} --shift a", "as 0.1,0.5,1, got 'a'."),
        (f"{COMPARE} --arms none,sirst5", "got 'sirst5'. Did you mean 'sirst5k'?"),
        (f"{COMPARE} --arms none,EMPTY", "but EMPTY is empty"),
        (f"{COMPARE} --arm x=sirst5k:negative=null", "Did you mean 'negatives'?"),
        (f"{COMPARE} --arms ,", "expected names with commas between them, got ','."),
        (f"{COMPARE} --detectors ,", "expected names with commas between them, got ','."),
        (f"{COMPARE} --detectors unet,unet", "each detector once, got unet, unet."),
        (f"{COMPARE} --fractions ,", "expected numbers with commas between them"),
        (f"{COMPARE} --profiles dnanett", "Did you mean 'dnanet'?"),
        (f"{COMPARE} --protocol fairr", "Did you mean 'fair'?"),
        (f"{COMPARE} --test nowhere", "no split 'nowhere'"),
        (f"{COMPARE} --epochs 3", "got both: 3 and 3. Leave --epochs out"),
        (f"{COMPARE} --net widths=abc", "DETECTOR.KEY=VALUE, as unet.widths=[8,16,32], got"),
        (f"{COMPARE} --net unet.widths=abc", "a list of whole numbers for widths"),
        (f"{COMPARE} --set optimizer.lr=abc", "optimizer.lr: expected a finite number"),
        (f"{COMPARE} --set lr=1", "unknown key 'lr'. Did you mean 'optimizer.lr'?"),
        (f"{COMPARE} --time-limit 0", "expected a number above 0, got 0.0."),
        (f"{COMPARE} --device cpu --devices 2", "at most 1, got 2: there is no GPU to use."),
        (
            "compare --data demo:n=12,size=32 --detectors unet --arms none,reference --steps 3 "
            "--out out",
            "every image is too small for one. Loosen it with --set sampling.max_variance=… or",
        ),
        (
            "compare --data demo:sequences=4,frames=4,size=32 --detectors sstnet --steps 3 "
            "--arms none,sirst5k --out out",
            "For train and compare, write these values into a recipe file.",
        ),
        (
            "compare --data demo:sequences=4,frames=4,size=48 --detectors sstnet --steps 3 "
            "--arms none --out out --set transform=reference",
            "there are no operations on clips at training time",
        ),
        (
            "compare --data demo:n=12,size=32 --detectors unet --arms none --steps 3 --out out "
            "--set transform=sirst5k",
            "No noise window of 32×32 pixels fits beside the targets",
        ),
        (
            "compare --data demo:sequences=4,frames=4,size=48 --detectors sstnet --arms none "
            "--steps 3 --out out --also-test demo:n=2,size=48",
            "Expected sequences to test on besides (--also-test)",
        ),
        (f"{TRAIN} --steps 3 --epochs 3", "got both: 3 and 3. Leave --epochs out"),
        (f"{TRAIN} --steps 3 --set epochs=3", "said once, got --steps 3 and --set epochs=3."),
        (f"{COMPARE} --set steps=9", "said once, got --steps 3 and --set steps=9."),
        (f"{COMPARE} --arm x=sirst5k:negatives", "expected KEY=VALUE"),
        (f"{COMPARE} --fractions 0,2", "Expected fractions in (0, 1]"),
        (f"{TRAIN} --batch-size 0", "from 1, or auto, got '0'."),
        (f"{TRAIN} --net widths=abc", "as widths=[16,32,64,128,256]; got 'abc'."),
        (f"{TRAIN} --net width=3", "Did you mean 'widths'?"),
        (f"{TRAIN} --net deep_supervision=3", "Expected true or false for deep_supervision"),
        (f"{TRAIN} --precision bf16", "expected one of auto, 32-true, bf16-mixed, 16-mixed"),
        (f"{TRAIN} --transform nowhere", "No recipe 'nowhere'"),
        (f"{TRAIN} --cache there --no-cache", "Expected --cache or --no-cache, got both."),
        ("train --data demo -d tophat --out out", "has nothing to learn"),
        ("train --data demo -d sstnet --out out", "Expected sequences for sstnet"),
    ],
)
def test_nothing_is_trained_and_nothing_written(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: str,
    said: str,
) -> None:
    def reached(*_: object, **__: object) -> None:
        raise AssertionError("the training began")

    monkeypatch.setattr(running, "run_cell", reached)
    monkeypatch.setattr(fitting, "_run", reached)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "EMPTY").mkdir()
    assert said in refusal(monkeypatch, capsys, words)
    assert [path.name for path in tmp_path.iterdir()] == ["EMPTY"]

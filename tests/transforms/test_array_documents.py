"""Transforms as YAML documents, and the banks that they name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transform_scenes import make_bank, make_frame

from sirst5k import NoiseBank
from sirst5k.errors import NoiseError, OutputError, ParameterError
from sirst5k.transforms import (
    Compose,
    NegativeRotation,
    NoiseDisplacement,
    OneOf,
    from_dict,
    from_recipe,
    from_text,
    load,
)


@pytest.fixture
def bank_file(tmp_path: Path) -> Path:
    make_bank().save(tmp_path / "bank.npz")
    return tmp_path / "bank.npz"


def test_a_file_reads_as_a_person_would_write_it(bank_file: Path, tmp_path: Path) -> None:
    rotation = NegativeRotation(symmetries=[0, 1], p=0.4)
    change = Compose([rotation, NoiseDisplacement(bank_file, canvas=2)], seed=7)
    change.save(tmp_path / "change.yaml")
    assert (tmp_path / "change.yaml").read_text() == (
        "version: 1\n"
        "transform: Compose\n"
        "transforms:\n"
        "- transform: NegativeRotation\n"
        "  method: adaptive\n"
        "  symmetries: [0, 1]\n"
        "  margin: 3\n"
        "  margin_ratio: 0.5\n"
        "  seam: feather\n"
        "  p: 0.4\n"
        "  seed: null\n"
        "- transform: NoiseDisplacement\n"
        f"  bank: {bank_file}\n"
        "  method: residual\n"
        "  field: spectral\n"
        "  gain_range: [0.5, 1.5]\n"
        "  signal_dependence: 0.0\n"
        "  scr_range: null\n"
        "  canvas: 2\n"
        "  p: 0.5\n"
        "  seed: null\n"
        "p: 1.0\n"
        "seed: 7\n"
    )
    again = load(tmp_path / "change.yaml")
    assert again.to_dict() == change.to_dict()
    image, mask = make_frame()
    assert np.array_equal(again(image, mask, key="a")[0], change(image, mask, key="a")[0])


def test_a_bank_by_its_path_or_by_demo_opens_itself(bank_file: Path) -> None:
    for name in (bank_file, str(bank_file), "demo:n=4"):
        change = NoiseDisplacement(name, p=0.3)
        assert change.to_dict()["bank"] == str(name)
        assert from_dict(change.to_dict()).to_dict() == change.to_dict()


def test_a_bank_without_a_name_is_handed_in_again() -> None:
    document = from_recipe("sirst5k", make_bank(), seed=1).to_dict()
    assert document["transforms"][1]["bank"]["windows"] == 24
    assert from_dict(document, make_bank()).to_dict() == document
    with pytest.raises(NoiseError, match=r"noise bank of 24 windows .* got none: hand it in"):
        from_dict(document)
    with pytest.raises(NoiseError, match="got another one of 24"):
        from_dict(document, make_bank(seed=1))
    same_pixels_other_white = NoiseBank.from_windows(make_bank().windows, full_scale=1023.0)
    with pytest.raises(NoiseError, match="got another one"):
        from_dict(document, same_pixels_other_white)


def test_a_bank_that_is_handed_in_takes_the_place_of_a_named_one(bank_file: Path) -> None:
    document = NoiseDisplacement(bank_file).to_dict()
    made = from_dict(document, make_bank(seed=1))
    assert isinstance(made, NoiseDisplacement)
    assert made.bank is make_bank(seed=1)


def test_left_out_keys_take_their_defaults() -> None:
    assert from_dict({"transform": "NegativeRotation"}).to_dict() == NegativeRotation().to_dict()
    nested = {"transform": "OneOf", "transforms": [{"transform": "TargetPaste", "p": 1}]}
    assert isinstance(from_dict(nested), OneOf)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "Expected a mapping"),
        ([], "Expected a mapping"),
        ({}, "transform: no such choice None"),
        ({"transform": "NegativRotation"}, "Did you mean 'NegativeRotation'"),
        ({"transform": ["Compose"]}, "transform: no such choice"),
        ({"transform": "NegativeRotation", "margn": 3}, "unknown key 'margn'. Did you mean"),
        ({"transform": "NegativeRotation", "margin": "3"}, "margin: expected a whole number"),
        ({"transform": "NegativeRotation", "version": 2}, "of version 1, got 2"),
        ({"transform": "Compose"}, "Compose.transforms: expected a list"),
        ({"transform": "Compose", "transforms": [{"transform": "Blur"}]}, "no such choice 'Blur'"),
        ({"transform": "NoiseDisplacement"}, "bank: expected a path"),
        ({"transform": "NoiseDisplacement", "bank": 3}, "bank: expected a path"),
        ({"transform": "NoiseDisplacement", "bank": "x.npz"}, "No noise bank at x.npz"),
    ],
)
def test_documents_that_are_wrong(document: Any, message: str) -> None:
    with pytest.raises((ParameterError, NoiseError), match=message):
        from_dict(document)


def test_a_document_of_another_class() -> None:
    with pytest.raises(ParameterError, match="of Compose, got one of NegativeRotation"):
        Compose.from_dict({"transform": "NegativeRotation"})


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="Cannot read the transform"):
        load(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("transform: NegativeRotation\nseam: soft\n")
    with pytest.raises(ParameterError, match="bad.yaml: .*seam: no such choice 'soft'"):
        load(tmp_path / "bad.yaml")
    with pytest.raises(ParameterError, match="No valid YAML"):
        from_text("a: [")
    with pytest.raises(OutputError, match="Cannot write the transform"):
        NegativeRotation().save(tmp_path / "no" / "folder.yaml")


def test_no_code_runs_from_a_document() -> None:
    with pytest.raises(ParameterError, match="No valid YAML"):
        from_text("!!python/object/apply:os.system ['true']")

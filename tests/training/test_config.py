"""The configuration of a run: complete, checked, and the same after a round trip."""

from __future__ import annotations

import pytest
import yaml

from sirst5k.errors import ParameterError

pytest.importorskip("torch")

from sirst5k.training import PROTOCOLS, TrainingConfig, resolve


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_protocols_survive_yaml(name: str) -> None:
    config = resolve("mshnet", name)
    assert config.protocol == name
    assert TrainingConfig.from_dict(yaml.safe_load(config.to_text())) == config


def test_published_protocols() -> None:
    """Section 6 of the description of the networks."""
    dnanet, mshnet, dstransnet = (resolve(n, n) for n in ("dnanet", "mshnet", "dstransnet"))
    assert [c.optimizer.name for c in (dnanet, mshnet, dstransnet)] == [
        "adagrad",
        "adagrad",
        "adam",
    ]
    assert [c.optimizer.lr for c in (dnanet, mshnet, dstransnet)] == [0.05, 0.05, 1e-3]
    assert [c.epochs for c in (dnanet, mshnet, dstransnet)] == [1500, 400, 500]
    assert [c.batch_size for c in (dnanet, mshnet, dstransnet)] == [16, 4, 8]
    assert [c.drop_last for c in (dnanet, mshnet, dstransnet)] == [True, True, False]
    assert all(c.optimizer.weight_decay == 0 for c in (dnanet, mshnet, dstransnet))
    assert dstransnet.augmentation.scale_range == (1.0, 1.1)
    assert dnanet.augmentation.scale_range == (0.5, 2.0)


def test_wishes_go_over_the_protocol() -> None:
    config = resolve(
        "unet",
        "dnanet",
        ["optimizer.lr=0.01", "augmentation.blur=0"],
        steps=100,
        augmentation={"crop": 64},
    )
    assert (config.steps, config.epochs) == (100, None)
    assert (config.optimizer.lr, config.optimizer.name) == (0.01, "adagrad")
    assert (config.augmentation.crop, config.augmentation.blur) == (64, 0)
    assert config.augmentation.base == 256
    assert resolve("unet", assignments=["epochs=3"]).steps is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["optimiser.lr=1"], "Did you mean 'optimizer'"),
        (["optimizer.name=adma"], "Did you mean 'adam"),
        (["optimizer.rate=1"], "unknown key 'optimizer.rate'"),
        (["optimizer.lr=-1"], "lr > 0"),
        (["batch_size=0"], "at least 1"),
        (["ema=2"], "between 0 and 1"),
        (["validation_fraction=1"], "share between 0 and 1"),
        (["precision=bf16"], "precision"),
        (["steps"], "KEY=VALUE"),
        (["steps=[1"], "YAML"),
        (["seed.x=1"], "expected a whole number"),
        (["loss_config=3"], "loss_config"),
    ],
)
def test_mistakes_are_one_sentence(words: list[str], sentence: str) -> None:
    with pytest.raises(ParameterError) as raised:
        resolve("unet", assignments=words)
    assert sentence in str(raised.value)


def test_unknown_protocol() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'fair'"):
        resolve("unet", "fari")

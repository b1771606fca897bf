"""The published recipe of the video networks, against what the originals did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from sirst5k.detectors.registry import VIDEO, network_class  # noqa: E402
from sirst5k.errors import ParameterError  # noqa: E402
from sirst5k.training import resolve  # noqa: E402
from sirst5k.training.averaging import WeightAverage  # noqa: E402
from sirst5k.training.optimizers import OPTIMIZERS  # noqa: E402
from sirst5k.training.parameter_groups import one_group, yolox_groups  # noqa: E402
from sirst5k.training.preparing import fresh_network  # noqa: E402
from sirst5k.training.protocols import CLIP_PROTOCOLS  # noqa: E402
from sirst5k.training.sampling import ShuffledBatches  # noqa: E402
from sirst5k.training.schedules import Course, rate_at  # noqa: E402

FILE = Path(__file__).parents[4] / "shared/parity-video/recipe-video.json"
NETWORKS = {
    "sstnet": ("sstnet", {"dead_parts": True}),
    "stmenet": ("stmenet", {"dead_parts": True}),
    "stmenet_irdst": ("stmenet", {"variant": "irdst"}),
}


@pytest.fixture(scope="module")
def recipe() -> Any:
    if not FILE.is_file():
        pytest.skip("needs ../shared/parity-video/recipe-video.json")
    return json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name in NETWORKS if NETWORKS[name][0] in VIDEO])
def test_every_parameter_is_in_its_published_group(name: str, recipe: Any) -> None:
    detector, values = NETWORKS[name]
    kind = network_class(detector)
    config = kind.Config(in_channels=3, **values)
    with torch.device("meta"):
        network = kind(config)
    published = {own: key for key, own in kind.published_keys(config).items()}
    names = {id(value): published[key] for key, value in network.named_parameters()}
    options = resolve(detector, detector).optimizer
    optimizer = OPTIMIZERS["sgd"](yolox_groups(network), options)
    groups = [{names[id(value)] for value in g["params"]} for g in optimizer.param_groups]
    wanted = [set(recipe[name][key]) for key in ("no_decay_norm", "decay", "bias")]
    assert groups == wanted
    assert [g["weight_decay"] for g in optimizer.param_groups] == [0.0, 5e-4, 0.0]
    assert {(g["momentum"], g["nesterov"]) for g in optimizer.param_groups} == {(0.937, True)}
    left = set(names.values()) - set().union(*groups)
    assert left == set(recipe[name]["never_optimised"])
    assert len(one_group(network)[0]["params"]) == len(names)


@pytest.mark.parametrize("name", sorted(set(CLIP_PROTOCOLS) - {"fair"}))
def test_learning_rates_of_every_epoch(name: str, recipe: Any) -> None:
    config = resolve("sstnet", name)
    assert config.batch_size == recipe["lr"]["batch"]
    assert config.epochs == recipe["lr"]["epochs"]
    found = [
        config.optimizer.lr * rate_at(Course(e * 449, 44_900, e, 100), config.schedule)
        for e in range(100)
    ]
    assert found == pytest.approx(recipe["lr"]["per_epoch"], rel=1e-9)


def test_decay_of_the_average(recipe: Any) -> None:
    config = resolve("sstnet", "sstnet")
    average = WeightAverage(torch.nn.Linear(1, 1), config.ema or 0, config.ema_updates)
    for updates, decay in recipe["ema_decay"].items():
        average.updates = int(updates)
        assert average.decay_now() == pytest.approx(decay, rel=1e-12)


@pytest.mark.parametrize(("clips", "steps"), [(8982, 449), (20_398, 1019), (10_000, 500)])
def test_an_epoch_ends_after_a_fifth(clips: int, steps: int) -> None:
    config = resolve("sstnet", "sstnet")
    batches = ShuffledBatches(clips, config.batch_size, epochs_per_pass=config.epochs_per_pass)
    assert batches.per_epoch == steps
    first, second = ({int(i) for s in range(e, e + 3) for i in batches.at(s)} for e in (0, steps))
    assert first != second


def test_a_protocol_is_for_one_kind_of_detector() -> None:
    with pytest.raises(ParameterError, match="not for detectors of boxes"):
        resolve("sstnet", "mshnet")
    with pytest.raises(ParameterError, match="not for detectors of masks"):
        resolve("unet", "sstnet")
    with pytest.raises(ParameterError, match="Did you mean 'sstnet'"):
        resolve("sstnet", "sstnett")


@pytest.mark.parametrize("word", ["optimizer.nesterov=true", "ema_updates=10", "epochs_per_pass=0"])
def test_values_that_do_not_fit(word: str) -> None:
    with pytest.raises(ParameterError):
        resolve("unet", assignments=[word])


@pytest.mark.parametrize("name", sorted(VIDEO))
def test_first_weights_as_published(name: str) -> None:
    """Section 9.2: every convolution N(0, 0.02²), 2-D norms N(1, 0.02²), biases torch's own."""
    network = fresh_network(resolve(name, name, network={"width": 0.25}))
    convolutions = (torch.nn.Conv2d, torch.nn.Conv3d)
    weights = [m.weight for m in network.modules() if isinstance(m, convolutions)]
    scales = [m.weight for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    drawn = torch.cat([each.flatten() for each in weights])
    assert drawn.std().item() == pytest.approx(0.02, rel=0.02)
    assert abs(drawn.mean().item()) < 1e-3
    norms = torch.cat(scales)
    assert norms.mean().item() == pytest.approx(1, abs=3e-3)
    assert norms.std().item() == pytest.approx(0.02, rel=0.1)
    biases = torch.cat([network.head.objectness.bias, network.head.class_logits.bias])
    assert biases.abs().max() <= 1 / 64**0.5  # 256 channels at a quarter of the width
    assert biases.abs().min() > 0


def test_the_common_recipe_begins_at_its_prior() -> None:
    from sirst5k.training.clips.preparing import first_network

    network = first_network(resolve("sstnet", network={"width": 0.05}))
    for layer in (network.head.objectness, network.head.class_logits):
        assert layer.bias.sigmoid().tolist() == pytest.approx([0.01])
    published = first_network(resolve("sstnet", "sstnet", network={"width": 0.05}))
    assert published.head.objectness.bias.sigmoid().item() > 0.3

"""Our own files: equal to the last bit, the same bytes again, and what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from checkpoints import published_state, small

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors")

from sirst5k._version import __version__  # noqa: E402
from sirst5k.detectors import create, load_weights, read_metadata, save_weights  # noqa: E402
from sirst5k.detectors.normalisation import Normalisation  # noqa: E402
from sirst5k.detectors.registry import NETWORKS  # noqa: E402
from sirst5k.errors import OutputError, ParameterError, WeightsError  # noqa: E402


def same(one: Any, other: Any) -> bool:
    a, b = one.state_dict(), other.state_dict()
    return list(a) == list(b) and all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_round_trip_of_every_network(name: str, tmp_path: Path) -> None:
    network = create(name, in_channels=2)
    network.normalisation = Normalisation((0.3, 0.4), (0.1, 0.2))
    file = tmp_path / "w.safetensors"
    save_weights(network, file)
    for told in (name, None):
        loaded = load_weights(told, file)
        assert same(loaded, network)
        assert loaded.config == network.config
        assert loaded.normalisation == network.normalisation
        assert not loaded.training
        assert loaded.weights_info.normalisation_from == "file"
        assert loaded.weights_info.source == str(file)


def test_what_a_file_says(tmp_path: Path) -> None:
    network = small("mshnet")
    file = tmp_path / "w.safetensors"
    save_weights(network, file, step="300", source="weight.pth", source_sha256="ab")
    said = read_metadata(file)
    assert (said.name, said.sirst5k, said.extra) == ("mshnet", __version__, {"step": "300"})
    assert (said.source, said.source_sha256) == ("weight.pth", "ab")
    assert said.parameters == sum(p.numel() for p in network.parameters())
    assert said.config["widths"] == [4, 6, 8]
    assert said.created.startswith("20")
    assert json.dumps(said.to_dict())
    assert load_weights(None, file).weights_info.extra == {"step": "300"}


def test_the_same_bytes_again(tmp_path: Path) -> None:
    network = small("unet")
    for number in range(3):
        save_weights(network, tmp_path / f"{number}.safetensors", created="then", a="1", b="2")
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_other_programs_read_it(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    network = small("mshnet").to(memory_format=torch.channels_last).bfloat16()
    save_weights(network, tmp_path / "w.safetensors")
    stored = load_file(tmp_path / "w.safetensors")
    for key, value in network.state_dict().items():
        assert torch.equal(stored[key], value.float() if value.is_floating_point() else value)
        assert stored[key].is_contiguous()
        assert stored[key].dtype in (torch.float32, torch.int64)


def test_wrapped_networks(tmp_path: Path) -> None:
    network = small("unet")
    parallel = torch.nn.DataParallel(network)
    wrapped = [parallel, *(torch.compile(m, backend="eager") for m in (network, parallel))]
    for number, model in enumerate(wrapped):
        save_weights(model, tmp_path / f"{number}.safetensors")
        assert same(load_weights("unet", tmp_path / f"{number}.safetensors"), network)


def test_foreign_safetensors(tmp_path: Path) -> None:
    """Published names in a safetensors file of somebody else's."""
    from safetensors.torch import save_file

    network = small("mshnet")
    state = {f"module.{key}": value for key, value in published_state(network).items()}
    save_file(state, tmp_path / "theirs.bin", metadata={"format": "pt"})
    loaded = load_weights("mshnet", tmp_path / "theirs.bin")
    assert same(loaded, network)
    assert loaded.weights_info.wrappers == ("module.",)
    with pytest.raises(WeightsError, match="sirst5k weights import NAME theirs.bin"):
        read_metadata(tmp_path / "theirs.bin")


def test_of_another_network(tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    save_weights(small("mshnet"), file)
    with pytest.raises(WeightsError, match="Expected weights of dnanet, but .* is of mshnet"):
        load_weights("dnanet", file)


def test_of_a_later_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = small("unet")
    said = network.describe()

    def describe_as(**changes: Any) -> Path:
        monkeypatch.setattr(network, "describe", lambda: {**said, **changes}, raising=False)
        file = tmp_path / "w.safetensors"
        save_weights(network, file)
        return file

    with pytest.raises(WeightsError, match="is of 'unet2'.*Did you mean 'unet'"):
        load_weights(None, describe_as(name="unet2"))
    with pytest.raises(WeightsError, match="no parameter 'heads'"):
        load_weights(None, describe_as(config={**said["config"], "heads": 3}))
    with pytest.raises(WeightsError, match="cannot be made|does not fit"):
        load_weights(None, describe_as(config={**said["config"], "widths": 3}))
    with pytest.raises(WeightsError, match="of another shape"):
        load_weights(None, describe_as(config={**said["config"], "widths": (3, 6)}))


def test_mistakes(tmp_path: Path) -> None:
    network = small("unet")
    with pytest.raises(OutputError, match=r"a \.safetensors file"):
        save_weights(network, tmp_path / "w.pth")
    with pytest.raises(OutputError, match="Check that the folder exists"):
        save_weights(network, tmp_path / "none" / "w.safetensors")
    with pytest.raises(ParameterError, match="Expected a network of sirst5k, got Conv2d"):
        save_weights(torch.nn.Conv2d(1, 1, 1), tmp_path / "w.safetensors")
    with pytest.raises(ParameterError, match="metadata step to be a text"):
        save_weights(network, tmp_path / "w.safetensors", step=3)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "w.safetensors"
    save_weights(small("unet"), file)
    before = file.read_bytes()

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", stop)
    with pytest.raises(KeyboardInterrupt):
        save_weights(small("unet", seed=1), file)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]

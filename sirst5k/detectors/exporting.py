"""Networks as ONNX files, which run without torch and without this package."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sirst5k.detectors.modes import evaluating
from sirst5k.errors import OutputError, ParameterError
from sirst5k.optional import require

_PURPOSE = "ONNX export"
# Before and after the network's own graph, where that takes multiples only: the border is
# repeated up to the next one, and the map cut back.
_PAD = """
<ir_version: {ir}, opset_import: ["": {opset}]>
pad (float[batch, {channels}, height, width] frames) => (
    float[batch, {channels}, rows, columns] padded, int64[2] size
) {{
    size = Shape <start = 2> (frames)
    multiple = Constant <value = int64[2] {{{multiple}, {multiple}}}> ()
    negative = Neg (size)
    missing = Mod (negative, multiple)
    none = Constant <value = int64[6] {{0, 0, 0, 0, 0, 0}}> ()
    amounts = Concat <axis = 0> (none, missing)
    padded = Pad <mode = "edge"> (frames, amounts)
}}
"""
_CROP = """
<ir_version: {ir}, opset_import: ["": {opset}]>
crop (float[batch, 1, rows, columns] whole, int64[2] size) => (
    float[batch, 1, height, width] logits
) {{
    corner = Constant <value = int64[2] {{0, 0}}> ()
    axes = Constant <value = int64[2] {{2, 3}}> ()
    logits = Slice (whole, corner, size, axes)
}}
"""


def export_onnx(
    network: Any, path: str | os.PathLike[str], size: tuple[int, int] | None = None
) -> Path:
    """Write a network's prediction as an ONNX file.

    Its input ``frames`` is ``(B, C, H, W)`` float32, normalised as the network expects; its
    output ``logits`` is ``(B, 1, H, W)``. Those of a video network are ``clip``,
    ``(B, C, T, H, W)``, and ``raw``, the raw map as `VideoNetwork.forward` returns it. Padding
    to the network's multiple is part of the graph. The file's metadata hold what
    `Network.describe` returns, as JSON under ``sirst5k``: the normalisation is in there.

    Parameters
    ----------
    network : Network or VideoNetwork
        Exported in evaluation mode, and left as it was.
    path : path
        Written under a temporary name first.
    size : (int, int), optional
        Height and width of the frames that the file takes; any by default, but for a video
        network. The number of frames, or clips, is free.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    MissingDependencyError
        If torch, onnx or onnxscript is not installed.
    OutputError
        If the file cannot be written.
    ParameterError
        If it is no network of this package, the size is not positive, or there is none and
        the network's graph differs from size to size.

    Examples
    --------
    ::

        export_onnx(load_weights("mshnet", "mshnet.safetensors"), "mshnet.onnx")
    """
    require("torch", "a network")
    onnx = require("onnx", _PURPOSE, "export")
    require("onnxscript", _PURPOSE, "export")
    from sirst5k.detectors.networks.network import Network
    from sirst5k.detectors.networks.video_network import VideoNetwork

    if not isinstance(network, Network | VideoNetwork):
        raise ParameterError(
            f"Expected a network as sirst5k.detectors.create or load_weights returns it, got "
            f"{type(network).__name__}."
        )
    if size is not None and min(size) < 1:
        raise ParameterError(f"Expected a positive height and width, got {size[0]} × {size[1]}.")
    if size is None and isinstance(network, VideoNetwork):
        raise ParameterError(
            f"Expected a size for the ONNX file of {network.name}: those of video networks are for "
            f"one. Give the height and width of your frames."
        )
    with evaluating(network), _quiet():
        model = _fixed(network, size) if size else _free(onnx, network)
    onnx.helper.set_model_props(model, {"sirst5k": json.dumps(network.describe())})
    return _save(onnx, model, Path(path))


def _fixed(network: Any, size: tuple[int, int]) -> Any:
    """Return the ONNX model for frames of one size; padding is fixed as well."""
    import torch

    clips = hasattr(network, "clip_length")
    given, returned = ("clip", "raw") if clips else ("frames", "logits")
    traced = _traced(network, _frames(network, size), {0: torch.export.Dim("batch")}, given)
    model = _translated(traced, given, returned)
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    return model


def _free(onnx: Any, network: Any) -> Any:
    """Return the ONNX model for frames of any size: the network's own graph in pad and crop."""
    core = _translated(_traced_for_any_size(network), "in", "out")
    numbers = {
        "ir": core.ir_version,
        "opset": core.opset_import[0].version,
        "channels": network.in_channels,
        "multiple": network.multiple,
    }
    pad, crop = (onnx.parser.parse_model(text.format(**numbers)) for text in (_PAD, _CROP))
    merge = onnx.compose.merge_models
    padded = merge(pad, core, [("padded", "in")], outputs=["size", "out"])
    return merge(padded, crop, [("out", "whole"), ("size", "size")])


def _traced_for_any_size(network: Any) -> Any:
    """Return the graph between padding and cropping, for every multiple.

    Raises
    ------
    ParameterError
        If it differs from size to size.
    """
    import torch

    from sirst5k.detectors.networks.prediction import Prediction

    multiple, prediction = network.multiple, Prediction(network).eval()
    batch, rows, columns = (torch.export.Dim(name, min=2) for name in ("batch", "rows", "columns"))
    free = {0: batch, 2: multiple * rows, 3: multiple * columns}
    try:
        traced = _traced(prediction, _frames(network, (2 * multiple, 3 * multiple)), free)
        # Torch has let graphs pass that depend on whether a number is odd, so ask it as well.
        other = torch.randn_like(_frames(network, (3 * multiple, 2 * multiple)))
        with torch.no_grad():
            same = torch.allclose(traced.module()(other), prediction(other), atol=1e-3, rtol=1e-3)
    except (RuntimeError, AssertionError, torch._dynamo.exc.UserError) as error:
        raise _differs(network) from error
    if not same:
        raise _differs(network)
    return traced


def _differs(network: Any) -> ParameterError:
    return ParameterError(
        f"Expected a size for the ONNX file: the graph of {network.name} differs from size to "
        f"size. Give the height and width of your frames."
    )


def _frames(network: Any, size: tuple[int, int]) -> Any:
    # Two frames, because one would stand for "always one".
    length = getattr(network, "clip_length", None)
    shape = size if length is None else (length, *size)
    return next(network.parameters()).new_zeros(2, network.in_channels, *shape)


def _traced(module: Any, frames: Any, free: dict[int, Any], given: str = "frames") -> Any:
    """Return the module's graph, some axes of its input free; nothing is computed."""
    import torch

    with torch.no_grad():
        return torch.export.export(module, (frames,), dynamic_shapes={given: free}, strict=False)


def _translated(traced: Any, given: str, returned: str) -> Any:
    """Return the ONNX model of a graph."""
    import torch

    program = torch.onnx.export(
        traced, dynamo=True, input_names=[given], output_names=[returned], verbose=False
    )
    return program.model_proto


def _save(onnx: Any, model: Any, path: Path) -> Path:
    aside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, str(aside))
        aside.replace(path)
    except OSError as error:
        raise OutputError(f"Cannot write the ONNX file {path}: {error}.") from error
    finally:
        with suppress(OSError):  # a folder that is none has no such file either
            aside.unlink(missing_ok=True)
    return path


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what the exporter says about packages and its own deprecated calls."""
    talker = logging.getLogger("torch.onnx")
    level = talker.level
    talker.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        talker.setLevel(level)

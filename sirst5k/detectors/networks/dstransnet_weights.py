"""Published weights of DSTransNet: what each entry is called there, and what it tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sirst5k.detectors.networks.published import Shapes, count_numbered, kernel_shape
from sirst5k.errors import WeightsError

# Published entries without use: a second encoder, second halves of the wavelet branches and
# position tables never take part, and the wavelet's filters are constants here. The auxiliary
# heads are among them only where the network is made without.
DEAD_KEYS = (
    "input_head.*",
    "down_encoder[1-4].*",
    "Conv[1-5].dconv_layer.0.depth_wise_wavelet_conv2.*",
    "Conv[1-5].dconv_layer.0.point_wise_conv2.*",
    "Conv[1-5].dconv_layer.0.bn2.*",
    "Conv[1-5].dconv_layer.0.depth_wise_wavelet_conv1.wt_filter",
    "Conv[1-5].dconv_layer.0.depth_wise_wavelet_conv1.iwt_filter",
    "mtc.embeddings_[1-4].position_embeddings",
    "gt_conv[0-4].0.*",
)

# Beginnings of our keys and of the published ones; the first that fits counts. A # stands for
# a number that both have, a + for one that counts from 0 here and from 1 there.
_LAYER, _PUBLISHED_LAYER = "transformer.layers.#.", "mtc.encoder.layer.#."
_NAMES = {
    "encoder.+.deformable.0.steering": "Conv+.conv_layer.0.conv_offset_mask",
    "encoder.+.deformable.0": "Conv+.conv_layer.0",
    "encoder.+.deformable.1": "Conv+.conv_layer.0.bn",
    "encoder.+.difference.0": "Conv+.cdc_layer.0.conv",
    "encoder.+.difference.1": "Conv+.cdc_layer.1",
    "encoder.+.wavelet.wavelet.base.convolution": (
        "Conv+.dconv_layer.0.depth_wise_wavelet_conv1.base_conv"
    ),
    "encoder.+.wavelet.wavelet.base.scale": (
        "Conv+.dconv_layer.0.depth_wise_wavelet_conv1.base_scale.weight"
    ),
    "encoder.+.wavelet.wavelet.levels.#.convolution": (
        "Conv+.dconv_layer.0.depth_wise_wavelet_conv1.wavelet_convs.#"
    ),
    "encoder.+.wavelet.wavelet.levels.#.scale": (
        "Conv+.dconv_layer.0.depth_wise_wavelet_conv1.wavelet_scale.#.weight"
    ),
    "encoder.+.wavelet.pointwise": "Conv+.dconv_layer.0.point_wise_conv1",
    "encoder.+.wavelet.norm": "Conv+.dconv_layer.0.bn1",
    "encoder.+.wavelet.shortcut": "Conv+.dconv_layer.0.shortcut",
    "encoder.+.merge": "Conv+.final_layer",
    "transformer.embed.+": "mtc.embeddings_+.patch_embeddings",
    _LAYER + "joint_norm": _PUBLISHED_LAYER + "attn_norm.body",
    _LAYER + "attention_norms.+": _PUBLISHED_LAYER + "attn_norm+.body",
    _LAYER + "forward_norms.+": _PUBLISHED_LAYER + "ffn_norm+.body",
    _LAYER + "attention.query.0": _PUBLISHED_LAYER + "channel_attn.mheadq_C",
    _LAYER + "attention.query.1": _PUBLISHED_LAYER + "channel_attn.q_C",
    _LAYER + "attention.key.0": _PUBLISHED_LAYER + "channel_attn.mheadk_C",
    _LAYER + "attention.key.1": _PUBLISHED_LAYER + "channel_attn.k_C",
    _LAYER + "attention.value.0": _PUBLISHED_LAYER + "channel_attn.mheadv_C",
    _LAYER + "attention.value.1": _PUBLISHED_LAYER + "channel_attn.v_C",
    _LAYER + "attention.scale_queries.+.0": _PUBLISHED_LAYER + "channel_attn.mhead+",
    _LAYER + "attention.scale_queries.+.1": _PUBLISHED_LAYER + "channel_attn.q+",
    _LAYER + "attention.outputs.+": _PUBLISHED_LAYER + "channel_attn.project_out+",
    _LAYER + "forwards.+.expand": _PUBLISHED_LAYER + "ffn+.project_in",
    _LAYER + "forwards.+.small": _PUBLISHED_LAYER + "ffn+.dwconv3x3",
    _LAYER + "forwards.+.large": _PUBLISHED_LAYER + "ffn+.dwconv5x5",
    _LAYER + "forwards.+.contract": _PUBLISHED_LAYER + "ffn+.project_out",
    _LAYER + "forwards.+.gate": _PUBLISHED_LAYER + "ffn+.eca.conv.0",
    "transformer.norms.+": "mtc.encoder.encoder_norm+.body",
    "transformer.reconstruct.+.convolution": "mtc.reconstruct_+.conv",
    "transformer.reconstruct.+.norm": "mtc.reconstruct_+.norm",
    "decoder.+.gate.from_deep": "up_decoder+.coatt.mlp_up.1",
    "decoder.+.gate.from_skip": "up_decoder+.coatt.mlp_skip.1",
    "decoder.+.gate.spatial": "up_decoder+.coatt.spatial_attention_conv",
    "decoder.+.merge.0": "up_decoder+.nConvs.0.conv",
    "decoder.+.merge.1": "up_decoder+.nConvs.0.norm",
    "decoder.+.merge.3": "up_decoder+.nConvs.1.conv",
    "decoder.+.merge.4": "up_decoder+.nConvs.1.norm",
    "output": "output_head",
    "auxiliary.+": "gt_conv+.0",
    "fused": "gt_conv0.0",
}


def _compiled(ours: str, theirs: str) -> tuple[re.Pattern[str], list[int], str]:
    """Return a pattern for our key, what its numbers grow by, and a format for theirs."""
    pattern = re.sub(r"\\[+#]", r"(\\d+)", re.escape(ours)) + r"(?=\.|$)"
    growth = [int(sign == "+") for sign in re.findall(r"[+#]", ours)]
    return re.compile(pattern), growth, re.sub(r"[+#]", "{}", theirs)


_RULES = [_compiled(ours, theirs) for ours, theirs in _NAMES.items()]


def published_keys(own: Iterable[str]) -> dict[str, str]:
    """Return our key for each published one.

    Parameters
    ----------
    own : iterable of str
        Every key of our network's state dict.

    Examples
    --------
    >>> published_keys(["decoder.0.merge.3.weight"])
    {'up_decoder1.nConvs.1.conv.weight': 'decoder.0.merge.3.weight'}
    """
    return {_published_key(key): key for key in own}


def _published_key(key: str) -> str:
    for pattern, growth, name in _RULES:
        found = pattern.match(key)
        if found is not None:
            numbers = (int(n) + more for n, more in zip(found.groups(), growth, strict=True))
            return name.format(*numbers) + key[found.end() :]
    raise KeyError(key)


def read_options(shapes: Shapes) -> dict[str, Any]:
    """Return the fields of a `DSTransNetConfig` that published weights have.

    Parameters
    ----------
    shapes : mapping of str to shape
        By published key.

    Raises
    ------
    WeightsError
        If they are not weights of a DSTransNet, or its wavelet is not Haar's.
    """
    network, wavelet = "DSTransNet", "Conv{}.dconv_layer.0.depth_wise_wavelet_conv1."
    layer, band = "mtc.encoder.layer.{}.channel_attn.mheadq_C.weight", "wavelet_convs.{}.weight"
    first = kernel_shape(shapes, "Conv1.conv_layer.0.weight", network)
    embedding = kernel_shape(shapes, "mtc.embeddings_1.patch_embeddings.weight", network)
    bands = [wavelet.format(stage) + band for stage in range(1, 6)]
    for repeated in (layer, *bands):
        kernel_shape(shapes, repeated.format(0), network)
    filters = shapes.get(wavelet.format(1) + "wt_filter", (0, 1, 2, 2))
    if tuple(filters[1:]) != (1, 2, 2):  # of this size there is one orthonormal bank
        raise WeightsError(
            f"Expected the Haar wavelet in weights of DSTransNet, with filters of 2 × 2 pixels, "
            f"got filters of shape {filters}. Other wavelets are not implemented."
        )
    return {
        "in_channels": first[1],
        "width": first[0],
        "layers": count_numbered(shapes, layer),
        "patch": embedding[2],
        "wavelet_levels": tuple(count_numbered(shapes, repeated) for repeated in bands),
        "deep_supervision": "gt_conv0.0.weight" in shapes,
    }

"""The profiles by name; a new one is an entry here."""

from __future__ import annotations

from dataclasses import replace

from sirst5k.errors import ParameterError, suggest
from sirst5k.metrics.profile import Grid, Profile, SingleThreshold

_HALF = SingleThreshold("prob", 0.5)

_DNANET = Profile(
    name="dnanet",
    summary="DNANet, and SIRST-5K's own copy of it: logits, area-list Fa, 256×256",
    roc=Grid("prob", 1.0, 10),
    detection=Grid("logit", 255.0, 10, headline=0),
    size=256,
)
_MSHNET = replace(_DNANET, name="mshnet", summary="MSHNet: as dnanet, any square size", size=None)
_BASICIRSTD = Profile(
    name="basicirstd",
    summary="BasicIRSTD since 2024-01-25: prob > 0.5, unmatched pixels",
    inputs="prob",
    iou=_HALF,
    detection=_HALF,
    false_alarm="pixel_set",
    float32_fa=True,
)
_BASICIRSTD_2023 = replace(
    _BASICIRSTD,
    name="basicirstd_2023",
    summary="BasicIRSTD before 2024-01-25: prob > 0.5, area-list Fa",
    false_alarm="area_list",
)

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            name="corrected",
            summary="Definitions without the known defects: optimal matching, exact curves",
            kind="corrected",
        ),
        _DNANET,
        _MSHNET,
        replace(
            _MSHNET,
            name="mshnet_log",
            summary="MSHNet's training log: targets of earlier epochs stay in Pd's denominator",
            keeps_targets=True,
        ),
        replace(
            _MSHNET,
            name="serankdet",
            summary="SeRankDet, PANPEIWEN: as mshnet, integer masks, nIoU, F1",
            iou_label="full",
            sample_iou=_HALF,
            roc_f1=True,
        ),
        Profile(
            name="dstransnet",
            summary="DSTransNet: 101 thresholds on probabilities, area-list Fa, AUC, F1",
            inputs="prob",
            iou=_HALF,
            iou_label="full",
            sample_iou=_HALF,
            roc=Grid("prob", 1.0, 100),
            roc_f1=True,
            roc_auc=True,
            detection=Grid("prob", 1.0, 100),
            row_variants=True,
        ),
        _BASICIRSTD,
        _BASICIRSTD_2023,
        replace(
            _BASICIRSTD_2023,
            name="sctransnet",
            summary="SCTransNet: BasicIRSTD before 2024-01-25, with nIoU and a ROC of 11 points",
            sample_iou=_HALF,
            roc=Grid("prob", 1.0, 10),
        ),
        Profile(
            name="dtum",
            summary="DTUM's shooting rules: a response near a target hits, far ones are false",
            kind="shooting",
            inputs="prob",
            detection=Grid("prob", 1.0, 10),
        ),
    )
}


def get_profile(name: str) -> Profile:
    """Return the profile of that name, else raise a `ParameterError` that suggests one."""
    try:
        return PROFILES[name]
    except (KeyError, TypeError):
        raise ParameterError(
            f"Expected the name of a metrics profile, got {name!r}.{suggest(str(name), PROFILES)}"
        ) from None

"""Ways to score boxes, by name."""

from __future__ import annotations

from dataclasses import dataclass

from sirst5k.errors import ParameterError, suggest


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionProfile:
    """One way to score boxes.

    Attributes
    ----------
    name, summary : str
        For tables and help texts.
    empty_frames : bool
        Whether frames without a target are scored, so that false alarms on them count.
    most : int or None
        Detections of a frame that count, the best ones; None for all.
    least : float
        Detections with a lower score do not exist.
    along_curve : bool
        Whether precision, recall and F1 are those that the published code derives from the
        whole curve; else they belong to one confidence.
    """

    name: str
    summary: str
    empty_frames: bool = True
    most: int | None = None
    least: float = 0.0
    along_curve: bool = False


DETECTION_PROFILES: dict[str, DetectionProfile] = {
    profile.name: profile
    for profile in (
        DetectionProfile(
            name="corrected",
            summary="Every frame and every detection counts; P, R and F1 at one confidence",
        ),
        DetectionProfile(
            name="published",
            summary="SSTNet, STMENet: frames with targets only; P a mean along the curve, R its "
            "end",
            empty_frames=False,
            most=100,
            least=0.001,
            along_curve=True,
        ),
        DetectionProfile(
            name="published_all",
            summary="The published formula and cap, frames without targets scored as well",
            most=100,
            least=0.001,
            along_curve=True,
        ),
    )
}


def get_detection_profile(name: str) -> DetectionProfile:
    """Return the profile of that name, else raise a `ParameterError` that suggests one."""
    try:
        return DETECTION_PROFILES[name]
    except (KeyError, TypeError):
        raise ParameterError(
            "Expected the name of a profile for boxes, got "
            f"{name!r}.{suggest(str(name), DETECTION_PROFILES)}"
        ) from None

"""An albumentations pipeline on demo scenes: python examples/augment_albumentations.py [seed]."""

import os
import sys

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # no look at the network when imported

from sirst5k import open_dataset
from sirst5k.components import find_targets
from sirst5k.errors import MissingDependencyError

try:
    from sirst5k.transforms import albumentations as ours
except MissingDependencyError as error:
    sys.exit(str(error))
import albumentations as A  # noqa: N812 - its own convention


def main(seed=0):
    """Augment every scene, and do one of them again from its record."""
    change = A.ReplayCompose(
        [
            A.HorizontalFlip(p=0.5),
            ours.NegativeRotation(p=0.8),
            ours.TargetPaste(p=0.3),
            ours.NoiseDisplacement("demo:n=16", p=0.8),
        ],
        bbox_params=A.BboxParams(format="pascal_voc", label_fields=["names"]),
    )
    change.set_random_seed(seed)
    for scene in open_dataset("demo:n=16", "train"):
        boxes = [(t.left, t.top, t.right, t.bottom) for t in find_targets(scene.mask)]
        data = {"image": scene.image, "mask": scene.mask.astype("uint8"), "bboxes": boxes}
        data["names"] = ["target"] * len(boxes)
        result = change(**data)
        applied = [step["applied"] for step in result["replay"]["transforms"]]
        print(f"{scene.id}: {len(boxes)} -> {len(result['bboxes'])} targets, applied {applied}")
    again = A.ReplayCompose.replay(result["replay"], **data)
    print("replayed:", bool((again["image"] == result["image"]).all()))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

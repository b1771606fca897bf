"""A torchvision pipeline on demo scenes: python examples/augment_torchvision.py [seed]."""

import sys

from sirst5k import open_dataset
from sirst5k.errors import MissingDependencyError

try:
    from sirst5k.transforms import torchvision as ours
except MissingDependencyError as error:
    sys.exit(str(error))
import torch
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2


class Augmented(Dataset):
    """Scenes as tensors in [0, 1] with their masks, changed anew at every call."""

    def __init__(self, scenes):
        self.scenes = scenes
        self.change = v2.Compose(
            [
                v2.RandomHorizontalFlip(),
                ours.from_recipe("sirst5k", "demo:n=16", p=0.9),
                v2.ToDtype({tv_tensors.Image: torch.float32, "others": None}, scale=True),
            ]
        )

    def __len__(self):
        return len(self.scenes)

    def __getitem__(self, index):
        scene = self.scenes[index]
        image, mask = torch.from_numpy(scene.image)[None], torch.from_numpy(scene.mask)[None]
        return self.change(tv_tensors.Image(image), tv_tensors.Mask(mask))


def main(seed=0):
    """Run through the scenes once."""
    torch.manual_seed(seed)
    for images, masks in DataLoader(Augmented(open_dataset("demo:n=16", "train")), 4):
        print(f"{tuple(images.shape)} {images.dtype}, {int(masks.sum())} pixels of targets")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

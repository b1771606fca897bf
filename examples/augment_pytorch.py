"""A plain PyTorch loop on augmented demo scenes: python examples/augment_pytorch.py [epochs]."""

import sys

import torch
from torch.utils.data import DataLoader, Dataset

from sirst5k import NoiseBank, detectors, open_dataset
from sirst5k.losses import SoftIoULoss
from sirst5k.transforms import from_recipe


class Augmented(Dataset):
    """Scenes as tensors in [0, 1] with their masks, changed anew in every epoch."""

    def __init__(self, scenes):
        self.scenes = scenes
        self.change = from_recipe("sirst5k", NoiseBank.sample(scenes), p=0.9, seed=0)

    def __len__(self):
        return len(self.scenes)

    def __getitem__(self, index):
        sample = self.change(self.scenes[index])
        return torch.from_numpy(sample.image)[None] / 255, torch.from_numpy(sample.mask)[None]


def main(epochs=2):
    """Train a small network for some epochs."""
    torch.manual_seed(0)
    data = Augmented(open_dataset("demo:n=16,size=128", "train"))
    data.change.prepare(data.scenes[0].image)  # the workers inherit what was computed
    loader = DataLoader(data, 4, shuffle=True, num_workers=2, persistent_workers=True)
    model, loss_of = detectors.create("unet"), SoftIoULoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for epoch in range(epochs):
        data.change.set_epoch(epoch)  # running workers see it
        for images, masks in loader:
            loss = loss_of(model(images), masks)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch}: loss {loss.item():.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

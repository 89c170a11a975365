"""Images a second of the loader, beside torchvision's data set and a DataLoader with 2 workers.

    GENZOO_DATA=<folder> python benchmarks/loader.py

MNIST and CIFAR-10 must lie in the folder. Both sides give shuffled float batches of 128 in [-1, 1]; passes take turns.
"""

import os
import time
from functools import partial

import torch
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from genzoo.core.batches import Stream
from genzoo.data.cifar10 import CIFAR10
from genzoo.data.loader import RoundLoader
from genzoo.data.mnist import MNIST

BATCH = 128


def ours(data, position):
    """A pass over the training images, from the loader that training uses."""
    rounds = len(data.split("train").images) // BATCH
    loader = RoundLoader(data.pools(), lambda round: [Stream("real")], BATCH, position + rounds, seed=0)
    loader.load_state_dict({"position": position})
    return sum(len(batch.real.images) for batch in loader)


def theirs(loader):
    """The same by torchvision and torch."""
    return sum(len(images) for images, _ in loader)


def main():
    """A line a set."""
    root = os.environ.get("GENZOO_DATA", "data")
    for data, official, channels in (
        (MNIST(root, train_size=60_000), datasets.MNIST, 1),
        (CIFAR10(root, train_size=50_000), datasets.CIFAR10, 3),
    ):
        data.setup()
        transform = transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize((0.5,) * channels, (0.5,) * channels)]
        )
        plain = DataLoader(
            official(root, transform=transform), BATCH, shuffle=True, num_workers=2, persistent_workers=True
        )
        theirs(plain), ours(data, 0)  # warm
        seconds, images = {"ours": 0.0, "theirs": 0.0}, {"ours": 0, "theirs": 0}
        for _ in range(3):
            for side, play in (("ours", partial(ours, data, 0)), ("theirs", partial(theirs, plain))):
                start = time.perf_counter()
                images[side] += play()
                seconds[side] += time.perf_counter() - start
        rates = {side: images[side] / seconds[side] for side in seconds}
        print(
            f"{data.name}, {torch.get_num_threads()} threads: {rates['ours']:,.0f} images/s, torchvision "
            f"{rates['theirs']:,.0f}, {rates['ours'] / rates['theirs']:.1f}x",
            flush=True,
        )


if __name__ == "__main__":
    main()

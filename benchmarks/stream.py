"""Images a second of the streaming loader, beside litdata's own StreamingDataLoader on the same shards.

    python benchmarks/stream.py [--images 4000] [--threads 4] [--workers 0]

Synthetic colour images of 128 pixels in 32 MB chunks. Both sides give shuffled float batches of 64 in [-1, 1] and
labels; passes take turns. Ours starts each pass anew, so it opens the files and verifies their content; litdata's
loader goes on.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from litdata import StreamingDataLoader, StreamingDataset
from PIL import Image

from genzoo.core.batches import Stream
from genzoo.core.images import from_levels
from genzoo.data.images import ImageFolder
from genzoo.data.shard_writer import write_shards
from genzoo.data.shards import Shards
from genzoo.data.stream import StreamLoader

BATCH, SIZE = 64, 128


def written(folder: Path, n: int) -> Shards:
    """Shards of ``n`` training images in two classes."""
    noise = np.random.default_rng(0)
    for i in range(n):
        (folder / "pictures" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(noise.integers(0, 256, (16, 16, 3), np.uint8))
        coarse.resize((SIZE, SIZE)).save(folder / "pictures" / "ab"[i % 2] / f"{i}.jpg", quality=90)
    images = ImageFolder(folder / "pictures", SIZE, validation_fraction=0, test_fraction=0)
    started = time.perf_counter()
    shards = write_shards(images, folder / "shards", 32_000_000)
    print(f"written: {n / (time.perf_counter() - started):,.0f} images/s, {len(shards.splits['train'])} chunks")
    return shards


def ours(root: str, epoch: int, threads: int) -> int:
    """An epoch from the loader that training uses."""
    shards = Shards(root)
    rounds = shards.count("train") // BATCH
    loader = StreamLoader(shards, lambda round: [Stream("real")], BATCH, (epoch + 1) * rounds, seed=0, threads=threads)
    loader.load_state_dict({"position": epoch * rounds})
    return sum(len(batch.real.images) for batch in loader)


def theirs(loader: StreamingDataLoader) -> int:
    """The same from litdata's loader, which gives levels."""
    return sum(len(from_levels(batch["image"])) for batch in loader)


def main():
    """One line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--passes", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = written(Path(folder), given.images).root
        dataset = StreamingDataset(f"{root}/train", shuffle=True, drop_last=True)
        loader = StreamingDataLoader(dataset, batch_size=BATCH, drop_last=True, num_workers=given.workers)
        sides = {
            "ours": lambda epoch: ours(root, epoch, given.threads),
            "litdata": lambda epoch: theirs(loader),
        }
        for play in sides.values():
            play(0)  # warm
        rates = {side: [] for side in sides}
        for epoch in range(given.passes):
            for side, play in sides.items():
                start = time.perf_counter()
                images = play(epoch)
                rates[side].append(images / (time.perf_counter() - start))
        ratios = [a / b for a, b in zip(*rates.values(), strict=True)]
    a, b = (np.median(rate) for rate in rates.values())
    print(
        f"{torch.get_num_threads()} torch threads: {a:,.0f} images/s, litdata's loader with {given.workers} workers "
        f"{b:,.0f}; {np.median(ratios):.2f}x ({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()

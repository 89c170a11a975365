"""Readers of small shards of grey pictures, and what they gave."""

from genzoo.core.batches import Stream
from genzoo.data.shards import Shards
from genzoo.data.stream import StreamedImages, StreamLoader

SIZE = 28
REAL = [Stream("real")]


def streamed(root, **options):
    return StreamedImages(root, SIZE, 1, **options)


def loader(root, streams=REAL, batch_size=6, rounds=20, seed=0, **options):
    options = {"window": 3, "threads": 2, "ahead": 2} | options
    return StreamLoader(Shards(root), lambda round: streams, batch_size, rounds, seed, **options)


def drawn(rounds, stream="real"):
    """Hashes of the images, which are all different."""
    return [[hash(image.numpy().tobytes()) for image in getattr(round, stream).images] for round in rounds]


def one_line(error):
    assert "\n" not in str(error.value)

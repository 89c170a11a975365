"""Writes a folder of images as shards, for training on sets that do not fit into memory (data=stream).

    python scripts/write_shards.py <folder of images> <folder of shards> --size 128

Classes, splits and pixels are those of data=images.
"""

import argparse
import logging

from genzoo.core.errors import GenzooError
from genzoo.data.fitting import FITS
from genzoo.data.images import ImageFolder
from genzoo.data.shard_writer import write_shards


def main() -> None:
    """Reads the command line; a mistake is one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="folder of images; subfolders are splits (train, val, test), else classes")
    parser.add_argument("target", help="folder of shards; must not exist")
    parser.add_argument("--size", type=int, required=True, help="pixels, height and width of the squares")
    parser.add_argument("--channels", type=int, default=3, help="3 = colour, 1 = grey")
    parser.add_argument("--fit", choices=FITS, default="crop", help="how an image becomes a square")
    parser.add_argument(
        "--validation-fraction", type=float, default=0.05, help="of what is to train on, where there is no such folder"
    )
    parser.add_argument(
        "--test-fraction", type=float, default=0.05, help="of what is to train on, where there is no such folder"
    )
    parser.add_argument("--white", type=float, help="level that is white, of greys of more than 8 bits")
    parser.add_argument("--skip-broken", action="store_true", help="go on without files that cannot be read")
    parser.add_argument("--chunk-mb", type=float, default=64, help="MB (10^6 bytes) of a file, about")
    given = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("genzoo").setLevel(logging.INFO)
    try:
        images = ImageFolder(
            given.source,
            given.size,
            given.channels,
            validation_fraction=given.validation_fraction,
            test_fraction=given.test_fraction,
            white=given.white,
            skip_broken=given.skip_broken,
            fit=given.fit,
        )
        shards = write_shards(images, given.target, int(given.chunk_mb * 1e6))
    except GenzooError as error:
        raise SystemExit(f"error: {error}") from None
    classes = f" data.classes={len(shards.classes)}" if shards.classes else ""
    print(
        f"{shards.count('train'):,} images for training, {shards.count('validation'):,} for validation, "
        f"{shards.count('test'):,} for test\n"
        f"data=stream data.root={shards.root} data.size={shards.size} data.channels={shards.channels}{classes}"
    )


if __name__ == "__main__":
    main()

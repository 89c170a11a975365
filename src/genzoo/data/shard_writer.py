"""Writes a folder of images as shards (see ``genzoo.data.shards``)."""

import hashlib
import json
import logging
import os
import shutil
import zlib
from pathlib import Path
from typing import Any

from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.files import write_json
from genzoo.data.images import ImageFolder
from genzoo.data.pixels import Seen
from genzoo.data.shards import FACTS, FORMAT, INSTALL, ChunkFacts, Shards

BLOCK = 512  # images decoded at a time

log = logging.getLogger("genzoo")


def write_shards(images: ImageFolder, target: str | Path, chunk_bytes: int = 64_000_000) -> Shards:
    """Writes the splits of a folder of images atomically.

    Pixels are stored uncompressed, for three reasons: they equal those of ``data=images``; a model would learn the
    artefacts of a second compression; and a core copies some ten thousand images of 128 pixels per second, but decodes
    only some thousand JPEGs. The disadvantage is disk space: 49 kB per image of 128 pixels, 63 GB for the 1.28 million
    images of ImageNet.

    Args:
        images: the folder of images, with size, channels and splits.
        target: folder for the shards; must not exist.
        chunk_bytes: approximate size of a file.

    Returns:
        The shards.

    Raises:
        GenzooError: the target exists or cannot be written, files are broken, litdata is missing.
    """
    try:
        import litdata  # noqa: F401
    except ImportError as error:
        raise GenzooError(f"shards are written by litdata; {INSTALL}.") from error
    target = Path(target).expanduser()
    if target.exists():
        raise GenzooError(f"{target} exists; delete it, or choose another folder for the shards.")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        _write(images, partial, chunk_bytes)
        os.replace(partial, target)
    except OSError as error:
        raise GenzooError(f"{target} could not be written ({error}); free some space or choose another.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Shards(target)


def _write(images: ImageFolder, folder: Path, chunk_bytes: int) -> None:
    spec, seen = images.spec, list[Seen]()
    per_chunk = max(1, chunk_bytes // (spec.channels * spec.size**2))
    content, splits = hashlib.sha256(), {}
    # Decode and write block by block, so that memory does not grow with the set; hash the training images.
    for split, paths in images.paths().items():
        writer = _Split(folder / split, per_chunk)
        for start in range(0, len(paths), BLOCK):
            block = paths[start : start + BLOCK]
            levels, failures = images.decode(block, seen)
            if failures:
                images.warn_of_broken(failures, len(block))
            for path, image, label in zip(block, levels, images.labels(block), strict=True):
                if path not in failures:
                    writer.add(image, label)
                    if split == "train":
                        content.update(image.numpy().tobytes())
            log.info(f"{split}: {writer.n:,} of {len(paths):,} images")
        splits[split] = writer.finish()
    images.warn_of_losses(seen)
    if not splits["train"]:
        raise GenzooError(f"data.root={images.root}: there are no images to train on.")
    # The facts are written last, so that an interrupted folder is not taken for complete shards.
    facts = {
        "format": FORMAT,
        "size": spec.size,
        "channels": spec.channels,
        "classes": images.class_names,
        "fingerprint": content.hexdigest()[:16],
        "splits": splits,
    }
    write_json(folder / FACTS, facts)
    _read_back(Shards(folder), images)


def _read_back(shards: Shards, images: ImageFolder) -> None:
    """Checks that ``Shards`` reads the written files correctly, since litdata may change the layout."""
    content = hashlib.sha256()
    for i in range(len(shards.splits["train"])):
        content.update(shards.read("train", i).pixels.tobytes())
    if content.hexdigest()[:16] != shards.fingerprint:
        raise GenzooError("this version of litdata uses another layout of shards; install litdata 0.2.76.")


class _Split:
    """Writer of one split."""

    def __init__(self, folder: Path, per_chunk: int):
        from litdata.streaming import Cache

        folder.mkdir(parents=True)
        self.folder, self.n = folder, 0
        self._cache: Any = Cache(str(folder), chunk_size=per_chunk)

    def add(self, image: Tensor, label: int) -> None:
        self._cache[self.n] = {"image": image, "label": label}
        self.n += 1

    def finish(self) -> list[ChunkFacts]:
        """Closes the last chunk; returns the facts of all chunks in order."""
        if not self.n:
            return []
        self._cache.done()
        self._cache.merge()
        chunks = json.loads((self.folder / "index.json").read_text())["chunks"]
        return [
            ChunkFacts(
                chunk["filename"],
                chunk["chunk_size"],
                chunk["chunk_bytes"],
                zlib.crc32((self.folder / chunk["filename"]).read_bytes()),
            )
            for chunk in chunks
        ]

"""Shards: many images in few large files, written in litdata's format and fetched from remote stores by litdata.

A folder of shards contains ``genzoo.json`` and, in one folder per split, litdata's index and chunks. An item is
``{"image": uint8 (C, H, W), "label": int}`` and all items have the same length, so a chunk is a table: the number of
its items, their offsets, the items (4-byte integers, then bytes). Chunks are mapped into memory and any row is read
directly; litdata's own ``dataset[i]`` reads far more than the row. Mapped pages are managed by the operating system:
the ranks of a machine share them, and they are released when memory is short.
"""

import hashlib
import json
import mmap
import os
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from genzoo.core.cache import cache_folder
from genzoo.core.errors import GenzooError
from genzoo.core.files import is_count, plain_name
from genzoo.data.files import damaged, one_line
from genzoo.data.module import SPLITS

FACTS = "genzoo.json"
FORMAT = 1
INSTALL = "pip install 'genzoo[stream]'"
REMEDY = "write the shards again with scripts/write_shards.py, or copy them again"
LABEL = 8  #: bytes of the label at the end of an item, after the pixels
BEFORE = 28  #: bytes of an item before the pixels: lengths of image and label, type and shape of the image


class Chunk(NamedTuple):
    """The images of one file.

    Args:
        pixels: uint8 (n, C * H * W), mapped and read-only.
        labels: int64 (n,); -1 = unknown.
    """

    pixels: np.ndarray
    labels: np.ndarray


class ChunkFacts(NamedTuple):
    """Facts of one file in ``genzoo.json``: its name, number of items, size in bytes, and CRC-32."""

    file: str
    count: int
    bytes: int
    crc32: int


class Shards:
    """A folder of shards on this machine, or in a remote store that litdata supports.

    Args:
        root: a folder, or an address such as ``s3://bucket/shards``, whose chunks are cached after the first read.

    Raises:
        GenzooError: there are no shards, ``genzoo.json`` is damaged, the store cannot be read.

    Example:
        >>> Shards("nowhere")
        Traceback (most recent call last):
        genzoo.core.errors.GenzooError: data.root=nowhere: there are no shards (no genzoo.json); ...
    """

    def __init__(self, root: str | Path):
        self.root = str(root)
        self.remote = "://" in self.root or self.root.startswith("local:")  # local: = litdata's store for tests
        text = self._fetch_facts() if self.remote else self._read_facts()
        try:
            facts = json.loads(text)
            numbers = (facts["size"], facts["channels"])
            if facts["format"] != FORMAT:
                raise ValueError(f"format {facts['format']}; this version reads {FORMAT}")
            self.size, self.channels = facts["size"], facts["channels"]
            if not isinstance(facts["classes"], list):
                raise ValueError("classes is not a list")
            self.classes = [str(name) for name in facts["classes"]]
            self.fingerprint = str(facts["fingerprint"])
            self.splits = {split: [ChunkFacts(*chunk) for chunk in facts["splits"][split]] for split in SPLITS}
            for chunk in (chunk for chunks in self.splits.values() for chunk in chunks):
                plain_name("file", chunk.file)
                numbers += chunk[1:]
            if strange := [number for number in numbers if not is_count(number)]:
                raise ValueError(f"{strange[0]!r:.50} is not a count")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, GenzooError) as error:
            raise damaged(self._address(FACTS), error, REMEDY) from error
        # The cache key includes the facts, since other shards may be written to the same address.
        self.cache = cache_folder(None) / "shards" / hashlib.sha256(text.encode()).hexdigest()[:16]
        self._verified: set[tuple[str, int]] = set()

    def count(self, split: str) -> int:
        """Returns the number of images of a split."""
        return sum(chunk.count for chunk in self.splits[split])

    def check(self) -> None:
        """Checks that all local files exist and have the expected length; does nothing for a remote store.

        Raises:
            GenzooError: the message names the first missing or wrong file.
        """
        if not self.remote:
            for split, chunks in self.splits.items():
                for chunk in chunks:
                    self._check_length(split, chunk, Path(self._address(split, chunk.file)))

    def read(self, split: str, number: int) -> Chunk:
        """Returns a chunk, mapped into memory.

        The first read verifies its whole content, which also loads it sequentially. Thread-safe.

        Raises:
            GenzooError: the file is missing, damaged, or cannot be fetched.
        """
        facts = self.splits[split][number]
        address = self._address(split, facts.file)
        path = self._fetch(split, facts) if self.remote else Path(address)
        try:
            self._check_length(split, facts, path)
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            if (split, number) in self._verified:
                if hasattr(mmap, "MADV_WILLNEED"):
                    mapped.madvise(mmap.MADV_WILLNEED)  # sequential read-ahead instead of single pages
            elif zlib.crc32(mapped) != facts.crc32:
                raise damaged(address, f"its CRC-32 is not {facts.crc32}", REMEDY)
        except OSError as error:
            raise damaged(address, error, REMEDY) from error
        except GenzooError:
            if self.remote:
                path.unlink(missing_ok=True)  # so that the next run fetches it again
            raise
        self._verified.add((split, number))
        pixels = self.channels * self.size**2
        items = np.frombuffer(mapped, np.uint8)[4 * (facts.count + 2) :].reshape(facts.count, BEFORE + pixels + LABEL)
        labels = np.ascontiguousarray(items[:, -LABEL:]).view("<i8")[:, 0]
        if not -1 <= labels.min(initial=0) <= labels.max(initial=-1) < max(len(self.classes), 1):
            raise damaged(address, f"a label is outside of the {len(self.classes)} classes", REMEDY)
        return Chunk(items[:, BEFORE:-LABEL], labels)

    def _address(self, *names: str) -> str:
        return "/".join((self.root.rstrip("/"), *names))

    def _check_length(self, split: str, facts: ChunkFacts, path: Path) -> None:
        expected = 4 * (facts.count + 2) + facts.count * (BEFORE + self.channels * self.size**2 + LABEL)
        if facts.bytes != expected:
            raise damaged(self._address(FACTS), f"{facts.file} would have {expected} bytes", REMEDY)
        address = self._address(split, facts.file)
        if not path.is_file():
            raise GenzooError(f"data.root={self.root}: {address} is missing; {REMEDY}.")
        if path.stat().st_size != expected:
            raise damaged(address, f"{path.stat().st_size} bytes instead of {expected}", REMEDY)

    def _read_facts(self) -> str:
        self.root = str(Path(self.root).expanduser())
        path = Path(self.root) / FACTS
        if not path.is_file():
            raise GenzooError(
                f"data.root={self.root}: there are no shards (no {FACTS}); "
                "write them with python scripts/write_shards.py <folder of images> <folder of shards> --size <pixels>."
            )
        return path.read_text(errors="replace")

    def _fetch_facts(self) -> str:
        with tempfile.TemporaryDirectory() as folder:  # never a stale copy from the cache
            path = Path(folder) / FACTS
            self._download(FACTS, path, attempts=3)  # so that a wrong address fails within seconds
            return path.read_text(errors="replace")

    def _fetch(self, split: str, facts: ChunkFacts) -> Path:
        """Returns the file in the cache; fetches it if it is missing."""
        path = self.cache / split / facts.file
        if not path.is_file():
            self._download(f"{split}/{facts.file}", path, attempts=10)  # a short outage does not end a run
        return path

    def _download(self, name: str, path: Path, attempts: int) -> None:
        """Fetches a file from the store atomically; only one process per machine does."""
        try:
            from botocore.config import Config
            from filelock import FileLock
            from litdata.streaming.downloader import get_downloader
        except ImportError as error:
            raise GenzooError(f"data.root={self.root}: reading a store needs litdata; {INSTALL} ({error}).") from error
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{path}.fetching"):
                if path.is_file():
                    return
                if not self.root.startswith("s3://"):
                    get_downloader(self.root, str(path.parent), []).download_file(self._address(name), str(path))
                    return
                # litdata's defaults retry a thousand times, and its download_file refuses a store at http://.
                retries = {"total_max_attempts": attempts, "mode": "standard"}
                options = {"config": Config(connect_timeout=5, read_timeout=10, retries=retries)}
                downloader = get_downloader(self.root, str(path.parent), [], options)
                partial = path.with_name(f"{path.name}.partial")
                with partial.open("wb") as file:
                    downloader.download_fileobj(self._address(name), file)
                os.replace(partial, path)
        except Exception as error:  # each store raises its own types of errors
            raise GenzooError(
                f"data.root={self.root}: {name} cannot be fetched ({one_line(error)}); "
                "check the address, your access rights, and that all files of scripts/write_shards.py are there."
            ) from error

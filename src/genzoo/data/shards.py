"""Shards: many images in few large files, which litdata writes, fetches from a store, and can read, too.

A folder of shards holds ``genzoo.json`` and, a folder a split, litdata's index and chunks. An item is
``{"image": uint8 (C, H, W), "label": int}`` and all items are of one length, so a chunk is a table: the number of its
items, their offsets, the items (4-byte integers, then bytes). Chunks are mapped into memory and any row is read
directly; litdata's own ``dataset[i]`` reads far more than the row. Mapped pages belong to the operating system: they
are shared by the ranks of a machine and given up when memory is short.
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
LABEL = 8  #: bytes of a label, which end an item; the pixels are right before it
BEFORE = 28  #: bytes of an item before its pixels: lengths of image and label, type and shape of the image


class Chunk(NamedTuple):
    """Images of one file.

    Args:
        pixels: uint8 (n, C * H * W), mapped and read-only.
        labels: int64 (n,); -1 = unknown.
    """

    pixels: np.ndarray
    labels: np.ndarray


class ChunkFacts(NamedTuple):
    """What ``genzoo.json`` says of one file: its name, items, bytes and CRC-32."""

    file: str
    count: int
    bytes: int
    crc32: int


class Shards:
    """A folder of shards, here or in a store that litdata can read.

    Args:
        root: a folder, or an address such as ``s3://bucket/shards``, whose chunks are kept, once fetched, in a cache.

    Raises:
        GenzooError: there are no shards, ``genzoo.json`` is damaged, the store cannot be read.

    Example:
        >>> Shards("nowhere")
        Traceback (most recent call last):
        genzoo.core.errors.GenzooError: data.root=nowhere: there are no shards (no genzoo.json); ...
    """

    def __init__(self, root: str | Path):
        self.root = str(root)
        self.remote = "://" in self.root or self.root.startswith("local:")  # local: = litdata's store for trials
        text = self._fetch_facts() if self.remote else self._read_facts()
        try:
            facts = json.loads(text)
            numbers = (facts["size"], facts["channels"])
            if facts["format"] != FORMAT:
                raise ValueError(f"format {facts['format']}; this version reads {FORMAT}")
            self.size, self.channels = facts["size"], facts["channels"]
            if not isinstance(facts["classes"], list):
                raise ValueError("classes is no list")
            self.classes = [str(name) for name in facts["classes"]]
            self.fingerprint = str(facts["fingerprint"])
            self.splits = {split: [ChunkFacts(*chunk) for chunk in facts["splits"][split]] for split in SPLITS}
            for chunk in (chunk for chunks in self.splits.values() for chunk in chunks):
                plain_name("file", chunk.file)
                numbers += chunk[1:]
            if strange := [number for number in numbers if not is_count(number)]:
                raise ValueError(f"{strange[0]!r:.50} is no count")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, GenzooError) as error:
            raise damaged(self._address(FACTS), error, REMEDY) from error
        # Other shards at the same address are other files.
        self.cache = cache_folder(None) / "shards" / hashlib.sha256(text.encode()).hexdigest()[:16]
        self._verified: set[tuple[str, int]] = set()

    def count(self, split: str) -> int:
        """Number of images."""
        return sum(chunk.count for chunk in self.splits[split])

    def check(self) -> None:
        """Looks whether all files are there, with the lengths they should have; those in a store are not looked for.

        Raises:
            GenzooError: naming the first that is not.
        """
        if not self.remote:
            for split, chunks in self.splits.items():
                for chunk in chunks:
                    self._check_length(split, chunk, Path(self._address(split, chunk.file)))

    def read(self, split: str, number: int) -> Chunk:
        """A chunk, mapped. The first time its whole content is verified, which also brings it into memory in order.

        Safe to call from several threads.

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
                    mapped.madvise(mmap.MADV_WILLNEED)  # read ahead in order, not page by page
            elif zlib.crc32(mapped) != facts.crc32:
                raise damaged(address, f"its CRC-32 is not {facts.crc32}", REMEDY)
        except OSError as error:
            raise damaged(address, error, REMEDY) from error
        except GenzooError:
            if self.remote:
                path.unlink(missing_ok=True)  # the next run fetches it again
            raise
        self._verified.add((split, number))
        pixels = self.channels * self.size**2
        items = np.frombuffer(mapped, np.uint8)[4 * (facts.count + 2) :].reshape(facts.count, BEFORE + pixels + LABEL)
        labels = np.ascontiguousarray(items[:, -LABEL:]).view("<i8")[:, 0]
        if not -1 <= labels.min(initial=0) <= labels.max(initial=-1) < max(len(self.classes), 1):
            raise damaged(address, f"a label is none of the {len(self.classes)} classes", REMEDY)
        return Chunk(items[:, BEFORE:-LABEL], labels)

    def _address(self, *names: str) -> str:
        return "/".join((self.root.rstrip("/"), *names))

    def _check_length(self, split: str, facts: ChunkFacts, path: Path) -> None:
        expected = 4 * (facts.count + 2) + facts.count * (BEFORE + self.channels * self.size**2 + LABEL)
        if facts.bytes != expected:
            raise damaged(self._address(FACTS), f"{facts.file} would be of {expected} bytes", REMEDY)
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
                "python scripts/write_shards.py <folder of images> <folder of shards> --size <pixels> writes some."
            )
        return path.read_text(errors="replace")

    def _fetch_facts(self) -> str:
        with tempfile.TemporaryDirectory() as folder:  # never an old one from the cache
            path = Path(folder) / FACTS
            self._download(FACTS, path, attempts=3)  # a mistake in the address shall show within seconds
            return path.read_text(errors="replace")

    def _fetch(self, split: str, facts: ChunkFacts) -> Path:
        """The file in the cache, fetched if it is not there."""
        path = self.cache / split / facts.file
        if not path.is_file():
            self._download(f"{split}/{facts.file}", path, attempts=10)  # a short outage does not end a run
        return path

    def _download(self, name: str, path: Path, attempts: int) -> None:
        """Brings a file of the store, whole or not at all; of the processes of a machine one does."""
        try:
            from botocore.config import Config
            from filelock import FileLock
            from litdata.streaming.downloader import get_downloader
        except ImportError as error:
            raise GenzooError(f"data.root={self.root}: a store is read by litdata; {INSTALL} ({error}).") from error
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{path}.fetching"):
                if path.is_file():
                    return
                if not self.root.startswith("s3://"):
                    get_downloader(self.root, str(path.parent), []).download_file(self._address(name), str(path))
                    return
                # litdata's own settings try a thousand times, and its download_file refuses a store at http://.
                retries = {"total_max_attempts": attempts, "mode": "standard"}
                options = {"config": Config(connect_timeout=5, read_timeout=10, retries=retries)}
                downloader = get_downloader(self.root, str(path.parent), [], options)
                partial = path.with_name(f"{path.name}.partial")
                with partial.open("wb") as file:
                    downloader.download_fileobj(self._address(name), file)
                os.replace(partial, path)
        except Exception as error:  # each store has errors of its own
            raise GenzooError(
                f"data.root={self.root}: {name} cannot be fetched ({one_line(error)}); "
                "check the address, your access to it, and that all that scripts/write_shards.py wrote is there."
            ) from error

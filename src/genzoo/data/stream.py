"""Image sets that do not fit into memory, streamed from shards (see ``genzoo.data.shards``)."""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from genzoo.core.batches import ImageBatch, ImageSet, Stream
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.loader import Rounds
from genzoo.data.module import ImageData, split_of
from genzoo.data.shards import Chunk, Shards


@register
class StreamedImages(ImageData):
    """Images in shards, written by ``scripts/write_shards.py``.

    Training streams all images; evaluation and initialisation use the first ``limit`` images, which are held in memory.

    Args:
        root: folder of shards, or their address in a store, such as ``s3://bucket/shards``.
        size: height and width in pixels of the shards.
        channels: channels of the shards: 3 = colour, 1 = grey.
        classes: expected number of classes; None = the number stated by the shards.
        limit: number of images per split that are held in memory.
        window: number of chunks that are shuffled together.
        threads: number of threads that read ahead.
        ahead: number of rounds that are read ahead.
        options: settings of ``ImageData``, and facts that the configuration states (levels), which are checked.

    Raises:
        GenzooError: there are no shards, or they have another size, channels or classes; a setting is out of range.

    Example:
        >>> StreamedImages("nowhere")
        Traceback (most recent call last):
        genzoo.core.errors.GenzooError: data.root=nowhere: there are no shards (no genzoo.json); ...
    """

    name = "stream"
    source = "shards"
    facts: ClassVar[dict[str, int]] = {"levels": 256}

    def __init__(
        self,
        root: str | Path,
        size: int = 128,
        channels: int = 3,
        classes: int | None = None,
        limit: int = 10_000,
        window: int = 4,
        threads: int = 4,
        ahead: int = 4,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        for key, value in (("limit", limit), ("window", window), ("threads", threads), ("ahead", ahead)):
            check_positive(f"data.{key}", value)
        self.shards = Shards(root)
        written = {"size": self.shards.size, "channels": self.shards.channels, "classes": len(self.shards.classes)}
        for key, value in (("size", size), ("channels", channels), ("classes", classes)):
            if value is not None and value != written[key]:
                raise GenzooError(
                    f"data.{key}={value}: the shards in {self.shards.root} have {key}={written[key]}; "
                    f"set data.{key}={written[key]}, or write shards with scripts/write_shards.py."
                )
        super().__init__(size, channels, classes=written["classes"], **options)
        if self.labels_per_class is not None:
            raise GenzooError(
                f"data.labels_per_class={self.labels_per_class}: data=stream trains on all labels of its shards; leave "
                "it out, or use a set that fits into memory, such as data=images."
            )
        if self.only_classes is not None:
            raise GenzooError(
                f"data.only_classes={[*self.only_classes]}: data=stream trains on all images of its shards; leave it "
                "out, or use a set that fits into memory, such as data=images."
            )
        self.class_names = self.shards.classes
        self.limit, self.window, self.threads, self.ahead = limit, window, threads, ahead
        self._held: dict[str, ImageSet] = {}

    def setup(self, stage: str | None = None) -> None:
        """Checks that the files exist."""
        self.shards.check()

    def count(self, name: str) -> int:
        """Returns the number of images of a split, including those not held in memory."""
        return self.shards.count(name)

    def split(self, name: str) -> ImageSet:
        """Returns the first ``limit`` images of a split, a random sample: uint8 levels, on the CPU."""
        if name not in self._held:
            n = min(self.limit, self.count(name))
            shape = self.spec.shape
            images, labels = torch.empty(n, *shape, dtype=torch.uint8), torch.empty(n, dtype=torch.long)
            done = number = 0
            while done < n:
                chunk = self.shards.read(name, number)
                taken = min(len(chunk.labels), n - done)
                images[done : done + taken].view(taken, -1).numpy()[:] = chunk.pixels[:taken]
                labels[done : done + taken].numpy()[:] = chunk.labels[:taken]
                done, number = done + taken, number + 1
            self._held[name] = split_of(images, labels)
        return self._held[name]

    def fingerprint(self) -> str:
        """Returns the hash of the training images, computed when the shards were written."""
        return self.shards.fingerprint

    def pools(self) -> Mapping[str, ImageSet]:
        """Not available for sets that do not fit into memory."""
        raise NotImplementedError

    def train_dataloader(self) -> "StreamLoader":
        """Returns the loader of the remaining rounds, on the trainer's device."""
        module = self.trainer.lightning_module
        loader = StreamLoader(
            self.shards,
            module.streams,
            self.batch_size,
            self.rounds,
            self.seed,
            self.trainer.strategy.root_device,
            self.trainer.global_rank,
            self.trainer.world_size,
            self.window,
            self.threads,
            self.ahead,
        )
        loader.load_state_dict({"position": module.progress.rounds})
        return loader


class StreamLoader(Rounds):
    """Yields rounds that threads read ahead from shards.

    In each epoch the chunks are shuffled, then the images within each window of a few chunks, so that few files are
    open at a time and each is read once per epoch. The order is a function of (seed, stream, epoch), so the loader can
    start at any round without reading the previous ones.

    Args:
        shards: shards of which training images are drawn.
        streams, batch_size, rounds, seed, rank, world_size: see ``Rounds``.
        device: device of the yielded images.
        window: number of chunks that are shuffled together.
        threads: number of threads that open (fetch, verify) chunks, and of threads that copy images.
        ahead: number of rounds that are read ahead; the files of the next window are opened ahead, too.
    """

    def __init__(
        self,
        shards: Shards,
        streams: Callable[[int], Sequence[Stream]],
        batch_size: int,
        rounds: int,
        seed: int,
        device: torch.device | str = "cpu",
        rank: int = 0,
        world_size: int = 1,
        window: int = 4,
        threads: int = 4,
        ahead: int = 4,
    ):
        n = shards.count("train")
        sizes = {"train": n, "labelled": n} if shards.classes else {"train": n}
        super().__init__(sizes, streams, batch_size, rounds, seed, rank, world_size)
        self.shards, self.device = shards, torch.device(device)
        self.window, self.threads, self.ahead = window, threads, ahead
        counts = torch.tensor([chunk.count for chunk in shards.splits["train"]])
        self._ends = counts.cumsum(0)  # index after the last image of each chunk
        self._starts = self._ends - counts
        self._next_window = min(window * int(counts.max()), n) // batch_size  # number of batches

    def __iter__(self) -> Iterator[Any]:
        # ``planned`` and ``drawn`` are the read-ahead position, ``self.position`` the round that is yielded.
        files: OrderedDict[int, Future[Chunk]] = OrderedDict()
        planned, drawn = self.position, Counter(self._drawn)
        rounds: deque[tuple[Sequence[Stream], list[Future[ImageBatch]]]] = deque()
        openers, copiers = ThreadPoolExecutor(self.threads), ThreadPoolExecutor(self.threads)

        def opened(chunk: int) -> "Future[Chunk]":
            if chunk not in files:
                files[chunk] = openers.submit(self.shards.read, "train", chunk)
            files.move_to_end(chunk)
            return files[chunk]

        # Starts copying a batch, and opens the chunks of the next window, so that fetching does not delay it.
        def plan(stream: Stream, first: int) -> "Future[ImageBatch]":
            local = self._local_slice(stream, self._chosen(stream, first))
            chunks = self._chunks(local)
            sources = {int(chunk): opened(int(chunk)) for chunk in chunks.unique()}
            for chunk in self._chunks(self._chosen(stream, first + self._next_window)).unique():
                opened(int(chunk))
            return copiers.submit(self._copy, sources, chunks.tolist(), (local - self._starts[chunks]).tolist())

        try:
            while self.position < self.rounds:
                # If weights have changed since the rounds were planned, plan them again.
                current = self.streams(self.position)
                if rounds and tuple(rounds[0][0]) != tuple(current):
                    rounds.clear()
                    planned, drawn = self.position, Counter(self._drawn)
                # Plan rounds ahead, and close the least recently used chunks.
                while planned < min(self.position + 1 + self.ahead, self.rounds):
                    streams = self.streams(planned)
                    rounds.append((streams, [plan(stream, drawn[stream.name]) for stream in streams]))
                    for stream in streams:
                        drawn[stream.name] += stream.batches
                    planned += 1
                    while len(files) > 3 * self.window * len(streams):
                        files.popitem(last=False)
                batch = self._round(*(self._given(future.result()) for future in rounds.popleft()[1]))
                self._count(current)
                self.position += 1
                yield batch
        finally:
            for pool in (copiers, openers):
                pool.shutdown(cancel_futures=True)

    def _order(self, stream: Stream, epoch: int) -> Tensor:
        randomness = generator(self.seed, "order", stream.name, epoch)
        chunks = torch.randperm(len(self._ends), generator=randomness)
        order = []
        for together in chunks.split(self.window):
            images = torch.cat([torch.arange(self._starts[chunk], self._ends[chunk]) for chunk in together])
            order.append(images[torch.randperm(len(images), generator=randomness)])
        return torch.cat(order)

    def _chunks(self, images: Tensor) -> Tensor:
        """Returns the chunk of each image."""
        return torch.searchsorted(self._ends, images, right=True)

    def _copy(self, sources: Mapping[int, "Future[Chunk]"], chunks: Sequence[int], rows: Sequence[int]) -> ImageBatch:
        """Copies images (levels) and labels from rows of chunks; runs in a thread."""
        shape, pin = (self.shards.channels, self.shards.size, self.shards.size), self.device.type == "cuda"
        levels = torch.empty(len(rows), *shape, dtype=torch.uint8, pin_memory=pin)
        labels = torch.empty(len(rows), dtype=torch.long, pin_memory=pin)
        opened = {number: future.result() for number, future in sources.items()}
        flat, known = levels.flatten(1).numpy(), labels.numpy()
        for i, (chunk, row) in enumerate(zip(chunks, rows, strict=True)):
            flat[i], known[i] = opened[chunk].pixels[row], opened[chunk].labels[row]
        return ImageBatch(levels, labels)

    def _given(self, batch: ImageBatch) -> ImageBatch:
        levels = batch.images.to(self.device, non_blocking=True)
        return ImageBatch(from_levels(levels, 256), batch.labels.to(self.device, non_blocking=True))

"""The device-resident loader: small image sets live on the device as uint8 and are drawn and normalised there."""

from collections import Counter, namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from genzoo.core.batches import ImageBatch, ImageSet, Stream
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.randomness import derive_seed, generator

Augment = Callable[[Tensor, Generator], Tensor]


class RoundLoader:
    """Yields the rounds of a training run, each a NamedTuple of named streams of ``ImageBatch``.

    What round r holds is a function of (seed, r): each stream passes over its pool batch by batch, in a fresh order
    every epoch of its own, and drops the incomplete rest of a pass. Each rank takes its slice of the global batch.

    Args:
        pools: name -> images to draw from.
        streams: what a round consists of, given the number of rounds before it.
        batch_size: images of one batch, over all ranks.
        rounds: length of the whole run; iteration goes from the loader's position to here.
        seed: of the order.
        levels: number of levels of a pixel; None = continuous data, which are floats already.
        augment: maps drawn levels, uint8 (B, C, H, W), and a generator to new levels.
        device: where images live.
        rank, world_size: this process among all.

    Example:
        >>> digits = ImageSet(torch.arange(6, dtype=torch.uint8).view(6, 1, 1, 1), torch.arange(6))
        >>> loader = RoundLoader({"train": digits}, lambda round: [Stream("real")], batch_size=3, rounds=4, seed=0)
        >>> len(loader), sorted(torch.cat([batch.real.labels for batch in list(loader)[:2]]).tolist())
        (4, [0, 1, 2, 3, 4, 5])
    """

    def __init__(
        self,
        pools: Mapping[str, ImageSet],
        streams: Callable[[int], Sequence[Stream]],
        batch_size: int,
        rounds: int,
        seed: int,
        levels: int | None = 256,
        augment: Augment | None = None,
        device: torch.device | str = "cpu",
        rank: int = 0,
        world_size: int = 1,
    ):
        if batch_size % world_size:
            raise GenzooError(
                f"data.batch_size={batch_size} is the batch over all devices and cannot be split evenly over "
                f"{world_size}; choose a multiple of {world_size}."
            )
        for stream in streams(0):
            if stream.pool not in pools:
                raise GenzooError(
                    f"data: {stream.name!r} draws labelled images, but there are no labels; choose other data."
                )
            if batch_size > len(pools[stream.pool].images):
                raise GenzooError(
                    f"data.batch_size={batch_size}: {stream.name!r} draws batches of that size, but there are only "
                    f"{len(pools[stream.pool].images)} images; choose a smaller batch."
                )
        self.pools = {
            name: ImageSet(*(None if field is None else field.to(device) for field in pools[name]))
            for name in {stream.pool for stream in streams(0)}
        }
        self.streams, self.batch_size, self.rounds, self.seed = streams, batch_size, rounds, seed
        self.levels, self.augment, self.device = levels, augment, torch.device(device)
        self.rank, self.world_size = rank, world_size
        self.position = 0
        self._drawn: Counter[str] = Counter()  # stream -> batches before the position
        self._round: Any = namedtuple("Round", [stream.name for stream in streams(0)])
        self._orders: dict[str, tuple[int, Tensor]] = {}  # stream -> (epoch, order)

    def __len__(self) -> int:
        return max(self.rounds - self.position, 0)

    def __iter__(self) -> Iterator[Any]:
        while self.position < self.rounds:
            streams = self.streams(self.position)
            batch = self._round(*(self._draw(stream) for stream in streams))
            self._count(streams)
            self.position += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """The number of rounds yielded."""
        return {"position": self.position}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Goes on after ``state["position"]`` rounds."""
        self.position = state["position"]
        self._drawn = Counter()
        for round in range(self.position):
            self._count(self.streams(round))

    def _count(self, streams: Sequence[Stream]) -> None:
        for stream in streams:
            self._drawn[stream.name] += stream.batches

    def _draw(self, stream: Stream) -> ImageBatch:
        """What this rank sees of the stream in the round at hand."""
        pool, first, size = self.pools[stream.pool], self._drawn[stream.name], stream.batches * self.batch_size
        chosen = torch.cat([self._batch(stream, first + i) for i in range(stream.batches)])
        # Rank r takes each batch's r-th slice, so that the ranks together see the batches one process would see.
        mine = torch.arange(size, device=self.device).view(stream.batches, self.world_size, -1)[:, self.rank].flatten()
        if self.augment is None:
            levels = pool.images[chosen[mine]]
        else:  # on the global batch, for the same reason
            randomness = generator(self.seed, "augment", stream.name, self.position, device=self.device)
            levels = self.augment(pool.images[chosen], randomness)[mine]
        chosen = chosen[mine]
        factors = None if pool.factors is None else pool.factors[chosen]
        return ImageBatch(from_levels(levels, self.levels), pool.labels[chosen], factors)

    def _batch(self, stream: Stream, number: int) -> Tensor:
        """Indices of the images of the stream's batch of that number, over all ranks."""
        epoch, i = divmod(number, len(self.pools[stream.pool].images) // self.batch_size)
        return self._order(stream, epoch)[i * self.batch_size : (i + 1) * self.batch_size]

    def _order(self, stream: Stream, epoch: int) -> Tensor:
        if self._orders.get(stream.name, (None,))[0] != epoch:
            order = torch.randperm(
                len(self.pools[stream.pool].images),
                generator=torch.Generator().manual_seed(derive_seed(self.seed, "order", stream.name, epoch)),
            )
            self._orders[stream.name] = epoch, order.to(self.device)
        return self._orders[stream.name][1]

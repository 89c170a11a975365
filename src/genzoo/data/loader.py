"""The loader of rounds for image sets that fit into device memory.

Images are stored on the device as uint8 and are drawn and normalised there. Larger sets are streamed in the same rounds
(``genzoo.data.stream``).
"""

from collections import Counter, namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from genzoo.core.batches import ImageBatch, ImageSet, Stream
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.randomness import generator

Augment = Callable[[Tensor, Generator], Tensor]


class Rounds:
    """Base of the loaders of rounds: determines the images of each round from (seed, round), and keeps the position.

    Each stream iterates over its pool batch by batch, with a new random order per epoch of the stream, and drops the
    incomplete last batch of an epoch. If there are fewer labelled images than a batch, each batch repeats the pool, the
    last time partially. A stream with weights draws each batch with replacement; the images of a batch are then a
    function of (seed, stream, number of the batch, weights). Each rank gets its slice of the global batch. Subclasses
    implement ``__iter__``.

    Args:
        sizes: name of a pool -> number of its images; all training images are the pool ``"train"``.
        streams: number of previous rounds -> streams of the round.
        batch_size: images per batch over all ranks.
        rounds: length of the whole run; iteration runs from the loader's position to this number.
        seed: seed of the order.
        rank, world_size: rank of this process, and number of processes.

    Raises:
        GenzooError: a pool is missing or too small, or the batch cannot be split evenly over the ranks.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        streams: Callable[[int], Sequence[Stream]],
        batch_size: int,
        rounds: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ):
        check_even(batch_size, world_size)
        for stream in streams(0):
            if stream.pool not in sizes:
                lacking = "labels" if stream.pool == "labelled" else f"domain {stream.pool}"
                raise GenzooError(
                    f"data: {stream.name!r} draws from the pool {stream.pool!r}, but there are no {lacking}; choose "
                    "other data."
                )
            available = sizes["train" if stream.pool == "labelled" else stream.pool]
            if batch_size > available:
                raise GenzooError(
                    f"data.batch_size={batch_size}: {stream.name!r} draws batches of that size, but there are only "
                    f"{available} images; choose a smaller batch."
                )
        self.sizes, self.streams, self.batch_size = dict(sizes), streams, batch_size
        self.rounds, self.seed = rounds, seed
        self.rank, self.world_size = rank, world_size
        self.position = 0
        self._drawn: Counter[str] = Counter()  # stream -> number of batches before the position
        self._round: Any = namedtuple("Round", [stream.name for stream in streams(0)])
        self._orders: dict[str, dict[int, Tensor]] = {}  # stream -> epoch -> order, for two epochs
        self._sums: dict[str, tuple[Tensor, Tensor]] = {}  # stream -> its latest weights and their cumulative sums

    def __len__(self) -> int:
        return max(self.rounds - self.position, 0)

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError

    def state_dict(self) -> dict[str, int]:
        """Returns the position: the number of rounds yielded."""
        return {"position": self.position}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Continues after ``state["position"]`` rounds."""
        self.position = state["position"]
        self._drawn = Counter()
        for round in range(self.position):
            self._count(self.streams(round))

    def _count(self, streams: Sequence[Stream]) -> None:
        for stream in streams:
            self._drawn[stream.name] += stream.batches

    def _chosen(self, stream: Stream, first: int) -> Tensor:
        """Returns the image indices of the stream's batches in one round, over all ranks, from batch ``first`` on."""
        batch = self._batch if stream.weights is None else self._batch_by_weights
        return torch.cat([batch(stream, first + i) for i in range(stream.batches)] or [torch.empty(0).long()])

    def _local_slice(self, stream: Stream, drawn: Tensor) -> Tensor:
        """Returns this rank's part of a tensor drawn for all ranks, of any shape after the first dimension.

        Rank r gets the r-th slice of each batch, so that all ranks together train on the batches of a single process.
        """
        per_rank = self.batch_size // self.world_size
        return drawn.unflatten(0, (stream.batches, self.world_size, per_rank))[:, self.rank].flatten(0, 1)

    def _batch(self, stream: Stream, number: int) -> Tensor:
        """Returns the image indices of the stream's batch ``number``, over all ranks."""
        epoch, i = divmod(number, self._batches(stream))
        orders = self._orders.setdefault(stream.name, {})
        if epoch not in orders:
            if len(orders) == 2:
                del orders[min(orders)]
            orders[epoch] = self._order(stream, epoch)
        return orders[epoch][i * self.batch_size : (i + 1) * self.batch_size]

    def _batch_by_weights(self, stream: Stream, number: int) -> Tensor:
        """Returns the image indices of the stream's batch ``number``, over all ranks, drawn with replacement."""
        if stream.name not in self._sums or self._sums[stream.name][0] is not stream.weights:
            self._sums[stream.name] = stream.weights, cumulative(stream, self.sizes[stream.pool])
        uniform = torch.rand(
            self.batch_size, dtype=torch.float64, generator=generator(self.seed, "weighted", stream.name, number)
        )
        return torch.searchsorted(self._sums[stream.name][1], uniform, right=True)

    def _batches(self, stream: Stream) -> int:
        """Number of complete batches per epoch."""
        n = self.sizes[stream.pool]
        return (n if n >= self.batch_size else self.sizes["train"]) // self.batch_size

    def _order(self, stream: Stream, epoch: int) -> Tensor:
        """Returns the order of the pool's images in an epoch, a function of (seed, stream, epoch).

        Source: openai/improved-gan, mnist_svhn_cifar10, for pools smaller than a batch (there, permutations continue
        across batches).
        """
        n, randomness = self.sizes[stream.pool], generator(self.seed, "order", stream.name, epoch)
        if n >= self.batch_size:
            return torch.randperm(n, generator=randomness)
        passes = -(-self.batch_size // n)  # the last one partially
        permutations = torch.rand(self._batches(stream), passes, n, generator=randomness).argsort(-1)
        return permutations.flatten(1)[:, : self.batch_size].flatten()


class RoundLoader(Rounds):
    """Yields the rounds of a training run, each a NamedTuple of named streams of ``ImageBatch``.

    The images of round r are a function of (seed, r): each stream iterates over its pool batch by batch, with a new
    random order per epoch of the stream, and drops the incomplete last batch of an epoch. Each rank gets its slice of
    the global batch.

    Args:
        pools: name -> images that streams draw from.
        streams: number of previous rounds -> streams of the round.
        batch_size: images per batch over all ranks.
        rounds: length of the whole run; iteration runs from the loader's position to this number.
        seed: seed of the order.
        levels: number of levels of a pixel; None = continuous data, stored as floats, and tokens.
        augment: maps drawn levels, uint8 (B, C, H, W), and a generator to new levels; C has the channels of both images
            of a pair.
        device: device on which the images are stored.
        rank, world_size: rank of this process, and number of processes.

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
        sizes = {name: len(pool.images) for name, pool in pools.items()}
        super().__init__(sizes, streams, batch_size, rounds, seed, rank, world_size)
        self.pools = {
            name: pools[name].each(lambda field: field.to(device)) for name in {stream.pool for stream in streams(0)}
        }
        self.levels, self.augment, self.device = levels, augment, torch.device(device)

    def __iter__(self) -> Iterator[Any]:
        while self.position < self.rounds:
            streams = self.streams(self.position)
            batch = self._round(*(self._draw(stream) for stream in streams))
            self._count(streams)
            self.position += 1
            yield batch

    def _draw(self, stream: Stream) -> ImageBatch:
        """Returns this rank's images of the stream in the current round."""
        pool, chosen = self.pools[stream.pool], self._chosen(stream, self._drawn[stream.name])
        local = pool.at(self._local_slice(stream, chosen))
        images, target = local.images, local.target
        if self.augment is not None:  # on the global batch, so that random numbers do not depend on the number of ranks
            randomness = generator(self.seed, "augment", stream.name, self.position, device=self.device)
            both = pool.images[chosen] if target is None else torch.cat([pool.images[chosen], pool.target[chosen]], 1)
            changed = self._local_slice(stream, self.augment(both, randomness))
            images, target = changed[:, : images.shape[1]], None if target is None else changed[:, images.shape[1] :]
        target = None if target is None else from_levels(target, self.levels)
        return ImageBatch(from_levels(images, self.levels), local.labels, local.factors, target, local.given)

    def _order(self, stream: Stream, epoch: int) -> Tensor:
        return super()._order(stream, epoch).to(self.device)

    def _batch_by_weights(self, stream: Stream, number: int) -> Tensor:
        return super()._batch_by_weights(stream, number).to(self.device)


def cumulative(stream: Stream, images: int) -> Tensor:
    """Cumulative sums of a stream's weights, float64 (N,) on the CPU; the last one is exactly 1.

    Args:
        stream: a stream with weights.
        images: number of images of its pool.

    Raises:
        GenzooError: the number of weights differs, a weight is negative or not finite, or all are 0.

    Example:
        >>> cumulative(Stream("real", weights=torch.tensor([1, 0, 3])), images=3)
        tensor([0.2500, 0.2500, 1.0000], dtype=torch.float64)
    """
    assert stream.weights is not None
    weights = stream.weights.detach().double().cpu()
    if weights.shape != (images,):
        raise GenzooError(
            f"stream {stream.name!r}: weights of shape {tuple(weights.shape)}, but its pool has {images} images; give "
            "one weight per image."
        )
    if not (weights.isfinite().all() and (weights >= 0).all() and weights.any()):
        raise GenzooError(
            f"stream {stream.name!r}: weights from {weights.min().item():g} to {weights.max().item():g}; finite "
            "numbers that are not negative are needed, at least one of them positive."
        )
    sums = weights.cumsum(0)
    return sums / sums[-1]


def check_even(batch_size: int, world_size: int) -> None:
    """Checks that a batch can be split evenly over the ranks.

    Raises:
        GenzooError: it cannot; the message names both numbers.
    """
    if batch_size % world_size:
        raise GenzooError(
            f"data.batch_size={batch_size} is the batch over all devices and cannot be split evenly over "
            f"{world_size}; choose a multiple of {world_size}."
        )

"""Random numbers as a function of (seed, purpose).

Every round is seeded by (seed, round, rank). So a resumed run draws the same numbers as an uninterrupted one, and draws
between rounds (pictures, metrics) do not affect training.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from numpy.random import SeedSequence
from torch import Tensor

T = TypeVar("T", torch.device, torch.device | None)


def derive_seed(seed: int, *keys: int | str) -> int:
    """A 32-bit seed for one purpose, independent of the seeds for other keys.

    >>> derive_seed(0, "round", 1) == derive_seed(0, "round", 1) != derive_seed(0, "round", 2)
    True
    """
    words = [zlib.crc32(k.encode()) if isinstance(k, str) else int(k) for k in (seed, *keys)]
    # SeedSequence pads with 0: the final 1 makes (a) and (a, 0) differ.
    return int(SeedSequence([*words, 1]).generate_state(1)[0])


def seed_all(seed: int, device: torch.device) -> None:
    """Seeds the global generators of computations on ``device``.

    ``torch.manual_seed`` would seed every backend, and for an unused one would queue the call with a formatted stack,
    which takes a millisecond.
    """
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)


@contextmanager
def drawing_from(source: torch.Generator | None, device: torch.device) -> Iterator[None]:
    """Inside, layers with noise draw numbers that ``source`` determines; global generators are afterwards as before.

    Args:
        source: advanced by one number; None = the same numbers each time.
        device: device of the layers.

    >>> with drawing_from(None, torch.device("cpu")):
    ...     a = torch.rand(1)
    >>> with drawing_from(None, torch.device("cpu")):
    ...     a == torch.rand(1)
    tensor([True])
    """
    source = source or generator(0, "drawing")
    seed = int(torch.randint(2**31, (), generator=source, device=source.device))
    with torch.random.fork_rng([] if device.type == "cpu" else [device]):
        seed_all(seed, device)
        yield


def drawing_device(generator: torch.Generator | None, device: T) -> torch.device | T:
    """The device to draw on: the generator's, so that a seed gives the same numbers on every device; else ``device``.

    >>> drawing_device(generator(0), torch.device("meta")), drawing_device(None, torch.device("meta"))
    (device(type='cpu'), device(type='meta'))
    """
    return device if generator is None else generator.device


def generator(seed: int, *keys: int | str, device: torch.device | str = "cpu") -> torch.Generator:
    """A torch generator for one purpose."""
    return torch.Generator(device).manual_seed(derive_seed(seed, *keys))


def other_rows(y: Tensor) -> Tensor:
    """For each row of (B, n) the index of a random other one of different values; of any, if all rows are equal.

    >>> other_rows(torch.tensor([[1.0], [2.0], [1.0]]))[[0, 2]]
    tensor([1, 1])
    """
    different = (y[:, None] != y).any(2)
    return different.float().clamp(min=1e-9).multinomial(1).squeeze(1)

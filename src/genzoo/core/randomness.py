"""Random numbers as a function of (seed, what they are for).

Every round is seeded by (seed, round, rank). So a resumed run draws what an unbroken one draws, and nothing that
happens between rounds (pictures, metrics) can disturb the training.
"""

import zlib

import torch
from numpy.random import SeedSequence


def derive_seed(seed: int, *keys: int | str) -> int:
    """A 32-bit seed for one purpose, independent of those for other keys.

    >>> derive_seed(0, "round", 1) == derive_seed(0, "round", 1) != derive_seed(0, "round", 2)
    True
    """
    words = [zlib.crc32(k.encode()) if isinstance(k, str) else int(k) for k in (seed, *keys)]
    return int(SeedSequence([*words, 1]).generate_state(1)[0])  # the 1 tells (a) from (a, 0), which it would pad alike


def seed_all(seed: int, device: torch.device) -> None:
    """Seeds the global generators that a computation on ``device`` draws from.

    ``torch.manual_seed`` would seed every backend there is, and where one is not in use queue the call with a
    formatted stack: a millisecond.
    """
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)


def generator(seed: int, *keys: int | str, device: torch.device | str = "cpu") -> torch.Generator:
    """A torch generator for one purpose."""
    return torch.Generator(device).manual_seed(derive_seed(seed, *keys))

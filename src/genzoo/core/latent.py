"""Latent codes as ordered sets of named parts."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

import torch
from torch import Generator, Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register


class Part(Protocol):
    """One named part of a latent code.

    ``size`` is its width in the flat code; ``entropy`` its entropy in nats (differential for continuous parts).
    """

    size: int
    entropy: float

    def sample(self, n: int, generator: Generator | None = None, device: torch.device | None = None) -> Tensor:
        """n draws, float (n, size)."""

    def walk(self, steps: int) -> Tensor:
        """Values of the part along rows of a latent traversal: (rows, steps, size)."""

    @property
    def varies_along_rows(self) -> bool:
        """Whether the value changes along a row of ``walk`` (continuous parts) or is constant (categorical ones)."""


class _Continuous:
    """Base class of parts with independent continuous dimensions of one distribution."""

    varies_along_rows = True
    middle = 0.0
    limit: float  # traversals go this far from the middle to both sides

    def __init__(self, size: int):
        if size < 1:
            raise GenzooError(f"latent: a part's size must be at least 1, got {size}.")
        self.size = size

    def sample(self, n: int, generator: Generator | None = None, device: torch.device | None = None) -> Tensor:
        """n draws from the part's distribution, float (n, size)."""
        raise NotImplementedError

    def walk(self, steps: int) -> Tensor:
        """One row per dimension, with the others in the middle."""
        return self.middle + self.limit * multiples(torch.eye(self.size), steps)


@register
class Uniform(_Continuous):
    """Independent uniform dimensions on [-bound, bound].

    Args:
        size: number of dimensions.
        bound: half the width of the interval (√3 gives unit variance).
    """

    def __init__(self, size: int, bound: float = 1.0):
        super().__init__(size)
        if bound <= 0:
            raise GenzooError(f"latent: a uniform part's bound must be positive, got {bound}.")
        self.bound = bound
        self.limit = 2 * bound  # figure 2 of InfoGAN varies codes from -2 to 2, beyond the range in training
        self.entropy = size * math.log(2 * bound)

    def sample(self, n: int, generator: Generator | None = None, device: torch.device | None = None) -> Tensor:
        """n draws, float (n, size)."""
        draws = torch.rand(n, self.size, generator=generator, device=drawing_device(generator, device))
        return (draws * 2 - 1).mul_(self.bound).to(device)


@register
class UnitUniform(Uniform):
    """Independent uniform dimensions on [0, 1].

    Args:
        size: number of dimensions.
    """

    middle = 0.5

    def __init__(self, size: int):
        super().__init__(size, bound=0.5)

    def sample(self, n: int, generator: Generator | None = None, device: torch.device | None = None) -> Tensor:
        """n draws, float (n, size)."""
        return super().sample(n, generator, device) + self.middle


@register
class Normal(_Continuous):
    """Independent normal dimensions of mean 0.

    Args:
        size: number of dimensions.
        std: standard deviation.
    """

    def __init__(self, size: int, std: float = 1.0):
        super().__init__(size)
        if not std > 0:
            raise GenzooError(f"latent: a normal part's std must be positive, got {std}.")
        self.std, self.limit = std, 2 * std
        self.entropy = size * (0.5 * math.log(2 * math.pi * math.e) + math.log(std))

    def sample(self, n: int, generator: Generator | None = None, device: torch.device | None = None) -> Tensor:
        """n draws, float (n, size)."""
        draws = torch.randn(n, self.size, generator=generator, device=drawing_device(generator, device))
        return draws.mul_(self.std).to(device)


@register
class Categorical:
    """One of ``size`` equally likely categories, one-hot.

    Args:
        size: number of categories.
    """

    varies_along_rows = False

    def __init__(self, size: int):
        if not isinstance(size, int) or size < 2:
            raise GenzooError(
                f"latent: a categorical part needs at least 2 categories, got {size}. If the categories are the data's "
                "classes: choose data with labels; for a folder of images, give data.classes=<their number>."
            )
        self.size = size
        self.entropy = math.log(size)

    def sample(self, n: int, generator: Generator | None = None, device: torch.device | None = None) -> Tensor:
        """n draws, one-hot float (n, size)."""
        draws = torch.randint(self.size, (n,), generator=generator, device=drawing_device(generator, device)).to(device)
        return torch.nn.functional.one_hot(draws, self.size).float()

    def walk(self, steps: int) -> Tensor:
        """One row per category, constant along the row."""
        return torch.eye(self.size)[:, None, :].expand(-1, steps, -1)


class Traversal(NamedTuple):
    """The codes of a latent traversal, one row per varied dimension or category.

    Args:
        codes: (rows, steps, width of the latent).
        names: one per row, e.g. ``"digit 3"``.
    """

    codes: Tensor
    names: list[str]


@register
class Latent:
    """An ordered set of named parts; a code is their concatenation, float (B, width).

    Args:
        parts: name = part, in order.

    Example:
        >>> latent = Latent(noise=Uniform(62), digit=Categorical(10), style=Uniform(2))
        >>> z = latent.sample(5)
        >>> z.shape, {name: tuple(value.shape) for name, value in latent.split(z).items()}
        (torch.Size([5, 74]), {'noise': (5, 62), 'digit': (5, 10), 'style': (5, 2)})
        >>> latent.traverse(steps=8, generator=torch.Generator()).names[62:64]
        ['digit 0', 'digit 1']
    """

    def __init__(self, **parts: Part):
        if not parts:
            raise GenzooError("latent: at least one named part is needed, e.g. noise: Normal(100).")
        self.parts: Mapping[str, Part] = parts

    @property
    def width(self) -> int:
        """Width of the flat code."""
        return sum(part.size for part in self.parts.values())

    def without(self, name: str) -> "Latent":
        """The latent code of all other parts.

        Raises:
            GenzooError: there are none.
        """
        return Latent(**{other: part for other, part in self.parts.items() if other != name})

    def sample(self, n: int, generator: Generator | None = None, device: torch.device | None = None) -> Tensor:
        """n codes from the prior, (n, width)."""
        return torch.cat([part.sample(n, generator, device) for part in self.parts.values()], dim=1)

    def split(self, codes: Tensor) -> dict[str, Tensor]:
        """The named parts of codes (..., width)."""
        values = codes.split([part.size for part in self.parts.values()], dim=-1)
        return dict(zip(self.parts, values, strict=True))

    def join(self, values: Mapping[str, Tensor]) -> Tensor:
        """Codes from their named parts: the inverse of ``split``."""
        return torch.cat([values[name] for name in self.parts], dim=-1)

    def traverse(
        self, steps: int, generator: Generator, directions: Mapping[str, Tensor] = MappingProxyType({})
    ) -> Traversal:
        """A traversal of every part.

        A categorical part has one row per category, with a new draw of all other parts per column; a continuous part
        has one row per dimension, along which its value changes, with all other parts fixed.

        Args:
            steps: codes per row.
            generator: of the draws.
            directions: continuous part -> directions (k, size), from -2 to 2 times which it is moved from a draw,
                instead of its dimensions.
        """
        base = self.split(self.sample(steps, generator))  # one draw per column
        rows, names = [], []
        for name, part in self.parts.items():
            ways = directions.get(name)
            walks = part.walk(steps) if ways is None else base[name][:1] + 2 * multiples(ways, steps)
            for i, walk in enumerate(walks):
                others = {k: v[:1].expand(steps, -1) if part.varies_along_rows else v for k, v in base.items()}
                rows.append(self.join({**others, name: walk}))
                names.append(f"{name} {i}" if ways is None else f"{name}, direction {i + 1}")
        return Traversal(torch.stack(rows), names)


def multiples(ways: Tensor, steps: int) -> Tensor:
    """Multiples from -1 to 1 of directions (k, size): (k, steps, size)."""
    return torch.linspace(-1, 1, steps)[:, None] * ways[:, None]

"""Parts of latent codes in the plane, whose draws can have a label: a mixture of Gaussians, and a spiral."""

import math
from functools import cached_property

import torch
from torch import Generator, Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.latent import multiples
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register

ENTROPY_DRAWS = 10_000


class PlanarPart:
    """Base class of two-dimensional parts that consist of ``labels`` equally likely components.

    Subclasses implement ``draw`` and ``log_density``. The entropy of these distributions has no closed form: it is
    estimated, once and at first use, as the mean of -log p over 10,000 fixed draws.
    """

    size = 2
    varies_along_rows = True
    labels: int  #: number of components
    limit: float  #: traversals go from -limit to limit

    def draw(self, labels: Tensor, generator: Generator | None) -> Tensor:
        """One draw per label, float (n, 2), on the device of the labels, int64 (n,)."""
        raise NotImplementedError

    def log_density(self, points: Tensor) -> Tensor:
        """log p of points (n, 2), in nats, (n,)."""
        raise NotImplementedError

    @cached_property
    def entropy(self) -> float:
        """The differential entropy in nats, an estimate whose error is about 0.01."""
        points = self.sample(ENTROPY_DRAWS, torch.Generator().manual_seed(0))
        return -float(self.log_density(points.double()).mean())

    def sample(self, n: int, generator: Generator | None = None, device: torch.device | None = None) -> Tensor:
        """n draws, float (n, 2), of random components."""
        place = drawing_device(generator, device)
        labels = torch.randint(self.labels, (n,), generator=generator, device=place)
        return self.draw(labels, generator).to(device)

    def sample_labelled(self, labels: Tensor, generator: Generator | None = None) -> Tensor:
        """One draw per label, float (n, 2), on the labels' device.

        Args:
            labels: components, int64 (n,); -1 = a random one.
            generator: of the draws; its device is used for them.
        """
        place = drawing_device(generator, labels.device)
        random = torch.randint(self.labels, labels.shape, generator=generator, device=place)
        given = labels.to(place)
        return self.draw(torch.where(given < 0, random, given), generator).to(labels.device)

    def walk(self, steps: int) -> Tensor:
        """One row per dimension, with the other one at 0: (2, steps, 2)."""
        return self.limit * multiples(torch.eye(2), steps)


def _noise(like: Tensor, generator: Generator | None) -> Tensor:
    return torch.randn(len(like), 2, generator=generator, device=like.device)


def _positive(**settings: float) -> None:
    for name, value in settings.items():
        if not value > 0:
            raise GenzooError(f"latent: a planar part's {name} must be positive, got {value}.")


@register
class Mixture(PlanarPart):
    """Gaussians whose means lie on a circle around 0; each is long along the radius and narrow across it.

    Args:
        labels: number of Gaussians.
        radius: of the circle.
        along, across: standard deviations in the direction of the radius and at right angles to it.

    Raises:
        GenzooError: a setting is not positive.

    Source: Makhzani et al. 2015, arXiv 1511.05644, figure 4a; the lengths are of public reimplementations.

    Example:
        >>> Mixture(labels=4, along=1e-3, across=1e-3).sample_labelled(torch.tensor([0, 2])).round(decimals=1)[:, 0]
        tensor([ 1.4000, -1.4000])
    """

    def __init__(self, labels: int = 10, radius: float = 1.4, along: float = 0.5, across: float = 0.1):
        _positive(labels=labels, radius=radius, along=along, across=across)
        self.labels, self.radius, self.along, self.across = labels, radius, along, across
        self.limit = radius + 2 * along

    def draw(self, labels: Tensor, generator: Generator | None) -> Tensor:
        """One draw per label, float (n, 2)."""
        angle = 2 * math.pi / self.labels * labels
        noise = _noise(labels, generator)
        out, aside = self.radius + self.along * noise[:, 0], self.across * noise[:, 1]
        cos, sin = angle.cos(), angle.sin()
        return torch.stack([out * cos - aside * sin, out * sin + aside * cos], dim=1)

    def log_density(self, points: Tensor) -> Tensor:
        """log p of points (n, 2), in nats, (n,)."""
        angle = 2 * math.pi / self.labels * torch.arange(self.labels, dtype=points.dtype, device=points.device)
        axes = torch.stack([angle.cos(), angle.sin()])
        out = points @ axes - self.radius
        aside = points @ torch.stack([-angle.sin(), angle.cos()])
        exponents = -0.5 * ((out / self.along) ** 2 + (aside / self.across) ** 2)
        return exponents.logsumexp(1) - math.log(2 * math.pi * self.along * self.across * self.labels)


@register
class SwissRoll(PlanarPart):
    """A spiral around 0 with Gaussian noise, cut into segments of equal probability, label 0 at the centre.

    With u uniform on [0, 1], a draw is r (cos t, sin t) plus noise, where r = radius √u and t = 2π turns √u, so that
    all parts of the curve are about equally dense.

    Args:
        labels: number of segments.
        radius: distance of the curve's end from 0.
        turns: number of turns.
        std: standard deviation of the noise.

    Raises:
        GenzooError: a setting is not positive.

    Source: arXiv 1511.05644, figure 4b; the lengths are of public reimplementations, which have no noise.
    """

    def __init__(self, labels: int = 10, radius: float = 3.0, turns: float = 2.0, std: float = 0.05):
        _positive(labels=labels, radius=radius, turns=turns, std=std)
        self.labels, self.radius, self.turns, self.std = labels, radius, turns, std
        self.limit = radius

    def curve(self, u: Tensor) -> Tensor:
        """Points of the curve, (n, 2), for u in [0, 1], (n,)."""
        root = u.sqrt()
        angle = 2 * math.pi * self.turns * root
        return self.radius * root[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)

    def draw(self, labels: Tensor, generator: Generator | None) -> Tensor:
        """One draw per label, float (n, 2)."""
        u = torch.rand(len(labels), generator=generator, device=labels.device)
        return self.curve((labels + u) / self.labels) + self.std * _noise(labels, generator)

    def log_density(self, points: Tensor) -> Tensor:
        """log p of points (n, 2), in nats, (n,), by the midpoint rule over √u."""
        steps = math.ceil(4 * math.pi * self.turns * self.radius / self.std) + 100  # closer than half a std
        root = (torch.arange(steps, dtype=points.dtype, device=points.device) + 0.5) / steps
        squares = torch.cdist(points, self.curve(root**2)).square()
        weights = (2 * root / steps).log()  # du = 2 √u d√u
        exponents = weights - squares / (2 * self.std**2)
        return exponents.logsumexp(1) - math.log(2 * math.pi * self.std**2)

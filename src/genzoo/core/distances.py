"""Distances between given images and images of a model, which a latent search minimises."""

from collections.abc import Callable
from typing import Protocol, cast

from torch import Tensor

from genzoo.core.capabilities import Features
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule

From = Callable[[Tensor], Tensor]


class Distance(Protocol):
    """A differentiable distance of images."""

    name: str  #: its formula, for protocols
    needs: frozenset[type]  #: capabilities of the model that it uses

    def to(self, module: RoundModule, images: Tensor) -> From:
        """The function from images (S, B, C, H, W) to their distances (S, B) to the given images (B, C, H, W)."""
        ...


@register
class Pixels:
    """Σ |x - y|^power over pixels and channels, of images in [-1, 1].

    Args:
        power: 1 = absolute, 2 = squared differences.

    Raises:
        GenzooError: the power is neither 1 nor 2.

    Example:
        >>> import torch
        >>> x, y = torch.full((1, 1, 2, 2), 0.5), torch.zeros(1, 1, 1, 2, 2)
        >>> Pixels(1).to(None, x)(y), Pixels(2).to(None, x)(y)
        (tensor([[2.]]), tensor([[1.]]))
    """

    needs: frozenset[type] = frozenset()

    def __init__(self, power: int = 1):
        if power not in (1, 2):
            raise GenzooError(f"distance.power={power}: 1 (absolute differences) or 2 (squared ones) is needed.")
        self.power, self.name = power, f"sum |x - y|^{power}"

    def to(self, module: RoundModule, images: Tensor) -> From:
        """See ``Distance``."""
        return lambda others: at_least_float32(others - images).abs().pow(self.power).sum((-3, -2, -1))


@register
class PixelsAndFeatures:
    """(1 - weight) Σ |x - y| + weight Σ |f(x) - f(y)|, with the model's own features f.

    Batch norm uses running statistics, so that an image's features do not depend on the other images of the batch.

    Args:
        weight: weight of the features, from 0 to 1.

    Raises:
        GenzooError: the weight is out of range.

    Source: AnoGAN (Schlegl et al. 2017, arXiv 1703.05921), equations 2 to 5, in which f is one layer of the
        discriminator.
    """

    needs: frozenset[type] = frozenset({Features})

    def __init__(self, weight: float = 0.1):
        if not 0 <= weight <= 1:
            raise GenzooError(f"distance.weight={weight}: a number from 0 to 1 is needed.")
        self.weight, self.pixels = weight, Pixels()
        self.name = f"{1 - weight:g} sum |x - y| + {weight:g} sum |f(x) - f(y)|"

    def to(self, module: RoundModule, images: Tensor) -> From:
        """See ``Distance``."""

        def features(x: Tensor) -> Tensor:
            with module.inference("running"):
                return at_least_float32(cast(Features, module).features(x))

        pixels, target = self.pixels.to(module, images), features(images)

        def measure(others: Tensor) -> Tensor:
            differences = features(others.flatten(0, 1)).unflatten(0, others.shape[:2]) - target
            return (1 - self.weight) * pixels(others) + self.weight * differences.abs().sum(-1)

        return measure

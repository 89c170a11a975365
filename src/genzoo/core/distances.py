"""Distances between given images and images of a model, which a latent search minimises."""

from collections.abc import Callable
from typing import Protocol, cast

from torch import Tensor
from torch.nn.functional import softplus

from genzoo.core.capabilities import Features, ScoresRealism
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule

From = Callable[[Tensor], Tensor]


class Distance(Protocol):
    """A differentiable distance of images."""

    name: str  #: its formula, for protocols
    needs: frozenset[type]  #: capabilities of the model that it uses

    def to(self, module: RoundModule, images: Tensor, weights: Tensor | float = 1.0) -> From:
        """The function from images (S, B, C, H, W) to their distances (S, B) to the given images (B, C, H, W).

        Args:
            module: the model.
            images: the given images.
            weights: of the pixels, (B, 1, H, W).
        """
        ...


@register
class Pixels:
    """Σ |w (x - y)|^power over pixels and channels, of images in [-1, 1], with weights w of the pixels.

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

    def to(self, module: RoundModule, images: Tensor, weights: Tensor | float = 1.0) -> From:
        """See ``Distance``."""
        return lambda others: at_least_float32((others - images) * weights).abs().pow(self.power).sum((-3, -2, -1))


@register
class PixelsAndFeatures:
    """(1 - weight) Σ |x - y| + weight Σ |f(x) - f(y)|, with the model's own features f.

    If pixels have weights, x and y are images times these weights. Batch norm uses running statistics, so that an
    image's features do not depend on the other images of the batch.

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

    def to(self, module: RoundModule, images: Tensor, weights: Tensor | float = 1.0) -> From:
        """See ``Distance``."""

        def features(x: Tensor) -> Tensor:
            with module.inference("running"):
                return at_least_float32(cast(Features, module).features(x))

        pixels, target = self.pixels.to(module, images, weights), features(images * weights)

        def measure(others: Tensor) -> Tensor:
            differences = features((others * weights).flatten(0, 1)).unflatten(0, others.shape[:2]) - target
            return (1 - self.weight) * pixels(others) + self.weight * differences.abs().sum(-1)

        return measure


@register
class PixelsAndPrior:
    """Σ |w (x - y)| + λ log(1 - D(y)), with the probability D(y) that the image y is real, by the discriminator.

    The discriminator sees whole images y. Batch norm uses running statistics, as in ``PixelsAndFeatures``.

    Args:
        prior: λ.

    Raises:
        GenzooError: λ is negative.

    Source: Yeh et al. 2017, arXiv 1607.07539, section 3.2 (the value of λ is unverified).
    """

    needs: frozenset[type] = frozenset({ScoresRealism})

    def __init__(self, prior: float = 0.003):
        if not prior >= 0:
            raise GenzooError(f"distance.prior={prior}: a number of at least 0 is needed.")
        self.prior, self.pixels = prior, Pixels()
        self.name = f"sum |x - y| + {prior:g} log(1 - D(y))"

    def to(self, module: RoundModule, images: Tensor, weights: Tensor | float = 1.0) -> From:
        """See ``Distance``."""
        pixels = self.pixels.to(module, images, weights)

        def measure(others: Tensor) -> Tensor:
            with module.inference("running"):
                logits = at_least_float32(cast(ScoresRealism, module).realism(others.flatten(0, 1)))
            return pixels(others) - self.prior * softplus(logits).unflatten(0, others.shape[:2])  # log(1 - D)

        return measure

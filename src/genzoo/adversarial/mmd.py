"""Maximum mean discrepancy and energy distance: distances of two distributions, given samples of both.

As a model's ``matching`` they are distances of features, which may be the images themselves (``networks/identity.py``).
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32, in_float32
from genzoo.core.ranks import check_scope, gather_over_ranks
from genzoo.core.registry import register
from genzoo.nn.roots import root


def _products(x: Tensor, y: Tensor) -> Tensor:
    """Scalar products (N, M)."""
    return in_float32(lambda other: x @ other.T, y)


@register
class RBF:
    """The sum of Gaussian kernels, minus its largest value: k(x, y) = Σ_σ (exp(-|x - y|² / (2 σ²)) - 1).

    A constant changes no MMD. Without this one, MMD² of features that are close to each other would be the difference
    of large numbers: MMD-GAN's clipped encoder starts with an MMD² of about 1e-6.

    Args:
        sigmas: the bandwidths σ, in the units of the features.

    Raises:
        GenzooError: a bandwidth is not positive, or there is none.
    """

    def __init__(self, sigmas: Sequence[float]):
        if not sigmas or min(sigmas) <= 0:
            raise GenzooError(f"kernel.sigmas={list(sigmas)}: bandwidths above 0 are needed, such as [1, 2].")
        self.sigmas = tuple(sigmas)

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """The kernel (N, M) of features (N, F) and (M, F)."""
        centre = y.detach().mean(0)  # distances do not change, rounding errors are smaller
        x, y = x - centre, y - centre
        squares = x.square().sum(1)[:, None] + y.square().sum(1) - 2 * _products(x, y)
        return torch.stack([torch.expm1(squares / (-2 * sigma**2)) for sigma in self.sigmas]).sum(0)


@register
class Linear:
    """k(x, y) = x · y, whose MMD² is the squared distance of the means."""

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """The kernel (N, M) of features (N, F) and (M, F)."""
        return _products(x, y)


@register
class NegativeDistance:
    """k(x, y) = -|x - y|, whose MMD² is the energy distance 2 E|x - y| - E|x - x'| - E|y - y'|.

    Source: Székely, Rizzo 2013, Energy statistics; Sejdinovic et al. 2013, arXiv 1207.6076, section 4.
    """

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """The kernel (N, M) of features (N, F) and (M, F)."""
        # Without products, whose rounding errors the root would magnify where points are close. The slope at 0 is 0.
        return -torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


@register
class MMD:
    """MMD² = E k(x, x') + E k(y, y') - 2 E k(x, y), or its square root.

    Args:
        kernel: ``RBF``, ``Linear`` or ``NegativeDistance``.
        unbiased: whether the pairs of a sample with itself are left out of the first two means. The estimate then has
            the right mean, but may be negative.
        root: whether the result is √max(0, MMD²); its slope is 0 where MMD² is not positive.
        scope: the samples are the batches of all ranks (``"global"``), or this ``"rank"``'s alone.

    Raises:
        GenzooError: an unknown scope; in a call, an unbiased estimate of a batch of 1.

    Source: Gretton et al. 2012, A kernel two-sample test, equations 3 and 5; the root in a generator's loss: Li,
        Swersky, Zemel 2015, arXiv 1502.02761.

    Example:
        >>> MMD(NegativeDistance())(torch.zeros(3, 1), torch.full((2, 1), 5.0))  # two points at distance 5
        tensor(10.)
    """

    def __init__(
        self,
        kernel: Callable[[Tensor, Tensor], Tensor],
        unbiased: bool = False,
        root: bool = False,
        scope: str = "global",
    ):
        check_scope(scope)
        self.kernel, self.unbiased, self.root, self.scope = kernel, unbiased, root, scope

    def __call__(self, real: Tensor, fake: Tensor) -> Tensor:
        """Scalar, given features of real (B, F) and generated (B', F) images; differentiable by both."""
        x, y = self._sample(real), self._sample(fake)
        squared = self._within(x) + self._within(y) - 2 * self.kernel(x, y).mean()
        return root(squared) if self.root else squared

    def _sample(self, features: Tensor) -> Tensor:
        features = at_least_float32(features).flatten(1)
        return gather_over_ranks(features) if self.scope == "global" else features

    def _within(self, x: Tensor) -> Tensor:
        kernel, n = self.kernel(x, x), len(x)
        if not self.unbiased:
            return kernel.mean()
        if n < 2:
            raise GenzooError("recipe.batch_size=1: an unbiased MMD needs at least 2 images; increase it.")
        return (kernel.sum() - kernel.diagonal().sum()) / (n * (n - 1))

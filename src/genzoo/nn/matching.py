"""Feature matching: distances between the features of a batch of generated and of real images, or of their means.

The features of real images are targets, without a gradient.
"""

from torch import Tensor

from genzoo.core.precision import at_least_float32
from genzoo.core.ranks import check_scope, mean_over_ranks
from genzoo.core.registry import register


class _Means:
    def __init__(self, scope: str = "global"):
        check_scope(scope)
        self.scope = scope

    def difference(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean features of generated images minus those of real images, (F,)."""
        return self._mean(fake) - self._mean(real.detach())

    def _mean(self, features: Tensor) -> Tensor:
        mean = at_least_float32(features).mean(0)
        return mean_over_ranks(mean) if self.scope == "global" else mean


@register
class MeanSquared(_Means):
    """The mean over features of (mean_b f(x) - mean_b f(G(z)))².

    Args:
        scope: the means are over the batches of all ranks (``"global"``), or over this ``"rank"``'s alone.

    Raises:
        GenzooError: an unknown scope.

    Source: Salimans et al. 2016, arXiv 1606.03498, section 3.1 (there the sum); openai/improved-gan,
        mnist_svhn_cifar10/train_mnist_feature_matching.py.

    Example:
        >>> import torch
        >>> MeanSquared()(torch.tensor([[0.0, 2.0], [2.0, 2.0]]), torch.tensor([[4.0, 2.0]]))  # (3² + 0) / 2
        tensor(4.5000)
    """

    def __call__(self, real: Tensor, fake: Tensor) -> Tensor:
        """Scalar, given features of real (B, F) and generated (B', F) images."""
        return self.difference(real, fake).square().mean()


@register
class MeanAbsolute(_Means):
    """The mean over features of |mean_b f(x) - mean_b f(G(z))|.

    Args:
        scope: the means are over the batches of all ranks (``"global"``), or over this ``"rank"``'s alone.

    Raises:
        GenzooError: an unknown scope.

    Source: openai/improved-gan, mnist_svhn_cifar10/train_cifar_feature_matching.py.

    Example:
        >>> import torch
        >>> MeanAbsolute()(torch.tensor([[0.0, 2.0], [2.0, 2.0]]), torch.tensor([[4.0, 2.0]]))  # (3 + 0) / 2
        tensor(1.5000)
    """

    def __call__(self, real: Tensor, fake: Tensor) -> Tensor:
        """Scalar, given features of real (B, F) and generated (B', F) images."""
        return self.difference(real, fake).abs().mean()


@register
class Pairwise:
    """Σ over features of (f(x_i) - f(G(z_i)))², the mean over the pairs of an image and a generated one at its place.

    The generated images are not made from those that they are compared with.

    Source: Mogren 2016, arXiv 1611.09904; olofmogren/c-rnn-gan, rnn_gan.py, where the sum over the pairs is taken.

    Example:
        >>> import torch
        >>> Pairwise()(torch.tensor([[0.0, 2.0], [2.0, 2.0]]), torch.tensor([[4.0, 2.0], [2.0, 0.0]]))  # (4² + 2²) / 2
        tensor(10.)
    """

    def __call__(self, real: Tensor, fake: Tensor) -> Tensor:
        """Scalar, given features of real and of generated images, (B, F) each."""
        return (at_least_float32(fake) - at_least_float32(real.detach())).square().sum(1).mean()

"""The softmax objective: a probability over all images of the batch, real and generated."""

import torch
from torch import Tensor

from genzoo.core.ranks import gather_over_ranks
from genzoo.core.registry import register
from genzoo.nn.objectives import RelativeObjective


@register
class SoftmaxObjective(RelativeObjective):
    """D gives all probability to the real images of the batch, G makes it uniform over real and generated ones.

    With Z = Σ exp s over both, the probability of an image is exp(s) / Z. D minimises the cross-entropy to 1/N for each
    of N real images, G that to 1/(N + M) for each of all. The batch is that of all ranks.

    Source: Lin 2017, arXiv 1704.06191, equations 3 to 6.

    Example:
        >>> scores = torch.zeros(4)
        >>> round(SoftmaxObjective().generator(scores, scores).exp().item())  # at its minimum, log 8
        8
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """log Z - E s(x)."""
        real, fake = gather_over_ranks(real), gather_over_ranks(fake)
        return _log_z(real, fake) - real.mean()

    def generator(self, fake: Tensor, real: Tensor) -> Tensor:
        """log Z minus the mean of s over real and generated images."""
        real, fake = gather_over_ranks(real), gather_over_ranks(fake)
        return _log_z(real, fake) - torch.cat([real, fake]).mean()


def _log_z(real: Tensor, fake: Tensor) -> Tensor:
    return torch.cat([real, fake]).logsumexp(0)

"""b-GAN's objectives: a Bregman divergence estimates the ratio of densities, of which G minimises an f-divergence.

The discriminator's output v gives the ratio r(x) = p(x) / q(x) of data to model. D minimises the Bregman divergence
E_q [f'(r) r - f(r)] - E_p f'(r), whose minimum is the true ratio for every convex f; G minimises E_q f(r(G(z))), the
f-divergence itself. G's loss is not the negative of D's.

Source: Uehara et al. 2016, arXiv 1610.02920, section 3.
"""

from torch import Tensor
from torch.nn.functional import softplus

from genzoo.core.registry import register


@register
class PearsonRatio:
    """f(u) = (u - 1)² / 2; the ratio is softplus(v).

    D's loss is least-squares importance fitting: E_q r² / 2 - E_p r, up to a constant.

    Example:
        >>> import torch
        >>> one = torch.tensor([1.0]).expm1().log()  # r = 1
        >>> round(PearsonRatio().discriminator(real=one, fake=one).item(), 4)  # 1/2 - 1
        -0.5
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """E r(G(z))² / 2 - E r(x)."""
        return softplus(fake).square().mean() / 2 - softplus(real).mean()

    def generator(self, fake: Tensor) -> Tensor:
        """E (r(G(z)) - 1)² / 2."""
        return (softplus(fake) - 1).square().mean() / 2


@register
class KLRatio:
    """f(u) = u log u; the ratio is exp(v).

    Example:
        >>> import torch
        >>> KLRatio().discriminator(real=torch.zeros(1), fake=torch.zeros(1))  # 1 - log 1
        tensor(1.)
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """E r(G(z)) - E log r(x)."""
        return fake.exp().mean() - real.mean()

    def generator(self, fake: Tensor) -> Tensor:
        """E r log r of generated images."""
        return (fake * fake.exp()).mean()

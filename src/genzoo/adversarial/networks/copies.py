"""Several generators of one architecture, one of which a code chooses."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from genzoo.core.checks import check_positive
from genzoo.core.registry import register


@register
class Copies(nn.Module):
    """Generators of one architecture with weights of their own.

    The last numbers of a code are one per generator: the weights of the generators' images in the sum. If they are
    one-hot, as those of the latent part ``Categorical``, they choose one generator.

    Args:
        latent: width of the code, with the numbers that choose.
        network: factory of a generator, called with ``latent``, the width of the code without them.
        copies: number of generators.

    Raises:
        GenzooError: the number of generators is not a positive integer.

    Example:
        >>> from genzoo.adversarial.networks.mlp import MLPGenerator
        >>> generator = Copies(latent=5, network=lambda latent: MLPGenerator(latent, (2, 1, 1), [8]), copies=3)
        >>> z = torch.tensor([[0.4, -1.2, 0.0, 1.0, 0.0]])
        >>> torch.equal(generator(z), generator.members[1](z[:, :2]))
        True
    """

    def __init__(self, latent: int, network: Callable[..., nn.Module], copies: int):
        super().__init__()
        check_positive("model.generator.copies", copies)
        self.members = nn.ModuleList([network(latent=latent - copies) for _ in range(copies)])
        self.shape = tuple(self.members[0].shape)

    def each(self, z: Tensor) -> Tensor:
        """Each generator's images (copies, B, C, H, W) of codes of its own (copies, B, latent).

        The numbers that choose are ignored.
        """
        noise = z[..., : -len(self.members)]
        return torch.stack([member(codes) for member, codes in zip(self.members, noise, strict=True)])

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) of the generators that they choose."""
        images = self.each(z.expand(len(self.members), *z.shape))
        return torch.einsum("kb...,bk->b...", images, z[:, -len(self.members) :].to(images.dtype))

"""The decoder of the adversarial autoencoder for dimensionality reduction."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


@register
class ClusterHeads(nn.Module):
    """Decodes the representation W y + z of a code (y, z): each category has a learned point, its cluster head.

    Args:
        latent: width of the code; the first ``categories`` numbers are y, the other n are z.
        decoder: factory of the network from representations (B, n) to images; called with ``latent``, n.
        categories: number of categories.
        std: standard deviation of the initial heads.

    Raises:
        GenzooError: nothing of the code is left for z.

    Source: Makhzani et al. 2015, arXiv 1511.05644, section 7.

    Example:
        >>> from genzoo.hybrid.networks.mlp import MLPDecoder
        >>> heads = ClusterHeads(5, lambda latent: MLPDecoder(latent, (1, 4, 4), [8]), categories=3)
        >>> heads.embed(torch.zeros(2, 5)), heads(torch.zeros(2, 5)).shape
        (tensor([[0., 0.],
                [0., 0.]], grad_fn=<AddBackward0>), torch.Size([2, 1, 4, 4]))
    """

    def __init__(self, latent: int, decoder: Callable[..., nn.Module], categories: int, std: float = 1.0):
        super().__init__()
        if latent <= categories:
            raise GenzooError(
                f"model.decoder.categories={categories}: the code has {latent} numbers; give it a part after the "
                "category, such as model.latent.style, whose size is that of the representation."
            )
        self.sizes = [categories, latent - categories]
        self.heads = nn.Linear(*self.sizes, bias=False)
        nn.init.normal_(self.heads.weight, std=std)
        self.decoder = decoder(latent=latent - categories)
        self.shape = tuple(self.decoder.shape)

    def embed(self, codes: Tensor) -> Tensor:
        """Codes (B, latent) -> representations W y + z, (B, n)."""
        category, style = codes.split(self.sizes, dim=1)
        return self.heads(category) + style

    def crowding(self, distance: float) -> Tensor:
        """The mean over pairs of heads of how much less than ``distance`` they are apart, a scalar."""
        return (distance - torch.pdist(self.heads.weight.T.float())).relu().mean()

    def forward(self, codes: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        return self.decoder(self.embed(codes))

"""Decoders so small that the codes of images are known in closed form."""

import torch

from genzoo.core.capabilities import Decodes, Encodes, Features
from genzoo.core.inference import Inference, in_inference
from genzoo.core.latent import Latent, Normal

SHAPE = (1, 3, 3)


class Affine(Inference):
    """x = W z + b with z ~ N(0, 1) of two dimensions; its features are the row sums of x.

    Args:
        able: its capabilities.
        latent: the prior.
    """

    device = torch.device("cpu")
    image_shape = SHAPE

    def __init__(self, able=(Decodes, Encodes, Features), latent=None, **options):
        super().__init__(**options)
        self.latent, self.able = latent or Latent(noise=Normal(2)), frozenset(able)
        draws = torch.randn(9, self.latent.width + 1, generator=torch.Generator().manual_seed(3))
        self.w, self.b = torch.nn.Parameter(draws[:, 1:] * 0.3), torch.nn.Parameter(draws[:, 0] * 0.1)

    def capabilities(self):
        return self.able

    @in_inference
    def decode(self, z):
        return (z @ self.w.T + self.b).view(-1, *SHAPE)

    @in_inference
    def encode(self, images):
        return self.solve(images) + 0.1

    @in_inference
    def features(self, images):
        return images.sum(3).flatten(1)

    def solve(self, images):
        """The codes (B, width) whose images have the least Σ (x - y)²."""
        targets = (images.flatten(1) - self.b.detach()).T
        return torch.linalg.lstsq(self.w.detach(), targets).solution.T


def images(n=4, seed=5):
    """Images of noise, which no code gives."""
    return torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(seed)) * 2 - 1

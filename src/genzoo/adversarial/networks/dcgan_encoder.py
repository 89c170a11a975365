"""An encoder with the layers of DCGAN's discriminator."""

from itertools import chain

from torch import Tensor, nn

from genzoo.adversarial.networks.halving import halving_stages
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation
from genzoo.nn.normalisation import check_norm, linear


@register
class Encoder(nn.Module):
    """The convolutions of the discriminator, the last of which are its ``features``, and a linear output.

    Args:
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        outputs: number of outputs.
        noise: channels of noise in the input.
        channels, kernel, norm: see ``genzoo.adversarial.networks.dcgan.Discriminator``.
        bounded: whether a hyperbolic tangent limits the outputs to [-1, 1], for a prior on this cube.

    Source: iGAN (Zhu et al. 2016, arXiv 1609.03552); junyanz/iGAN, train_dcgan/train_dcgan_utils.py: ``predict``, which
        is bounded.

    Example:
        >>> import torch
        >>> Encoder(shape=(3, 32, 32), outputs=100, channels=4)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 100])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        noise: int = 0,
        channels: int = 64,
        kernel: int = 4,
        norm: str = "batch",
        bounded: bool = False,
    ):
        super().__init__()
        check_norm("model.encoder.norm", norm)
        self.shape = tuple(shape)
        stages, features = halving_stages((shape[0] + noise, *shape[1:]), channels, kernel, norm)
        self.trunk = nn.Sequential(*chain(*stages), nn.Flatten())
        self.head = nn.Sequential(linear(norm)(features, outputs), nn.Tanh() if bounded else nn.Identity())
        dcgan_initialisation(self)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C + noise, H, W) in [-1, 1] -> features (B, F)."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C + noise, H, W) in [-1, 1] -> outputs (B, outputs)."""
        return self.head(self.features(images))

"""MMD-GAN's critic: DCGAN's discriminator as encoder, its generator as decoder.

Source: OctoberChang/MMD-GAN, base_module.py.
"""

from torch import Tensor, nn

from genzoo.adversarial.networks import dcgan
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation


@register
class Autoencoder(nn.Module):
    """An encoder of convolutions with a linear code, and a decoder of transposed convolutions.

    Args:
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: of the feature map at half resolution; each coarser one has twice as many.
        code: width of the code.

    Example:
        >>> import torch
        >>> network = Autoencoder(shape=(3, 32, 32), channels=4, code=10)
        >>> images = torch.zeros(2, 3, 32, 32)
        >>> network.encoder(images).shape, network(images).shape
        (torch.Size([2, 10]), torch.Size([2, 3, 32, 32]))
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 64, code: int = 64):
        super().__init__()
        self.shape = tuple(shape)
        discriminator = dcgan.Discriminator(self.shape, channels)
        head = nn.Linear(discriminator.head.in_features, code, bias=False)
        dcgan_initialisation(head)
        self.encoder = nn.Sequential(discriminator.trunk, head)
        self.decoder = dcgan.Generator(code, self.shape, channels)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> their reconstructions."""
        return self.decoder(self.encoder(images))

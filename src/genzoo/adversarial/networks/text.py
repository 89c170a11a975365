"""The networks of GAN-INT-CLS: DCGAN's, with residual blocks, conditioned on an embedding of a sentence.

Maps are halved and doubled between the image and 4 x 4 pixels; the coarsest has 2ⁿ⁻¹ times ``channels``, with n
halvings. The embedding is projected to ``projected`` numbers. There are no biases in convolutions.

Source: reedscot/icml2016, main_cls_int.lua (64 pixels: ngf = 128, ndf = 64, embeddings of 1,024 numbers projected to
    128; biases are set to 0 before each loss).
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from genzoo.adversarial.networks.sizes import halvings
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation

SLOPE = 0.2


class Residual(nn.Module):
    """x + convolutions of 1, 3 and 3 pixels, through a quarter of the channels.

    Args:
        channels: of x.
        activation: between the convolutions.
    """

    def __init__(self, channels: int, activation: nn.Module):
        super().__init__()
        inner = channels // 4
        layers: list[nn.Module] = []
        for inputs, outputs, kernel in ((channels, inner, 1), (inner, inner, 3), (inner, channels, 3)):
            layers += [nn.Conv2d(inputs, outputs, kernel, padding="same", bias=False), nn.BatchNorm2d(outputs)]
            layers += [activation] if outputs == inner else []
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, channels, H, W) -> maps of the same shape."""
        return x + self.layers(x)


@register
class TextGenerator(nn.Module):
    """Maps noise and embeddings to images.

    Args:
        latent: width of the noise.
        embedding: width of the embeddings.
        shape: (C, H, W) of the images: a power of two from 16 on.
        channels: of the map at half resolution.
        projected: width of the projected embedding.

    Example:
        >>> network = TextGenerator(latent=3, embedding=5, shape=(3, 32, 32), channels=4, projected=2)
        >>> network(torch.zeros(2, 3), torch.zeros(2, 5)).shape
        torch.Size([2, 3, 32, 32])
    """

    asks: ClassVar[dict[str, tuple[int, ...]]] = {}  #: what images are asked for by besides the embedding

    def __init__(self, latent: int, embedding: int, shape: tuple[int, int, int], channels: int, projected: int = 128):
        super().__init__()
        self.shape = tuple(shape)
        doublings, size = halvings(self.shape)
        width = channels * 2 ** (doublings - 1)
        self.project = nn.Sequential(nn.Linear(embedding, projected), nn.LeakyReLU(SLOPE))
        layers: list[nn.Module] = [
            *(nn.Linear(latent + projected, width * size * size, bias=False), nn.Unflatten(1, (width, size, size))),
            *(nn.BatchNorm2d(width), Residual(width, nn.ReLU()), nn.ReLU()),
        ]
        for i in range(doublings - 1):
            layers += [nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False), nn.BatchNorm2d(width // 2)]
            width //= 2
            layers += [Residual(width, nn.ReLU()), nn.ReLU()] if i == 0 else [nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(width, self.shape[0], 4, 2, 1, bias=False), nn.Tanh())
        dcgan_initialisation(self.layers)  # the projection has torch's

    def forward(self, noise: Tensor, embeddings: Tensor) -> Tensor:
        """Noise (B, latent) and embeddings (B, embedding) -> images (B, C, H, W) in [-1, 1]."""
        return self.layers(torch.cat([noise, self.project(embeddings)], 1))


@register
class TextDiscriminator(nn.Module):
    """Maps images and embeddings to logits; the projected embedding joins the coarsest map at each place.

    Args:
        embedding: width of the embeddings.
        shape: (C, H, W) of the images: a power of two from 16 on.
        channels: of the map at half resolution.
        projected: width of the projected embedding.

    Example:
        >>> network = TextDiscriminator(embedding=5, shape=(3, 32, 32), channels=4, projected=2)
        >>> network(torch.zeros(2, 3, 32, 32), torch.zeros(2, 5)).shape
        torch.Size([2])
    """

    def __init__(self, embedding: int, shape: tuple[int, int, int], channels: int, projected: int = 128):
        super().__init__()
        self.shape, leaky = tuple(shape), nn.LeakyReLU(SLOPE)
        stages, size = halvings(self.shape)
        width = channels
        layers: list[nn.Module] = [nn.Conv2d(self.shape[0], width, 4, 2, 1, bias=False), leaky]
        for i in range(1, stages):
            layers += [nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width)]
            width *= 2
            layers += [leaky] if i < stages - 2 else []  # the original has none around its last convolution
        self.image = nn.Sequential(*layers, Residual(width, leaky), leaky)
        self.project = nn.Sequential(nn.Linear(embedding, projected), nn.BatchNorm1d(projected), leaky)
        self.joint = nn.Sequential(
            *(nn.Conv2d(width + projected, width, 1, bias=False), nn.BatchNorm2d(width), leaky),
            *(nn.Conv2d(width, 1, size, bias=False), nn.Flatten(0)),
        )
        for part in (self.image, self.joint):  # the projection has torch's
            dcgan_initialisation(part)

    def forward(self, images: Tensor, embeddings: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] and embeddings (B, embedding) -> logits (B,)."""
        maps = self.image(images)
        text = self.project(embeddings)[..., None, None].expand(-1, -1, *maps.shape[2:])
        return self.joint(torch.cat([maps, text], 1))

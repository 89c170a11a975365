"""GAWWN's networks for boxes: one path of the whole image, one of the content of the box.

Source: reedscot/nips2016, main_cub_bbox.lua (128 pixels: ngf = 128, ndf = 64, noise and embedding projected to 512
    numbers each in G, the embedding to 128 in D). There the mean of two boxes' maps is taken, which are the same box
    with other noise; here there is one.
"""

from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.networks.places import (
    SLOPE,
    Score,
    coarsest,
    convolved,
    doubled,
    from_box,
    from_images,
    halved,
    into_box,
    sizes,
    tiled,
    to_images,
)
from genzoo.adversarial.networks.text import Residual
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation


@register
class BoxGenerator(nn.Module):
    """Maps noise, embeddings and boxes to images.

    Args:
        latent: width of the noise.
        embedding: width of the embeddings.
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: a quarter of the maps' number after both paths are joined.
        projected: width of the projected noise, and of the projected embedding.

    Example:
        >>> network = BoxGenerator(latent=3, embedding=5, shape=(3, 32, 32), channels=4, projected=6)
        >>> network(torch.zeros(2, 3), torch.zeros(2, 5), torch.tensor([[0.2, 0.2, 0.6, 0.7]] * 2)).shape
        torch.Size([2, 3, 32, 32])
    """

    asks: ClassVar[dict[str, tuple[int, ...]]] = {"box": (4,)}

    def __init__(self, latent: int, embedding: int, shape: tuple[int, int, int], channels: int, projected: int = 512):
        super().__init__()
        self.shape, n = tuple(shape), sizes(shape)
        self.place, relu = n.place, nn.ReLU()
        self.noise, self.text, self.whole_noise = (nn.Linear(i, projected) for i in (latent, embedding, latent))
        # What the box holds, as a vector.
        shrunk = halved([projected] * (n.inner + 1), relu)
        self.boxed = nn.Sequential(shrunk, *convolved(projected, projected, n.coarse), relu, nn.Flatten())
        # From a vector to maps with places.
        widths = [channels * 2 ** (n.inner + 1 - i) for i in range(n.inner + 1)]
        self.whole = nn.Sequential(*coarsest(2 * projected, widths[0], n.coarse), relu)
        self.region = nn.Sequential(*coarsest(2 * projected, widths[0], n.coarse), Residual(widths[0], relu), relu)
        for i, (inputs, outputs) in enumerate(pairwise(widths)):
            self.whole.extend([*doubled(inputs, outputs), relu])
            last = i == n.inner - 1
            self.region.extend(doubled(inputs, outputs) + ([] if last else [Residual(outputs, relu), relu]))
        joined = nn.ConvTranspose2d(4 * channels, 2 * channels, 3, 1, 1, bias=False)
        self.joined = nn.Sequential(
            *(joined, nn.BatchNorm2d(2 * channels), relu),
            *to_images(2 * channels, (channels, max(1, channels // 4)), n.outer, self.shape[0]),
        )
        for part in (self.boxed, self.whole, self.region, self.joined):  # the projections have torch's
            dcgan_initialisation(part)

    def forward(self, noise: Tensor, embeddings: Tensor, boxes: Tensor) -> Tensor:
        """Noise (B, latent), embeddings (B, embedding) and boxes (B, 4) -> images (B, C, H, W) in [-1, 1]."""
        text = self.text(embeddings)
        vector = self.boxed(into_box(tiled(text, self.place), boxes))
        whole = self.whole(torch.cat([self.whole_noise(noise), vector], 1).relu()[..., None, None])
        region = self.region(torch.cat([self.noise(noise), text], 1).relu()[..., None, None])
        return self.joined(torch.cat([whole, into_box(region, boxes).relu()], 1))


@register
class BoxDiscriminator(nn.Module):
    """Maps images, embeddings and boxes to logits.

    Args:
        embedding: width of the embeddings.
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: half the number of the maps that both paths have in common.
        projected: width of the projected embedding.

    Example:
        >>> network = BoxDiscriminator(embedding=5, shape=(3, 32, 32), channels=4, projected=2)
        >>> network(torch.zeros(2, 3, 32, 32), torch.zeros(2, 5), torch.tensor([[0.2, 0.2, 0.6, 0.7]] * 2)).shape
        torch.Size([2])
    """

    def __init__(self, embedding: int, shape: tuple[int, int, int], channels: int, projected: int = 128):
        super().__init__()
        self.shape, n, leaky, relu = tuple(shape), sizes(shape), nn.LeakyReLU(SLOPE), nn.ReLU()
        self.place, c = n.place, channels
        self.image = from_images(self.shape[0], c, n.outer)
        self.project = nn.Sequential(nn.Linear(embedding, projected), leaky)
        self.region = nn.Sequential(*convolved(2 * c + projected, 2 * c, 3, 1, 1), leaky)
        self.content = nn.Sequential(*convolved(2 * c, 2 * c, 1), leaky, nn.Conv2d(2 * c, c, 1))
        widths = [c * 2 ** (i + 1) for i in range(n.inner + 1)]
        self.whole = halved(widths, leaky)
        self.text = halved([projected, *[4 * c] * (n.inner - 1), c], relu)
        joined = (*convolved(widths[-1] + c, 4 * c, 1), leaky, *convolved(4 * c, c, n.coarse), leaky)
        self.joint = nn.Sequential(*joined, nn.Flatten())
        self.score = Score(c)
        for part in (self.image, self.region, self.content, self.whole, self.text, self.joint):  # others: torch's
            dcgan_initialisation(part)

    def forward(self, images: Tensor, embeddings: Tensor, boxes: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1], embeddings (B, embedding) and boxes (B, 4) -> logits (B,)."""
        maps = self.image(images)
        text = tiled(self.project(embeddings), self.place)  # the original's crop of these constant maps is the same
        region = from_box(self.region(torch.cat([maps, text], 1)), boxes)
        whole = self.joint(torch.cat([self.whole(maps), self.text(text)], 1))
        return self.score(F.leaky_relu(self.content(region).mean((2, 3)), SLOPE), whole)

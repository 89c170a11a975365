"""GAWWN's networks for key points: one path of the whole image, one of the cells of the key points.

Source: reedscot/nips2016, main_cub_keypoints.lua (128 pixels: ngf = 128, ndf = 64, 15 key points; noise and embedding
    projected to 512 numbers each in G, the embedding to 128 in D).
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
    from_images,
    gate,
    halved,
    point_maps,
    sizes,
    tiled,
    to_images,
)
from genzoo.adversarial.networks.text import Residual
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation

POINTS = 5  #: key points of an image


@register
class PointGenerator(nn.Module):
    """Maps noise, embeddings and key points to images.

    Args:
        latent: width of the noise.
        embedding: width of the embeddings.
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: a quarter of the maps' number after both paths are joined.
        projected: width of the projected noise, and of the projected embedding.

    Example:
        >>> network = PointGenerator(latent=3, embedding=5, shape=(3, 32, 32), channels=4, projected=6)
        >>> network(torch.zeros(2, 3), torch.zeros(2, 5), torch.rand(2, 5, 3)).shape
        torch.Size([2, 3, 32, 32])
    """

    asks: ClassVar[dict[str, tuple[int, ...]]] = {"points": (POINTS, 3)}

    def __init__(self, latent: int, embedding: int, shape: tuple[int, int, int], channels: int, projected: int = 512):
        super().__init__()
        self.shape, n, c, relu = tuple(shape), sizes(shape), channels, nn.ReLU()
        self.place = n.place
        self.noise, self.text = nn.Linear(latent, projected), nn.Linear(embedding, projected)
        self.of_region, self.of_whole = (
            nn.Sequential(nn.Linear(2 * projected, 4 * c, bias=False), nn.BatchNorm1d(4 * c), relu) for _ in range(2)
        )
        same = nn.ConvTranspose2d(4 * c, 4 * c, 3, 1, 1, bias=False)
        self.region = nn.Sequential(same, nn.BatchNorm2d(4 * c), relu)
        # Where the key points are, as a vector.
        widths = [POINTS, *(c * 2**i for i in range(n.inner))]
        self.where = nn.Sequential(*(halved(widths, relu), *convolved(widths[-1], 4 * c, n.coarse), relu, nn.Flatten()))
        # From a vector to maps with places.
        widths = [c * 2 ** (n.inner - i) for i in range(n.inner + 1)]
        doublings = [m for i, o in pairwise(widths) for m in (*doubled(i, o), relu)]
        self.whole = nn.Sequential(*coarsest(8 * c, widths[0], n.coarse), relu, *doublings)
        joined = [nn.ConvTranspose2d(i, 4 * c, 3, 1, 1, bias=False) for i in (5 * c + POINTS, 4 * c)]
        self.joined = nn.Sequential(
            *(joined[0], nn.BatchNorm2d(4 * c), relu, joined[1], nn.BatchNorm2d(4 * c), Residual(4 * c, relu), relu),
            *to_images(4 * c, (2 * c, c), n.outer, self.shape[0]),
        )
        for part in (self.region, self.where, self.whole, self.joined):  # the linear layers have torch's
            dcgan_initialisation(part)

    def forward(self, noise: Tensor, embeddings: Tensor, points: Tensor) -> Tensor:
        """Noise (B, latent), embeddings (B, embedding), points (B, 5, 3) -> images (B, C, H, W) in [-1, 1]."""
        maps = point_maps(points, self.place)
        both = torch.cat([self.noise(noise), self.text(embeddings)], 1).relu()
        region = self.region(tiled(self.of_region(both), self.place) * gate(maps))
        whole = self.whole(torch.cat([self.of_whole(both), self.where(maps)], 1)[..., None, None])
        return self.joined(torch.cat([whole, region, maps], 1))


@register
class PointDiscriminator(nn.Module):
    """Maps images, embeddings and key points to logits.

    Args:
        embedding: width of the embeddings.
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: half the number of the maps that both paths have in common.
        projected: width of the projected embedding.

    Example:
        >>> network = PointDiscriminator(embedding=5, shape=(3, 32, 32), channels=4, projected=2)
        >>> network(torch.zeros(2, 3, 32, 32), torch.zeros(2, 5), torch.rand(2, 5, 3)).shape
        torch.Size([2])
    """

    def __init__(self, embedding: int, shape: tuple[int, int, int], channels: int, projected: int = 128):
        super().__init__()
        self.shape, n, c, leaky = tuple(shape), sizes(shape), channels, nn.LeakyReLU(SLOPE)
        self.place, self.coarse = n.place, n.coarse
        self.image = from_images(self.shape[0], c, n.outer)
        self.project = nn.Sequential(nn.Linear(embedding, projected), leaky)
        self.region = nn.Sequential(*convolved(2 * c + projected, 2 * c, 3, 1, 1), leaky)
        self.at_points = nn.Sequential(*convolved(2 * c + POINTS, 2 * c, 1), leaky, nn.Conv2d(2 * c, c, 1))
        widths = [c * 2 ** (i + 1) for i in range(n.inner + 1)]
        self.whole = halved(widths, leaky)
        joined = (*convolved(widths[-1] + projected, 4 * c, 1), leaky, *convolved(4 * c, c, n.coarse), leaky)
        self.joint = nn.Sequential(*joined, nn.Flatten())
        self.score = Score(c)
        for part in (self.image, self.region, self.at_points, self.whole, self.joint):  # the linear layers have torch's
            dcgan_initialisation(part)

    def forward(self, images: Tensor, embeddings: Tensor, points: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1], embeddings (B, embedding), points (B, 5, 3) -> logits (B,)."""
        maps, common, text = point_maps(points, self.place), self.image(images), self.project(embeddings)
        region = self.region(torch.cat([common, tiled(text, self.place)], 1)) * gate(maps)
        local = self.at_points(torch.cat([region, maps], 1)).mean((2, 3))
        whole = self.joint(torch.cat([self.whole(common), tiled(text, self.coarse)], 1))
        return self.score(F.leaky_relu(local, SLOPE), whole)

"""Loss of all but the edges."""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from genzoo.core.images import from_unit, luma, to_unit
from genzoo.core.registry import register
from genzoo.nn.roots import root
from genzoo.translation.degradations.base import Degradation
from genzoo.translation.pairs import Shape

SOBEL = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 4  # 1 at a step from black to white


@register
class Edges(Degradation):
    """The magnitude of the gradient of the luma, by Sobel's kernels; black where there is none.

    Args:
        shape: (C, H, W) of the images.

    Source: edges to photographs, pix2pix (Isola et al. 2017, arXiv 1611.07004), whose edges are a network's (HED).

    Example:
        >>> Edges((1, 3, 3)).degrade(torch.zeros(1, 1, 3, 3)).unique()
        tensor([-1.])
    """

    def __init__(self, shape: Shape):
        super().__init__(shape)
        self.source = (1, *self.target[1:])

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """Edges (B, 1, H, W) in [-1, 1] of images (B, C, H, W)."""
        grey = to_unit(images if images.shape[1] == 1 else luma(images))
        kernels = torch.stack([SOBEL, SOBEL.T])[:, None].to(grey)
        gradient = F.conv2d(F.pad(grey, (1, 1, 1, 1), mode="replicate"), kernels)
        return from_unit(root(gradient.square().sum(1, keepdim=True)).clamp(max=1.0))

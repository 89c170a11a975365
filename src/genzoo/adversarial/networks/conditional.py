"""Class labels, or other values, as additional channels."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from genzoo.core.registry import register


def with_planes(maps: Tensor, values: Tensor) -> Tensor:
    """Maps (B, C, H, W) joined with one constant map for each of the values (B, n): (B, C + n, H, W)."""
    return torch.cat([maps, values[:, :, None, None].expand(-1, -1, *maps.shape[2:])], dim=1)


@register
class LabelMaps(nn.Module):
    """A network on images with one additional channel per class: 1 for the image's class, 0 for the others.

    Args:
        network: factory, called with ``shape``, (C + classes, H, W).
        shape: (C, H, W) of the images.
        classes: number of classes.

    Source: arXiv 1411.1784, section 3.2 (labels in an additional input layer); in convolutional networks as in
        Newmu/dcgan_code, mnist/train_cond_dcgan.py.

    Example:
        >>> from functools import partial
        >>> from genzoo.adversarial.networks.dcgan import Discriminator
        >>> network = LabelMaps(partial(Discriminator, channels=4), shape=(1, 28, 28), classes=10)
        >>> network(torch.zeros(2, 1, 28, 28), torch.eye(10)[:2]).shape
        torch.Size([2])
    """

    def __init__(self, network: Callable[..., nn.Module], shape: tuple[int, int, int], classes: int):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.classes = classes
        self.network = network(shape=(channels + classes, height, width))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Images (B, C, H, W) and one-hot labels (B, classes) -> the network's output."""
        return self.network(with_planes(images, labels))

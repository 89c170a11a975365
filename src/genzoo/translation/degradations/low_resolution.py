"""Loss of resolution."""

from torch import Generator, Tensor
from torch.nn import functional as F

from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.images import bicubic
from genzoo.core.registry import register
from genzoo.translation.degradations.base import Degradation
from genzoo.translation.pairs import Shape


class LowResolution(Degradation):
    """Base of the degradations whose observations are smaller than the images.

    Args:
        shape: (C, H, W) of the images.
        factor: ratio of the sides of images and observations.

    Raises:
        GenzooError: the factor is no integer of at least 2, or a side is no multiple of it.
    """

    def __init__(self, shape: Shape, factor: int):
        super().__init__(shape)
        check_integer("model.pairs.factor", factor, 2)
        channels, *sides = self.target
        if wrong := [side for side in sides if side % factor]:
            raise GenzooError(
                f"data.size={wrong[0]}: a multiple of model.pairs.factor={factor} is needed, such as "
                f"{(wrong[0] // factor + 1) * factor}."
            )
        self.factor = factor
        self.source = (channels, sides[0] // factor, sides[1] // factor)


@register
class BicubicReduction(LowResolution):
    """Smaller images by bicubic interpolation with antialiasing, in 256 levels, as an image file has.

    Args:
        shape, factor: see ``LowResolution``.

    Source: SRGAN (Ledig et al. 2017, arXiv 1609.04802), section 3.2.

    Example:
        >>> import torch
        >>> BicubicReduction((3, 8, 8), factor=4).degrade(torch.zeros(5, 3, 8, 8)).shape
        torch.Size([5, 3, 2, 2])
    """

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """Images (B, C, H / factor, W / factor) in [-1, 1]; H and W may differ from the data's."""
        height, width = images.shape[2:]
        return bicubic(images, (height // self.factor, width // self.factor))


@register
class BlockMeans(LowResolution):
    """Means over blocks of ``factor`` times ``factor`` pixels, x = A y.

    Args:
        shape, factor: see ``LowResolution``.

    Source: AffGAN (Sønderby et al. 2017, arXiv 1610.04490), section 3, whose A is any strided convolution.

    Example:
        >>> import torch
        >>> BlockMeans((1, 2, 2), factor=2).degrade(torch.tensor([[[[0.0, 1.0], [0.0, 0.0]]]])).item()
        0.25
    """

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """Means (B, C, H / factor, W / factor); H and W may differ from the data's."""
        return F.avg_pool2d(images, self.factor)

    def pseudo_inverse(self, observations: Tensor) -> Tensor:
        """A⁺ x: each value of x (B, C, h, w) for all pixels of its block."""
        return F.interpolate(observations, scale_factor=self.factor)

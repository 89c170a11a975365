"""Loss of all but the mean of each pixel's channels."""

from torch import Generator, Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.translation.degradations.base import Degradation
from genzoo.translation.pairs import Shape


@register
class ChannelMeans(Degradation):
    """The mean over channels, x = A y; of a point in the plane that of its coordinates.

    Args:
        shape: (C, H, W) of the images.

    Raises:
        GenzooError: the images have one channel, which would be their mean.

    Source: the swiss roll of Sønderby et al. 2017, arXiv 1610.04490, section 5.

    Example:
        >>> import torch
        >>> ChannelMeans((2, 1, 1)).degrade(torch.tensor([1.0, 2.0]).view(1, 2, 1, 1)).item()
        1.5
    """

    def __init__(self, shape: Shape):
        super().__init__(shape)
        if shape[0] < 2:
            raise GenzooError(
                f"data.channels={shape[0]}: pairs=channel_means needs several; choose colour images or points, such as "
                "data=swiss_roll."
            )
        self.source = (1, *self.target[1:])

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """Means (B, 1, H, W)."""
        return images.mean(1, keepdim=True)

    def pseudo_inverse(self, observations: Tensor) -> Tensor:
        """A⁺ x: each value of x (B, 1, H, W) for all channels."""
        return observations.expand(-1, self.target[0], -1, -1)

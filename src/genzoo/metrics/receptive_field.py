"""The receptive field of a pixel's distribution."""

import torch
from PIL import Image
from torch import Tensor

from genzoo.core.batches import Images
from genzoo.core.capabilities import HasReceptiveField
from genzoo.core.checks import check_positive
from genzoo.core.images import from_unit
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import evenly_spaced
from genzoo.metrics.evaluation import Evaluation

CENTRE = torch.tensor([1.0, -1.0, -1.0])  #: colour of the middle pixel
DECADES = 4  #: orders of magnitude from the strongest gradient (white) down to black


@register
class ReceptiveField:
    """Shows the pixels on which the middle pixel's distribution depends: those with a gradient other than exactly 0.

    Args:
        images: number of images, evenly spaced over the split; a pixel is seen if its gradient is not 0 for one of
            them.
        seed: seed of the directions of the gradient.

    Raises:
        GenzooError: ``images`` is not a positive integer.

    Source: van den Oord et al. 2016, arXiv 1606.05328, figure 1 (right).
    """

    needs = frozenset({HasReceptiveField, Images})

    def __init__(self, images: int = 16, seed: int = 0):
        check_positive("metrics.receptive_field.images", images)
        self.images, self.seed = images, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``receptive_field``, ``blind_spot`` and a picture.

        ``receptive_field`` is the number of other pixels seen, ``blind_spot`` the number of earlier pixels not seen.
        The picture has the middle pixel in red: on the left, seen pixels are white and the blind spot is grey; on the
        right is the logarithm of the gradient.
        """
        if not data.count(split):
            return Evaluation()
        levels = evenly_spaced(data.evaluation_images(split).images, self.images)
        height, width = levels.shape[2:]
        row, column = height // 2, width // 2
        directions = generator(self.seed, "receptive_field")
        strength = module.receptive_field(levels.to(module.device), row, column, directions).float().cpu()
        strength[row, column] = 0  # its own earlier channels do not count
        seen = strength > 0
        earlier = torch.arange(height * width).view(height, width) < row * width + column
        blind = earlier & ~seen
        logarithm = 1 + (strength / strength.max()).log10() / DECADES
        shades = [seen.float().masked_fill(blind, 0.5), logarithm.nan_to_num(0).clamp(0, 1)]
        values = {"receptive_field": seen.sum().item(), "blind_spot": blind.sum().item()}
        return Evaluation(values, pictures={"receptive_field": drawn(torch.stack(shades), row, column)})


def drawn(shades: Tensor, row: int, column: int) -> Image.Image:
    """Draws both maps (2, H, W) in [0, 1] side by side, with the middle pixel in colour."""
    images = from_unit(shades).unsqueeze(1).repeat(1, 3, 1, 1)
    images[:, :, row, column] = CENTRE
    zoom = -(-128 // shades.shape[-1])
    images = images.repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)
    return picture(images, 2, captions=["seen", "gradient"])

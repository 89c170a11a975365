"""What a pixel's distribution depends on."""

import torch
from PIL import Image
from torch import Tensor

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

OWN = torch.tensor([1.0, -1.0, -1.0])  #: colour of the pixel itself
DECADES = 4  #: below the strongest gradient, down to black


@register
class ReceptiveField:
    """Draws which pixels the middle one's distribution depends on, by the gradient: exactly 0 is not at all.

    Args:
        images: of the split, evenly spaced; a pixel is seen if it is in one of them.
        seed: of the directions that the gradient is taken in.

    Raises:
        GenzooError: ``images`` is no positive integer.

    Source: van den Oord et al. 2016, arXiv 1606.05328, figure 1 (right).
    """

    needs = frozenset({HasReceptiveField})

    def __init__(self, images: int = 16, seed: int = 0):
        check_positive("metrics.receptive_field.images", images)
        self.images, self.seed = images, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """``receptive_field``, the number of other pixels seen, ``blind_spot``, that of earlier ones not seen, and a
        picture: red the pixel itself; left white what is seen, grey the blind spot; right the gradient's logarithm."""
        if data.spec.levels is None or not data.count(split):
            return Evaluation()
        levels = evenly_spaced(data.evaluation_images(split).images, self.images)
        height, width = levels.shape[2:]
        row, column = height // 2, width // 2
        directions = generator(self.seed, "receptive_field")
        strength = module.receptive_field(levels.to(module.device), row, column, directions).float().cpu()
        strength[row, column] = 0  # earlier channels of its own are no other pixel
        seen = strength > 0
        earlier = torch.arange(height * width).view(height, width) < row * width + column
        blind = earlier & ~seen
        logarithm = 1 + (strength / strength.max()).log10() / DECADES
        shades = [seen.float().masked_fill(blind, 0.5), logarithm.nan_to_num(0).clamp(0, 1)]
        values = {"receptive_field": seen.sum().item(), "blind_spot": blind.sum().item()}
        return Evaluation(values, pictures={"receptive_field": drawn(torch.stack(shades), row, column)})


def drawn(shades: Tensor, row: int, column: int) -> Image.Image:
    """Both maps (2, H, W) in [0, 1] beside each other, the pixel itself in colour."""
    images = from_unit(shades).unsqueeze(1).repeat(1, 3, 1, 1)
    images[:, :, row, column] = OWN
    zoom = -(-128 // shades.shape[-1])
    images = images.repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)
    return picture(images, 2, captions=["seen", "gradient"])

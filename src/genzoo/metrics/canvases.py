"""The intermediate canvases of a model that draws an image in steps."""

import math

import torch
from torch import Tensor

from genzoo.core.capabilities import DrawsSequentially
from genzoo.core.checks import check_positive
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation

RED = torch.tensor([1.0, -1.0, -1.0]).view(3, 1, 1)


@register
class Canvases:
    """Shows samples after each drawing step, with the rectangle that the step writes to, if the model has attention.

    Args:
        samples: number of samples, one per row.
        columns: number of steps shown per row, evenly spaced, including the last; fewer if the model has fewer steps.
        seed: seed of the samples.

    Raises:
        GenzooError: a number is not positive.

    Source: Gregor et al. 2015, arXiv 1502.04623, figures 1 and 7, of DRAW.
    """

    needs = frozenset({DrawsSequentially})

    def __init__(self, samples: int = 9, columns: int = 10, seed: int = 0):
        for name, number in (("samples", samples), ("columns", columns)):
            check_positive(f"metrics.canvases.{name}", number)
        self.samples, self.columns, self.seed = samples, columns, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns the picture ``canvases`` of some steps and the animation ``canvases`` of all steps."""
        images, frames = module.canvases(self.samples, generator(self.seed, "canvases"))
        images = images.float().cpu()
        if frames is not None:
            images = torch.stack([*map(framed, images, frames.float().cpu())])
        steps = len(images)
        columns = min(self.columns, steps)
        shown = [round(steps * i / columns) - 1 for i in range(1, columns + 1)]
        names = [f"step {i + 1}" for i in shown]
        strip = picture(images[shown].transpose(0, 1).flatten(0, 1), columns, column_names=names)
        grids = [picture(sheet, math.ceil(math.sqrt(len(sheet)))) for sheet in images]
        return Evaluation(pictures={"canvases": strip}, animations={"canvases": grids})


def framed(images: Tensor, frames: Tensor) -> Tensor:
    """Draws a red rectangle on each image; returns colour images, small ones enlarged.

    Args:
        images: (n, C, H, W) in [-1, 1].
        frames: left, top, right, bottom and border width, in pixels of the images, (n, 5). The border is drawn at least
            one pixel of the enlarged image and at most two pixels of the original image wide.
    """
    zoom = -(-64 // images.shape[-1])
    images = images.repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)
    height, width = images.shape[2:]
    y, x = (torch.arange(height)[:, None] + 0.5) / zoom, (torch.arange(width) + 0.5) / zoom
    left, top, right, bottom, border = frames[:, :, None, None].unbind(1)
    # Signed distance of each pixel from the rectangle; negative inside.
    across, along = torch.maximum(left - x, x - right), torch.maximum(top - y, y - bottom)
    on_border = torch.maximum(across, along).abs() <= border.clamp(1 / zoom, 2) / 2
    return torch.where(on_border[:, None], RED, images.expand(-1, 3, -1, -1))

"""Fixed-point iteration: all pixels at once, again and again."""

from collections.abc import Iterator

import torch

from genzoo.autoregressive.networks.base import CausalNetwork
from genzoo.autoregressive.sampling.canvas import Canvas, Draw, Stage
from genzoo.core.registry import register


@register
class Jacobi:
    """x ← draw(network(x), noise), until nothing changes: the fixed point is what is drawn pixel by pixel.

    Each pass settles at least the first pixel that was wrong, and usually many, since a pixel mostly comes out the same
    whatever some of those before it are. It asks nothing of the network. Images that are settled leave the batch.

    Source: Song et al. 2021, arXiv 2002.03629; google/flax, examples/pixelcnn.
    """

    def __call__(self, network: CausalNetwork, draw: Draw, canvas: Canvas) -> Iterator[Stage]:
        """Shows the images after every pass, the last of which found them settled."""
        images = canvas.blank()
        moving = torch.arange(len(images), device=images.device)
        for _ in range(images[0, 0].numel() * network.colours + 1):
            part = canvas.of(moving)
            before = images[moving]
            after = part.fill(draw, network(before, part.labels))
            images[moving] = after
            moving = moving[(after != before).flatten(1).any(1)]
            yield Stage(images, 1 - len(moving) / len(images))
            if not len(moving):
                return

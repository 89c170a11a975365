"""Sampling by fixed-point iteration over all pixels at once."""

from collections.abc import Iterator

import torch

from genzoo.autoregressive.networks.base import CausalNetwork
from genzoo.autoregressive.sampling.canvas import Canvas, Draw, Stage
from genzoo.core.registry import register


@register
class Jacobi:
    """Iterates x ← draw(network(x), noise) until nothing changes; the fixed point equals sequential sampling.

    Each pass corrects at least the first wrong pixel, and usually many more, since a pixel often does not depend on
    some of the previous pixels. It works with every network. Converged images are removed from the batch.

    Source: Song et al. 2021, arXiv 2002.03629; google/flax, examples/pixelcnn.
    """

    def __call__(self, network: CausalNetwork, draw: Draw, canvas: Canvas) -> Iterator[Stage]:
        """Yields the images after every pass; the last pass changes nothing."""
        images = canvas.blank()
        moving = torch.arange(len(images), device=images.device)
        for _ in range(images[0, 0].numel() * network.colours + 1):
            part = canvas.of(moving)
            before = images[moving]
            after = part.fill(draw, network(before, part.condition))
            images[moving] = after
            moving = moving[(after != before).flatten(1).any(1)]
            yield Stage(images, 1 - len(moving) / len(images))
            if not len(moving):
                return

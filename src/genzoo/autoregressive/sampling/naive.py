"""Sequential sampling by definition: one pass over the whole image per pixel."""

from collections.abc import Iterator

from genzoo.autoregressive.networks.base import CausalNetwork
from genzoo.autoregressive.sampling.canvas import Canvas, Draw, Stage
from genzoo.core.registry import register


@register
class Naive:
    """Draws one pixel per pass (or one colour, if colours are ordered); the reference for the other samplers."""

    def __call__(self, network: CausalNetwork, draw: Draw, canvas: Canvas) -> Iterator[Stage]:
        """Yields the images after every row."""
        images = canvas.blank()
        height, width = images.shape[2:]
        for row in range(height):
            for column in range(width):
                here = slice(row, row + 1), slice(column, column + 1)
                for _ in range(network.colours):
                    parameters = network(images, canvas.condition)
                    images[..., here[0], here[1]] = canvas.at(*here).fill(draw, parameters[..., here[0], here[1]])
            yield Stage(images, (row + 1) / height)

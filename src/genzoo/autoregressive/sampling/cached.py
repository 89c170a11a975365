"""Sampling with cached activations, so that the cost per pixel does not grow with the image."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from genzoo.autoregressive.networks.base import CausalNetwork
from genzoo.autoregressive.sampling.canvas import Canvas, Draw, Stage
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.nn.steps import Cursor, in_steps


@register
class Cached:
    """Evaluates the network incrementally (``genzoo.nn.steps``), at constant cost per pixel.

    The vertical stack is evaluated once per row, the rest once per pixel (or once per colour, if colours are ordered).

    On a GPU the kernels of a row are captured once, as a CUDA graph, and replayed for every row.

    Raises:
        GenzooError: the network does not support incremental evaluation.
    """

    def __call__(self, network: CausalNetwork, draw: Draw, canvas: Canvas) -> Iterator[Stage]:
        """Yields the images after every row."""
        if type(network).across is CausalNetwork.across:
            raise GenzooError(
                f"model.sampler: {type(network).__name__} does not cache activations; use "
                "model.sampler._target_=genzoo.autoregressive.sampling.jacobi.Jacobi."
            )
        images = canvas.blank()
        height, width = images.shape[2:]
        # Input and output of a row, in the same memory for every row, as a CUDA graph requires.
        line = Canvas(*(field[:, :, :1].clone() for field in canvas[:3]), canvas.condition)
        above, row = torch.zeros_like(images[:, :, :1]), images[:, :, :1].clone()
        with in_steps(network, len(images), width) as cursor:

            def draw_row() -> None:
                vertical = network.down(above, canvas.condition)
                for column in range(width):
                    cursor.move_to(column)
                    here = slice(column, column + 1)
                    pixel, at_pixel = line.at(slice(None), here), [maps[..., here] for maps in vertical]
                    for _ in range(network.colours):
                        row[..., here] = pixel.fill(draw, network.across(row[..., here], at_pixel))
                    cursor.correct(row[..., here])
                cursor.next_row()
                above.copy_(row)

            # Copy the row's inputs to the fixed memory, draw the row, copy it to the images.
            play = _captured(draw_row, cursor, above) if images.is_cuda else draw_row
            for i in range(height):
                for field, of_row in zip(line[:3], canvas.at(slice(i, i + 1))[:3], strict=True):
                    field.copy_(of_row)
                play()
                images[:, :, i : i + 1] = row
                yield Stage(images, (i + 1) / height)


def _captured(draw_row: Callable[[], None], cursor: Cursor, above: Tensor) -> Callable[[], None]:
    """Captures the function as a CUDA graph, positioned at the top of the image."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):  # warm-up: libraries must initialise outside of a capture
        draw_row()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        draw_row()
    cursor.forget()
    above.zero_()
    return graph.replay

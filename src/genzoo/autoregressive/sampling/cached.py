"""Remembered activations: a pixel costs a pixel's work."""

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
    """The network works in steps (``genzoo.nn.steps``): its vertical stack once a row, the rest once a pixel (where
    colours are ordered, once a colour).

    On a GPU the kernels of a row are captured once, as a CUDA graph, and played for every row.

    Raises:
        GenzooError: the network does not work in steps.
    """

    def __call__(self, network: CausalNetwork, draw: Draw, canvas: Canvas) -> Iterator[Stage]:
        """Shows the images after every row."""
        if type(network).across is CausalNetwork.across:
            raise GenzooError(
                f"model.sampler: {type(network).__name__} remembers no activations; use "
                "model.sampler._target_=genzoo.autoregressive.sampling.jacobi.Jacobi."
            )
        images = canvas.blank()
        height, width = images.shape[2:]
        # What a row is drawn from and into: the same memory for every row.
        line = Canvas(*(field[:, :, :1].clone() for field in canvas[:3]), canvas.labels)
        above, row = torch.zeros_like(images[:, :, :1]), images[:, :, :1].clone()
        with in_steps(network, len(images), width) as cursor:

            def draw_row() -> None:
                told = network.down(above, canvas.labels)
                for column in range(width):
                    cursor.move_to(column)
                    here = slice(column, column + 1)
                    pixel, at_pixel = line.at(slice(None), here), [maps[..., here] for maps in told]
                    for _ in range(network.colours):
                        row[..., here] = pixel.fill(draw, network.across(row[..., here], at_pixel))
                    cursor.correct(row[..., here])
                cursor.next_row()
                above.copy_(row)

            play = _captured(draw_row, cursor, above) if images.is_cuda else draw_row
            for i in range(height):
                for field, of_row in zip(line[:3], canvas.at(slice(i, i + 1))[:3], strict=True):
                    field.copy_(of_row)
                play()
                images[:, :, i : i + 1] = row
                yield Stage(images, (i + 1) / height)


def _captured(draw_row: Callable[[], None], cursor: Cursor, above: Tensor) -> Callable[[], None]:
    """The same as a CUDA graph, standing at the top of the image."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):  # libraries set themselves up outside of a capture
        draw_row()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        draw_row()
    cursor.forget()
    above.zero_()
    return graph.replay

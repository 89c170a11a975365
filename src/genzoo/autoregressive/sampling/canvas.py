"""The inputs of sampling, and the interface of samplers."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from genzoo.autoregressive.networks.base import CausalNetwork

Draw = Callable[[Tensor, Tensor], Tensor]  #: parameters and noise of pixels -> their values


class Canvas(NamedTuple):
    """All inputs that determine the sampled images, besides the model.

    Args:
        given: images with the values of the given pixels, (B, C, H, W) in [-1, 1].
        mask: bool (B, 1, H, W), True = given.
        noise: uniform numbers in [0, 1) for drawing the pixels, (B, n, H, W).
        condition: the network's condition, (B, width), if it has one.
    """

    given: Tensor
    mask: Tensor
    noise: Tensor
    condition: Tensor | None = None

    @classmethod
    def empty(cls, shape: Sequence[int], noise: Tensor, condition: Tensor | None = None) -> "Canvas":
        """Returns the canvas of images of shape (C, H, W) of which no pixel is given."""
        n, (_, height, width) = len(noise), shape
        mask = torch.zeros(n, 1, height, width, dtype=torch.bool, device=noise.device)
        return cls(noise.new_zeros(n, *shape), mask, noise, condition)

    def blank(self) -> Tensor:
        """Returns images with the given pixels, -1 elsewhere."""
        return torch.where(self.mask, self.given, -1.0)

    def fill(self, draw: Draw, parameters: Tensor) -> Tensor:
        """Returns the values of all pixels, given or drawn."""
        return torch.where(self.mask, self.given, draw(parameters, self.noise))

    def at(self, rows: slice, columns: slice = slice(None)) -> "Canvas":
        """Returns a rectangular part."""
        here = (..., rows, columns)
        return Canvas(self.given[here], self.mask[here], self.noise[here], self.condition)

    def of(self, chosen: Tensor) -> "Canvas":
        """Returns some of the images, by index."""
        return Canvas(*(None if field is None else field[chosen] for field in self))


class Stage(NamedTuple):
    """Partially drawn images.

    Args:
        images: (B, C, H, W) in [-1, 1]; the sampler changes them in place later.
        done: finished fraction.
    """

    images: Tensor
    done: float


class Sampler(Protocol):
    """A sampling algorithm. From the same canvas all samplers draw the same images, up to rounding."""

    def __call__(self, network: CausalNetwork, draw: Draw, canvas: Canvas) -> Iterator[Stage]:
        """Yields the stages of drawing; the last stage has the complete images."""

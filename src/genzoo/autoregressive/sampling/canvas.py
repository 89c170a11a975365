"""What an image is drawn from, and how a sampler is called."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from genzoo.autoregressive.networks.base import CausalNetwork

Draw = Callable[[Tensor, Tensor], Tensor]  #: parameters and noise of pixels -> their values


class Canvas(NamedTuple):
    """All that decides what images will be, beside the model.

    Args:
        given: values of the pixels that are not drawn, (B, C, H, W) in [-1, 1].
        mask: bool (B, 1, H, W), True = given.
        noise: uniform numbers in [0, 1) that the pixels are drawn from, (B, n, H, W).
        labels: int64 (B,), where images depend on classes.
    """

    given: Tensor
    mask: Tensor
    noise: Tensor
    labels: Tensor | None = None

    def blank(self) -> Tensor:
        """Images with the given pixels alone, -1 elsewhere."""
        return torch.where(self.mask, self.given, -1.0)

    def fill(self, draw: Draw, parameters: Tensor) -> Tensor:
        """Values of all pixels, given or drawn."""
        return torch.where(self.mask, self.given, draw(parameters, self.noise))

    def at(self, rows: slice, columns: slice = slice(None)) -> "Canvas":
        """A part of it."""
        here = (..., rows, columns)
        return Canvas(self.given[here], self.mask[here], self.noise[here], self.labels)

    def of(self, chosen: Tensor) -> "Canvas":
        """Some of the images, by their indices."""
        return Canvas(*(None if field is None else field[chosen] for field in self))


class Stage(NamedTuple):
    """How far images have come.

    Args:
        images: (B, C, H, W) in [-1, 1]; the sampler goes on to change them.
        done: a fraction.
    """

    images: Tensor
    done: float


class Sampler(Protocol):
    """Draws images. From the same canvas all samplers draw the same ones, up to rounding."""

    def __call__(self, network: CausalNetwork, draw: Draw, canvas: Canvas) -> Iterator[Stage]:
        """The stages of drawing, the last of which is the whole images."""

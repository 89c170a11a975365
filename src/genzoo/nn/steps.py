"""Incremental evaluation of causal networks, one pixel at a time, with a cache per layer.

During incremental evaluation the ``forward`` methods get a single pixel (B, C, 1, 1) instead of a whole map, so the
cost per pixel does not grow with the image. A layer whose kernel reaches beyond its own pixel has a method
``remember(batch, width)`` that returns a ``Steps`` object: the layer's cache. While the cache is the layer's attribute
``steps``, it replaces the layer: it maps the layer's input at the current pixel to the layer's output there.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Steps(Protocol):
    """The cache of one layer: its inputs at the pixels that were already evaluated."""

    def __call__(self, x: Tensor) -> Tensor:
        """The layer's output at the current pixel, from its input there."""

    def move_to(self, column: int) -> None:
        """Moves to another column of the current row."""

    def next_row(self) -> None:
        """Moves to the next row; the current one is complete."""

    def correct(self, pixel: Tensor) -> None:
        """Replaces the cached input at the current pixel by the pixel (B, C, 1, 1) that was sampled."""

    def forget(self) -> None:
        """Clears the cache for a new image."""


@runtime_checkable
class Remembers(Protocol):
    """A layer whose kernel reaches beyond its own pixel."""

    steps: Steps | None

    def remember(self, batch: int, width: int) -> Steps:
        """A new cache for ``batch`` images of ``width`` pixels."""
        ...


class PixelSteps:
    """Cache of a convolution whose kernel covers rows above and pixels to the left; evaluated one pixel at a time.

    Args:
        weight: masked, (outputs, inputs, rows, columns); the last row is the pixel's own.
        bias: (outputs,).
        left: column of the kernel that is the pixel's own.
        batch: number of images.
        width: width of the map, in pixels.
        sees_image: whether the layer's input is the image itself, whose pixel is sampled after the layer was evaluated.
    """

    def __init__(self, weight: Tensor, bias: Tensor, left: int, batch: int, width: int, sees_image: bool = False):
        outputs, inputs, rows, self.columns = weight.shape
        self.matrix, self.bias = weight.permute(0, 2, 3, 1).reshape(outputs, -1), bias
        self.left, self.column, self.sees_image = left, 0, sees_image
        self.seen = weight.new_zeros(batch, rows, width + self.columns - 1, inputs)

    def __call__(self, x: Tensor) -> Tensor:
        """Maps (B, outputs, 1, 1) of maps (B, inputs, 1, 1) at the column."""
        pixel = x[:, :, 0, 0]
        if self.columns > 1 or self.seen.shape[1] > 1:
            self.seen[:, -1, self.column + self.left] = pixel
            pixel = self.seen[:, :, self.column : self.column + self.columns].flatten(1)
        return F.linear(pixel, self.matrix, self.bias)[:, :, None, None]

    def move_to(self, column: int) -> None:
        """See ``Steps``."""
        self.column = column

    def next_row(self) -> None:
        """Drops the oldest row."""
        if self.seen.shape[1] > 1:
            self.seen.copy_(F.pad(self.seen[:, 1:], (0, 0, 0, 0, 0, 1)))

    def correct(self, pixel: Tensor) -> None:
        """Stores the sampled pixel."""
        if self.sees_image:
            self.seen[:, -1, self.column + self.left] = pixel[:, :, 0, 0]

    def forget(self) -> None:
        """Sets the cache to zero."""
        self.seen.zero_()


class RowSteps:
    """Cache of a convolution whose kernel covers its own row and rows above; evaluated one row at a time.

    Args:
        weight: (outputs, inputs, rows, columns); the last row is its own.
        bias: (outputs,).
        batch: number of images.
        width: width of the map, in pixels.
    """

    def __init__(self, weight: Tensor, bias: Tensor, batch: int, width: int):
        self.weight, self.bias = weight, bias
        _, inputs, rows, columns = weight.shape
        self.padding, self.seen = columns // 2, weight.new_zeros(batch, inputs, rows, width)

    def __call__(self, x: Tensor) -> Tensor:
        """Maps (B, outputs, 1, W) of maps (B, inputs, 1, W)."""
        self.seen.copy_(torch.cat([self.seen[:, :, 1:], x], dim=2))
        return F.conv2d(self.seen, self.weight, self.bias, padding=(0, self.padding))

    def move_to(self, column: int) -> None:
        """Does nothing: the layer gets whole rows."""

    def next_row(self) -> None:
        """Does nothing: each call appends a row."""

    def correct(self, pixel: Tensor) -> None:
        """Does nothing: the layer's rows are complete."""

    def forget(self) -> None:
        """Sets the cache to zero."""
        self.seen.zero_()


class Cursor:
    """Moves all layers of a network together; see ``Steps``."""

    def __init__(self, steps: Sequence[Steps]):
        self.steps = steps

    def move_to(self, column: int) -> None:
        """Moves all layers to a column of the current row."""
        for steps in self.steps:
            steps.move_to(column)

    def next_row(self) -> None:
        """Moves all layers to the next row."""
        for steps in self.steps:
            steps.next_row()

    def correct(self, pixel: Tensor) -> None:
        """Stores the sampled pixel (B, C, 1, 1) in all caches."""
        for steps in self.steps:
            steps.correct(pixel)

    def forget(self) -> None:
        """Clears all caches for a new image."""
        for steps in self.steps:
            steps.forget()


@contextmanager
def in_steps(network: nn.Module, batch: int, width: int) -> Iterator[Cursor]:
    """Inside, the network is evaluated incrementally, from the first pixel of ``batch`` images of ``width`` pixels."""
    layers = [m for m in network.modules() if isinstance(m, Remembers)]
    try:
        for layer in layers:
            layer.steps = layer.remember(batch, width)
        yield Cursor([layer.steps for layer in layers])
    finally:
        for layer in layers:
            layer.steps = None

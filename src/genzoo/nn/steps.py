"""Causal networks in steps: an image is handed to them bit by bit, and each layer remembers what it has seen of it.

In steps the same ``forward`` methods take a pixel (B, C, 1, 1) where they take a map else, so that a pixel costs a
pixel's work. A layer that looks beyond its own pixel gives, as ``remember(batch, width)``, an object that stands in for
it meanwhile, as its attribute ``steps``: called with what is there, it gives what the layer would give there.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Steps(Protocol):
    """What a layer remembers of the image."""

    def __call__(self, x: Tensor) -> Tensor:
        """The layer's output at the place that the network stands at, of its input there."""

    def move_to(self, column: int) -> None:
        """The network goes to a column of the row that it is in."""

    def next_row(self) -> None:
        """The row is complete."""

    def correct(self, pixel: Tensor) -> None:
        """The pixel (B, C, 1, 1) is known now; before, a layer may have seen another value in its place."""

    def forget(self) -> None:
        """Back to the top of the image."""


class PixelSteps:
    """Steps of a convolution over rows above and pixels to the left; it is handed a pixel at a time.

    Args:
        weight: masked, (outputs, inputs, rows, columns); the last row is the pixel's own.
        bias: (outputs,).
        left: column of the kernel that is the pixel's own.
        batch: images.
        width: of the map, in pixels.
        sees_image: whether the input is the image, whose pixels are known only after the layer has been asked for them.
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
        """Within the row."""
        self.column = column

    def next_row(self) -> None:
        """The oldest row is forgotten."""
        if self.seen.shape[1] > 1:
            self.seen.copy_(F.pad(self.seen[:, 1:], (0, 0, 0, 0, 0, 1)))

    def correct(self, pixel: Tensor) -> None:
        """Remembers the image's pixel."""
        if self.sees_image:
            self.seen[:, -1, self.column + self.left] = pixel[:, :, 0, 0]

    def forget(self) -> None:
        """Zeros."""
        self.seen.zero_()


class RowSteps:
    """Steps of a convolution over its own row and rows above; it is handed a whole row at a time.

    Args:
        weight: (outputs, inputs, rows, columns); the last row is its own.
        bias: (outputs,).
        batch: images.
        width: of the map, in pixels.
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
        """It has the whole row."""

    def next_row(self) -> None:
        """It is handed each row once."""

    def correct(self, pixel: Tensor) -> None:
        """It is handed rows that are complete."""

    def forget(self) -> None:
        """Zeros."""
        self.seen.zero_()


class Cursor:
    """Moves all layers of a network together; see ``Steps``."""

    def __init__(self, steps: Sequence[Steps]):
        self.steps = steps

    def move_to(self, column: int) -> None:
        """To a column of the row."""
        for steps in self.steps:
            steps.move_to(column)

    def next_row(self) -> None:
        """To the next row."""
        for steps in self.steps:
            steps.next_row()

    def correct(self, pixel: Tensor) -> None:
        """Says what the pixel (B, C, 1, 1) at the column has become."""
        for steps in self.steps:
            steps.correct(pixel)

    def forget(self) -> None:
        """To the top of an image."""
        for steps in self.steps:
            steps.forget()


@contextmanager
def in_steps(network: nn.Module, batch: int, width: int) -> Iterator[Cursor]:
    """Inside, the network works in steps, from the top of ``batch`` images of ``width`` pixels on."""
    layers = [m for m in network.modules() if hasattr(m, "remember")]
    try:
        for layer in layers:
            layer.steps = layer.remember(batch, width)
        yield Cursor([layer.steps for layer in layers])
    finally:
        for layer in layers:
            layer.steps = None

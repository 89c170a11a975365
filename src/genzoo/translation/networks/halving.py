"""Convolutions that halve feature maps."""

from collections.abc import Callable, Sequence

from torch import nn


def halving_stages(
    inputs: int, widths: Sequence[int], norm: Callable[[int], nn.Module] = nn.BatchNorm2d
) -> list[nn.Sequential]:
    """A convolution of 4 x 4 and stride 2 without biases, a norm except in the first stage, and a leaky ReLU, each.

    Args:
        inputs: number of channels of the input.
        widths: number of maps of each stage.
        norm: factory, called with that number.
    """
    stages: list[nn.Sequential] = []
    for before, after in zip((inputs, *widths), widths, strict=False):
        normed = [norm(after)] if stages else []
        stages.append(nn.Sequential(nn.Conv2d(before, after, 4, 2, 1, bias=False), *normed, nn.LeakyReLU(0.2)))
    return stages

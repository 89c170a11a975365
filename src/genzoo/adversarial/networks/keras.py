"""Constants and initial weights of Keras, which the networks of CaloGAN and LAGAN rely on."""

import math

from torch import Tensor, nn

SLOPE = 0.3  #: of leaky ReLU


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with Keras's constants."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def he_uniform(weight: Tensor, fan_in: int) -> None:
    """Draws weights uniformly with variance 2 / fan_in."""
    bound = math.sqrt(6 / fan_in)
    nn.init.uniform_(weight, -bound, bound)


def glorot_normal(weight: Tensor, fan_in: int, fan_out: int) -> None:
    """Draws weights of a normal distribution of variance 2 / (fan_in + fan_out), cut off at two standard deviations."""
    std = math.sqrt(2 / (fan_in + fan_out))
    nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)

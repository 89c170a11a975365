"""Normalisation of feature maps, by name."""

from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.nn.spectral import SpectralConv2d, SpectralLinear

NORMS = ("batch", "layer", "instance", "spectral", "none")


def check_norm(key: str, norm: str, spectral: bool = True) -> None:
    """Checks the name of a norm; ``spectral``: whether the network supports spectral norm.

    Raises:
        GenzooError: the message names the key and the accepted names.
    """
    accepted = [name for name in NORMS if spectral or name != "spectral"]
    if norm not in accepted:
        raise GenzooError(f"{key}={norm!r}: unknown. Accepted: {', '.join(accepted)}.")


def normalisation(norm: str, channels: int) -> nn.Module:
    """Builds the layer that normalises feature maps (B, channels, h, w), with a gain and a shift per channel.

    ``"layer"`` normalises each image over channels and pixels, ``"instance"`` each of its channels over pixels;
    ``"spectral"`` normalises weights (see ``convolution``), so here it is the identity, like ``"none"``.

    Source: arXiv 1502.03167 (batch), 1607.06450 (layer), 1607.08022 (instance).
    """
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    if norm == "layer":
        return nn.GroupNorm(1, channels)
    if norm == "instance":
        return nn.GroupNorm(channels, channels)
    return nn.Identity()


def convolution(norm: str) -> type[nn.Conv2d]:
    """Returns the convolution class for a norm."""
    return SpectralConv2d if norm == "spectral" else nn.Conv2d


def linear(norm: str) -> type[nn.Linear]:
    """Returns the linear class for a norm."""
    return SpectralLinear if norm == "spectral" else nn.Linear


def shift_only(norm: nn.modules.batchnorm._BatchNorm) -> nn.modules.batchnorm._BatchNorm:
    """Fixes the gain of a batch norm at 1, so that only the shift is trained.

    Source: openai/improved-gan, mnist_svhn_cifar10/nn.py, ``batch_norm(..., g=None)``.
    """
    norm.weight.requires_grad_(False)
    return norm

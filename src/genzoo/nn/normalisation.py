"""Normalisation of feature maps, by name."""

from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.nn.spectral import SpectralConv2d, SpectralLinear

NORMS = ("batch", "layer", "instance", "spectral", "none")


def check_norm(key: str, norm: str, spectral: bool = True) -> None:
    """Refuses unknown names, and spectral norm where a network does not have it.

    Raises:
        GenzooError: naming the key and the accepted names.
    """
    accepted = [name for name in NORMS if spectral or name != "spectral"]
    if norm not in accepted:
        raise GenzooError(f"{key}={norm!r} cannot be. Accepted: {', '.join(accepted)}.")


def normalisation(norm: str, channels: int) -> nn.Module:
    """The layer that normalises feature maps (B, channels, h, w), with a gain and a shift a channel.

    ``"layer"`` normalises each image over channels and pixels, ``"instance"`` each of its channels over pixels;
    ``"spectral"`` normalises weights (see ``convolution``), so here it is the identity, as ``"none"`` is.

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
    """The class of convolutions that goes with a norm."""
    return SpectralConv2d if norm == "spectral" else nn.Conv2d


def linear(norm: str) -> type[nn.Linear]:
    """The class of linear layers that goes with a norm."""
    return SpectralLinear if norm == "spectral" else nn.Linear


def shift_only(norm: nn.modules.batchnorm._BatchNorm) -> nn.modules.batchnorm._BatchNorm:
    """The batch norm with its gain held at 1: only the shift is trained.

    Source: openai/improved-gan, mnist_svhn_cifar10/nn.py, ``batch_norm(..., g=None)``.
    """
    norm.weight.requires_grad_(False)
    return norm

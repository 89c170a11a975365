"""Weight initialisations shared by several models."""

import math

from torch import nn

from genzoo.core.registry import register


@register
def dcgan_initialisation(network: nn.Module, std: float = 0.02, truncated: bool = False) -> None:
    """Initialises weights with N(0, std²), gains of batch norm with N(1, 0.02²), biases with 0.

    Args:
        network: network, changed in place.
        std: standard deviation of weights.
        truncated: truncate the weights of convolutions at 2 std.

    Source: DCGAN (arXiv 1511.06434, section 4); truncated in openai/InfoGAN, infogan/misc/custom_ops.py.
    """
    for m in network.modules():
        if truncated and isinstance(m, nn.Conv2d):
            nn.init.trunc_normal_(m.weight, std=std, a=-2 * std, b=2 * std)
        elif isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Conv3d | nn.ConvTranspose3d | nn.Linear):
            nn.init.normal_(m.weight, std=std)
        elif isinstance(m, nn.modules.batchnorm._BatchNorm):
            nn.init.normal_(m.weight, mean=1.0, std=0.02)
        if getattr(m, "bias", None) is not None:
            nn.init.zeros_(m.bias)


def uniform_initialisation(network: nn.Module, bound: float) -> None:
    """Initialises weights of linear layers uniformly on [-bound, bound] and their biases with 0.

    Args:
        network: network, changed in place.
        bound: largest absolute value.
    """
    for m in network.modules():
        if isinstance(m, nn.Linear):
            nn.init.uniform_(m.weight, -bound, bound)
            nn.init.zeros_(m.bias)


def normal_initialisation(network: nn.Module, std: float) -> None:
    """Initialises weights of convolutions and linear layers with N(0, std²) and their biases with 0.

    Args:
        network: network, changed in place.
        std: standard deviation.
    """
    for m in network.modules():
        if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(m.weight, std=std)
            if m.bias is not None:
                nn.init.zeros_(m.bias)


@register
def glorot_initialisation(network: nn.Module) -> None:
    """Initialises weights uniformly with variance 2 g² / (fan in + fan out), biases with 0.

    The gain g is √2 for convolutions larger than 1 x 1, whose input has passed a ReLU, else 1. With a stride, the fan
    on the side of higher resolution is divided by the squared stride.

    Source: igul222/improved_wgan_training, tflib/ops (conv2d, deconv2d: he_init; linear: glorot);
        pfnet-research/sngan_projection, gen_models/resblocks.py: GlorotUniform(√2), of 1 x 1 convolutions (1).
    """
    for m in network.modules():
        if isinstance(m, nn.Conv2d | nn.ConvTranspose2d):
            taps, thinned = math.prod(m.kernel_size), math.prod(m.stride)
            fans = m.in_channels * taps, m.out_channels * taps
            finer = fans[1] if isinstance(m, nn.Conv2d) else fans[0]
            fan = sum(fans) - finer + finer / thinned
            bound = math.sqrt(3 * 2 * (2 if taps > 1 else 1) / fan)
            nn.init.uniform_(m.weight, -bound, bound)
        elif isinstance(m, nn.Linear):
            nn.init.xavier_uniform_(m.weight)
        if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and m.bias is not None:
            nn.init.zeros_(m.bias)

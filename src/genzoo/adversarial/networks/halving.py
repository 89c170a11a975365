"""The stages of DCGAN's discriminator, each of which halves the size of the feature map."""

from torch import nn

from genzoo.adversarial.networks.sizes import halvings
from genzoo.nn.normalisation import convolution, normalisation


def halving_stages(
    shape: tuple[int, int, int], channels: int, kernel: int, norm: str
) -> tuple[list[list[nn.Module]], int]:
    """Stages of a convolution of stride 2, a norm and a leaky ReLU, down to 4 x 4 pixels (7 x 7 for 28).

    Args:
        shape: (C, H, W) of the input.
        channels: of the feature map at half resolution; each coarser one has twice as many.
        kernel: 4 or 5.
        norm: ``"batch"``, ``"layer"``, ``"instance"``, ``"spectral"`` (of all weights) or ``"none"``; the first stage
            has only the spectral one.

    Returns:
        The layers of each stage, and the number of outputs of the last one.

    Source: DCGAN (arXiv 1511.06434), section 3.
    """
    times, size = halvings(shape)
    conv, padding = convolution(norm), (kernel - 1) // 2
    stages: list[list[nn.Module]] = [[conv(shape[0], channels, kernel, 2, padding), nn.LeakyReLU(0.2)]]
    for _ in range(times - 1):
        convolved = conv(channels, 2 * channels, kernel, 2, padding, bias=norm != "batch")
        stages.append([convolved, normalisation(norm, 2 * channels), nn.LeakyReLU(0.2)])
        channels *= 2
    return stages, channels * size * size

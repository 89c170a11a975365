"""The stages of DCGAN's discriminator, each of which halves the size of the feature map."""

from torch import nn

from genzoo.adversarial.networks.sizes import halvings
from genzoo.nn.normalisation import convolution, normalisation


def halving_stages(
    shape: tuple[int, int, int], channels: int, kernel: int, norm: str, joined: int = 0
) -> tuple[list[list[nn.Module]], int]:
    """Stages of a convolution of stride 2, a norm and a leaky ReLU, down to 4 x 4 pixels (7 x 7 for 28).

    Args:
        shape: (C, H, W) of the input.
        channels: of the feature map at half resolution; each coarser one has twice as many.
        kernel: 4 or 5.
        norm: ``"batch"``, ``"layer"``, ``"instance"``, ``"spectral"`` (of all weights) or ``"none"``; the first stage
            has only the spectral one.
        joined: number of maps that are joined with those of the first stage before the second one.

    Returns:
        The layers of each stage, and the number of outputs of the last one.

    Source: DCGAN (arXiv 1511.06434), section 3.
    """
    times, size = halvings(shape)
    conv, padding = convolution(norm), (kernel - 1) // 2
    stages: list[list[nn.Module]] = [[conv(shape[0], channels, kernel, 2, padding), nn.LeakyReLU(0.2)]]
    inputs = channels + joined
    for _ in range(times - 1):
        convolved = conv(inputs, 2 * channels, kernel, 2, padding, bias=norm != "batch")
        stages.append([convolved, normalisation(norm, 2 * channels), nn.LeakyReLU(0.2)])
        inputs = channels = 2 * channels
    return stages, channels * size * size

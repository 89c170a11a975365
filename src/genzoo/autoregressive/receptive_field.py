"""The receptive field of a network's output."""

import torch
from torch import Generator, Tensor

from genzoo.autoregressive.networks.base import CausalNetwork


def receptive_field(
    network: CausalNetwork, images: Tensor, row: int, column: int, generator: Generator | None = None
) -> Tensor:
    """Returns √ E (∂ vᵀ θ / ∂ x)² for each pixel x, (H, W), where θ are the parameters at a pixel and v ~ N(0, I).

    It is averaged over images and summed over x's channels. The expectation over v is the squared Jacobian; it needs
    no pass per parameter, of which there are hundreds, and gradients of different parameters do not cancel out.

    Args:
        network: a network whose state is not changed by a pass.
        images: (B, C, H, W) in [-1, 1].
        row, column: position of the pixel.
        generator: generator of v.
    """
    with torch.enable_grad():
        images = images.detach().clone().requires_grad_()
        parameters = network(images)[:, :, row, column]
        directions = torch.randn(parameters.shape, generator=generator).to(parameters)
        (gradient,) = torch.autograd.grad(parameters, images, directions)
    return gradient.double().square().sum(1).mean(0).sqrt().float()  # squares of tiny gradients are 0 in float32

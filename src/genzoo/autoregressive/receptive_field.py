"""What an output depends on."""

import torch
from torch import Generator, Tensor

from genzoo.autoregressive.networks.base import CausalNetwork


def receptive_field(
    network: CausalNetwork, images: Tensor, row: int, column: int, generator: Generator | None = None
) -> Tensor:
    """√ E (∂ vᵀ θ / ∂ x)² of each pixel x, (H, W), where θ are the parameters at a pixel and v ~ N(0, I).

    The mean is over images and the sum over x's channels; over v it is the squared Jacobian, without a pass for each of
    hundreds of parameters, and no two parameters cancel out.

    Args:
        network: without a state that a pass changes.
        images: (B, C, H, W) in [-1, 1].
        row, column: of the pixel.
        generator: of v.
    """
    with torch.enable_grad():
        images = images.detach().clone().requires_grad_()
        parameters = network(images)[:, :, row, column]
        directions = torch.randn(parameters.shape, generator=generator).to(parameters)
        (gradient,) = torch.autograd.grad(parameters, images, directions)
    return gradient.double().square().sum(1).mean(0).sqrt().float()  # squares of tiny gradients are 0 in float32

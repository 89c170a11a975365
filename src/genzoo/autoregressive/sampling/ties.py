"""Checks whether two samplers differ only by rounding."""

import torch
from torch import Tensor

from genzoo.autoregressive.networks.base import CausalNetwork
from genzoo.autoregressive.sampling.canvas import Canvas, Draw


def ties(network: CausalNetwork, draw: Draw, canvas: Canvas, a: Tensor, b: Tensor, margin: float = 1e-5) -> Tensor:
    """For each image that differs, returns whether its first difference is a tie (bool).

    Only the first difference is checked, since later pixels depend on it. It is a tie if changes of the network's
    outputs and of the noise as small as ``margin`` (relative for outputs larger than 1) change the drawn value.

    Args:
        network, draw, canvas: see ``Sampler``.
        a, b: images (B, C, H, W) that were drawn from the same canvas.
        margin: size of rounding errors.
    """
    # In the order of pixels, and of colours within a pixel.
    differ = (a != b).movedim(1, -1).flatten(1)
    which = differ.any(1).nonzero().flatten()
    first = differ[which].int().argmax(1)
    part = canvas.of(which)
    parameters = network(a[which], part.condition)
    generator = torch.Generator(a.device).manual_seed(0)
    found = torch.zeros(len(which), dtype=torch.bool, device=a.device)
    for _ in range(32):
        shaken = [
            x + margin * scale * torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
            for x, scale in ((parameters, parameters.abs().clamp(min=1)), (part.noise, 1.0))
        ]
        drawn = part._replace(noise=shaken[1].clamp(0, 1 - 2**-24)).fill(draw, shaken[0])
        other = (drawn != a[which]).movedim(1, -1).flatten(1)
        found |= other.gather(1, first[:, None]).squeeze(1)
    return found

"""Directions along which wide parts of a latent code are moved."""

from typing import cast

import torch
from torch import Generator, Tensor

from genzoo.core.capabilities import Decodes
from genzoo.core.latent import Categorical, Latent
from genzoo.core.rounds import RoundModule

WIDE = 10  #: dimensions; parts of more are moved along few directions
COUNT = 4  #: directions of a wide part
DRAWS = 400  #: codes from which principal directions are estimated


def wide(latent: Latent) -> list[str]:
    """The names of the continuous parts of more than ten dimensions."""
    return [name for name, part in latent.parts.items() if part.size > WIDE and not isinstance(part, Categorical)]


def principal_directions(module: RoundModule, name: str, generator: Generator) -> Tensor:
    """The directions of a part along which images change most, (4, size), of one standard deviation each.

    Of draws z of the part with images x, all other parts fixed, the linear regression x ≈ A z is fitted; the directions
    are the first right singular vectors of A, times the standard deviation of z, with a positive largest component.

    Args:
        module: a model that decodes.
        name: of the part.
        generator: of the draws.
    """
    latent, decode = cast(Latent, module.latent), cast(Decodes, module).decode
    fixed, draws = latent.split(latent.sample(1, generator)), latent.parts[name].sample(DRAWS, generator)
    codes = latent.join({**{k: v.expand(DRAWS, -1) for k, v in fixed.items()}, name: draws})
    # Of a run that diverged, pixels are not finite.
    images = decode(codes.to(module.device)).cpu().flatten(1).float().nan_to_num(0.0, 0.0, 0.0)
    slopes = torch.linalg.lstsq(draws - draws.mean(0), images - images.mean(0)).solution  # (size, pixels)
    ways = torch.linalg.svd(slopes, full_matrices=False).U.T[:COUNT]
    signs = ways.gather(1, ways.abs().argmax(1, keepdim=True)).sign()
    return ways * signs * draws.std()


def random_directions(latent: Latent, name: str, generator: Generator) -> Tensor:
    """Orthogonal random directions of a part, (4, size), of one standard deviation each."""
    part = latent.parts[name]
    ways = torch.linalg.qr(torch.randn(part.size, COUNT, generator=generator)).Q.T
    return ways * part.sample(DRAWS, generator).std()

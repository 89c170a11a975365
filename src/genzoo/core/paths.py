"""Paths between latent codes."""

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.latent import Categorical, Latent


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Spherical linear interpolation: (sin((1 - t) Ω) start + sin(t Ω) end) / sin Ω, with Ω the angle between them.

    Between vectors of equal length, the length is preserved. Parallel and opposite vectors do not determine an arc and
    are interpolated linearly.

    Args:
        start, end: (..., F).
        t: from 0 (start) to 1 (end), of a shape that broadcasts with (..., 1).

    Source: Shoemake 1985, Animating rotation with quaternion curves (SIGGRAPH); White 2016, arXiv 1609.04468, for
        generative models.

    Example:
        >>> slerp(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.tensor(0.5))
        tensor([0.7071, 0.7071])
    """
    omega = F.cosine_similarity(start, end, dim=-1).clamp(-1, 1).acos().unsqueeze(-1)
    arc = (((1 - t) * omega).sin() * start + (t * omega).sin() * end) / omega.sin()
    no_arc = omega.sin() < 1e-3  # below this, float32 does not distinguish the angle from 0 or π
    return torch.where(no_arc, torch.lerp(start, end, t), arc)


def spherical(latent: Latent, start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Codes on the arc of each part of the code; those of categorical parts are on the line.

    Args:
        latent: the parts.
        start, end: (..., latent.width).
        t: see ``slerp``.

    Example:
        >>> from genzoo.core.latent import Normal
        >>> latent = Latent(noise=Normal(2), digit=Categorical(2))
        >>> spherical(latent, torch.tensor([1.0, 0, 1, 0]), torch.tensor([0.0, 1, 0, 1]), torch.tensor(0.5))
        tensor([0.7071, 0.7071, 0.5000, 0.5000])
    """
    starts, ends = latent.split(start), latent.split(end)
    return latent.join(
        {
            name: (torch.lerp if isinstance(part, Categorical) else slerp)(starts[name], ends[name], t)
            for name, part in latent.parts.items()
        }
    )

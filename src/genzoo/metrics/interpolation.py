"""Images of interpolated latent codes."""

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.batches import Shown
from genzoo.core.capabilities import Decodes
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.show import show


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


@register
class Interpolation:
    """Rows of images that interpolate between two draws of the prior, linearly and spherically.

    Spherical interpolation is applied to each part of the code separately. Categorical parts are interpolated linearly
    in both pictures, so that each row still ends in the second draw; between the ends they are mixtures, which the
    model was not trained on.

    Args:
        rows: number of pairs of codes, one per row.
        steps: images per row, both ends included.
        seed: seed of the codes.

    Source: White 2016, arXiv 1609.04468, which recommends spherical interpolation.
    """

    needs = frozenset({Decodes, Shown})

    def __init__(self, rows: int = 8, steps: int = 10, seed: int = 0):
        if rows < 1:
            raise GenzooError(f"metrics.interpolation.rows={rows}: at least 1 row is needed.")
        if steps < 2:
            raise GenzooError(f"metrics.interpolation.steps={steps}: a row needs at least 2 images, its ends.")
        self.rows, self.steps, self.seed = rows, steps, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``interpolation_linear`` and ``interpolation_spherical``."""
        latent = module.latent
        start, end = latent.sample(2 * self.rows, generator(self.seed, "interpolation")).unsqueeze(1).chunk(2)
        t = torch.linspace(0, 1, self.steps).unsqueeze(1)  # start, end (rows, 1, F); t (steps, 1)
        starts, ends = latent.split(start), latent.split(end)
        arcs = {
            name: (torch.lerp if isinstance(part, Categorical) else slerp)(starts[name], ends[name], t)
            for name, part in latent.parts.items()
        }
        codes = {"linear": torch.lerp(start, end, t), "spherical": latent.join(arcs)}
        names = [f"pair {i}" for i in range(self.rows)]
        images = {path: module.decode(z.flatten(0, 1).to(module.device)) for path, z in codes.items()}
        return Evaluation(
            pictures={
                f"interpolation_{path}": picture(show(found, data.spec), self.steps, names)
                for path, found in images.items()
            }
        )

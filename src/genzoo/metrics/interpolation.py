"""Images of interpolated latent codes."""

import torch

from genzoo.core.batches import Shown
from genzoo.core.capabilities import Decodes
from genzoo.core.errors import GenzooError
from genzoo.core.paths import spherical
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.show import show


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
        codes = {"linear": torch.lerp(start, end, t), "spherical": spherical(latent, start, end, t)}
        names = [f"pair {i}" for i in range(self.rows)]
        places = ["first draw", *(f"{place:.2f}" for place in t.flatten()[1:-1]), "second draw"]
        images = {path: module.decode(z.flatten(0, 1).to(module.device)) for path, z in codes.items()}
        return Evaluation(
            pictures={
                f"interpolation_{path}": picture(show(found, data.spec), self.steps, names, None, places)
                for path, found in images.items()
            }
        )

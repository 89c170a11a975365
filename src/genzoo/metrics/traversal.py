"""Traversals of the named parts of the latent code."""

from genzoo.core.batches import Shown
from genzoo.core.capabilities import Decodes
from genzoo.core.directions import principal_directions, wide
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.show import show


@register
class Traversal:
    """A row of images for each category and each dimension of the latent code's named parts.

    A part of more than ten dimensions has four rows instead, along the directions that change images most.

    Args:
        steps: images per row.
        seed: seed of the parts that are held fixed.

    Source: InfoGAN (arXiv 1606.03657), figure 2.
    """

    needs = frozenset({Decodes, Shown})

    def __init__(self, steps: int = 10, seed: int = 0):
        self.steps, self.seed = steps, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns the picture ``traversal``."""
        drawn, latent = generator(self.seed, "traversal"), module.latent
        ways = {name: principal_directions(module, name, generator(self.seed, "directions")) for name in wide(latent)}
        codes, names = latent.traverse(self.steps, drawn, ways)
        images = module.decode(codes.flatten(0, 1).to(module.device))
        return Evaluation(pictures={"traversal": picture(show(images, data.spec), self.steps, names)})

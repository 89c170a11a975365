"""The search for codes near a given one whose images have the colours of strokes."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import torch
from torch import Generator, Tensor
from torch.optim import Adam, Optimizer

from genzoo.core.capabilities import Decodes
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.latent_search import Found, descend, describe, movable
from genzoo.core.precision import at_least_float32
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule


@register
class StrokeEdit:
    """argmin_z Σ m (G(z) - c)² / Σ m + λ mean (z - z₀)², by gradient descent from several codes around z₀.

    c are the strokes' colours and m their mask, over pixels and channels; z₀ is the image's code. The first start is z₀
    itself, the others have noise added. Categorical parts of the code keep their values.

    Args:
        candidates: number of codes that are searched for in parallel.
        steps: number of steps from each start.
        optimizer: factory of the optimizer of the codes, whose step treats each number by itself, as Adam's does.
        noise: bound of the uniform noise.
        smoothness: λ.

    Raises:
        GenzooError: a setting is out of range.

    Source: iGAN (Zhu et al. 2016, arXiv 1609.03552); junyanz/iGAN, constrained_opt.py, constrained_opt_theano.py (all
        defaults). There a hyperbolic tangent limits codes to [-1, 1], and codes before it are compared with z₀; here
        codes have no limit. The distance to sketches is left out.
    """

    def __init__(
        self,
        candidates: int = 32,
        steps: int = 25,
        optimizer: Callable[[list[Tensor]], Optimizer] = partial(Adam, lr=0.1),  # noqa: B008 (it never changes)
        noise: float = 0.5,
        smoothness: float = 5.0,
    ):
        check_positive("edit.candidates", candidates)
        check_positive("edit.steps", steps)
        for key, value in (("noise", noise), ("smoothness", smoothness)):
            if not value >= 0:
                raise GenzooError(f"edit.{key}={value}: a number of at least 0 is needed.")
        self.candidates, self.steps, self.optimizer = candidates, steps, optimizer
        self.noise, self.smoothness = noise, smoothness

    def protocol(self) -> dict[str, Any]:
        """The settings that its results depend on, in plain containers."""
        return {
            "candidates": self.candidates,
            "steps": self.steps,
            "optimizer": describe(self.optimizer),
            "noise": self.noise,
            "smoothness": self.smoothness,
        }

    def __call__(
        self, module: RoundModule, origin: Tensor, strokes: Tensor, mask: Tensor, generator: Generator | None = None
    ) -> Found:
        """Searches for all candidates at once.

        Args:
            module: a model that decodes.
            origin: z₀, (latent.width,).
            strokes: c, (C, H, W) in [-1, 1].
            mask: m, weights from 0 to 1, (1, H, W).
            generator: of the noise; the same state gives the same codes.

        Returns:
            The codes (candidates, latent.width) and their costs, the best first.

        Raises:
            GenzooError: the mask has no pixel, the model's images have no gradient, or no cost is finite.
        """
        weights = mask.expand_as(strokes)
        if not weights.any():
            raise GenzooError("strokes: no pixel has a stroke; draw one.")
        model = cast(Decodes, module)
        noise = torch.rand(
            self.candidates, len(origin), generator=generator, device=drawing_device(generator, origin.device)
        )
        noise = self.noise * (2 * noise.to(origin) - 1) * movable(model.latent).to(origin)
        noise[0] = 0

        def cost(codes: Tensor, images: Tensor) -> Tensor:
            colours = (weights * (at_least_float32(images) - strokes).square()).sum((-3, -2, -1)) / weights.sum()
            return colours + self.smoothness * (codes - origin).square().mean(-1)

        with module.differentiable():
            found = descend(model, (origin + noise)[:, None], cost, self.optimizer, self.steps)
        order = found.distances[:, 0].argsort()
        return Found(found.codes[order, 0], found.distances[order, 0])

"""Search for the latent codes whose images are nearest to given images."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import Generator, Tensor
from torch.optim import Adam, Optimizer

from genzoo.core.capabilities import Decodes
from genzoo.core.checks import check_positive
from genzoo.core.distances import Distance, Pixels
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.core.starts import FromPrior, Start


class Found(NamedTuple):
    """The results of a latent search.

    Args:
        codes: (B, latent.width).
        distances: of their images to the given ones, (B,).
    """

    codes: Tensor
    distances: Tensor


@register
class LatentSearch:
    """argmin_z distance(decode(z), x) for each image x, by gradient descent from several codes.

    It needs a model that decodes, whose parameters stay as they are. The result is the best code of all steps and
    restarts, the starts included. Codes may leave the support of a bounded prior. Categorical parts of a code keep the
    values of their start.

    Args:
        distance: distance of images.
        optimizer: factory of the optimizer of the codes, whose step treats each number by itself, as Adam's does.
        steps: number of steps from each start.
        restarts: number of starts per image.
        start: the first codes.

    Raises:
        GenzooError: ``steps`` or ``restarts`` is not a positive integer.

    Source: AnoGAN (Schlegl et al. 2017, arXiv 1703.05921), section 2.2; iGAN (Zhu et al. 2016, arXiv 1609.03552),
        section 3.1.
    """

    def __init__(
        self,
        distance: Distance = Pixels(),  # noqa: B008 (it never changes)
        optimizer: Callable[[list[Tensor]], Optimizer] = partial(Adam, lr=0.01),  # noqa: B008 (it never changes)
        steps: int = 500,
        restarts: int = 1,
        start: Start = FromPrior(),  # noqa: B008 (it never changes)
    ):
        check_positive("search.steps", steps)
        check_positive("search.restarts", restarts)
        self.distance, self.optimizer, self.start = distance, optimizer, start
        self.steps, self.restarts = steps, restarts
        self.needs = frozenset({Decodes}) | distance.needs | start.needs

    def protocol(self) -> dict[str, Any]:
        """The settings that its results depend on, in plain containers."""
        return {
            "distance": self.distance.name,
            "optimizer": describe(self.optimizer),
            "steps": self.steps,
            "restarts": self.restarts,
            "start": type(self.start).__name__,
        }

    def __call__(
        self, module: RoundModule, images: Tensor, generator: Generator | None = None, weights: Tensor | None = None
    ) -> Found:
        """Searches for all images at once; each image's search is independent of the others.

        Args:
            module: model with the capabilities ``needs``.
            images: (B, C, H, W) in [-1, 1].
            generator: of the starts; the same state gives the same codes.
            weights: of the pixels, (B, 1, H, W), such as a mask of those that count; None = 1.

        Raises:
            GenzooError: the model lacks a capability, its images have no gradient, or no distance is finite.
        """
        if missing := sorted(capability.__name__ for capability in self.needs - module.capabilities()):
            raise GenzooError(f"search: the model lacks the capability {', '.join(missing)}, which the search needs.")
        with module.differentiable():
            measure = self.distance.to(module, images, 1.0 if weights is None else weights.to(images))
            start = self.start(module, images, self.restarts, generator)
            found = descend(
                cast(Decodes, module),
                start,
                lambda codes, rendered: measure(rendered),
                self.optimizer,
                self.steps,
            )

        # Of each image's restarts take the best.
        distances, best = found.distances.min(0)
        return Found(found.codes[best, torch.arange(len(images), device=best.device)], distances)


def descend(
    model: Decodes,
    start: Tensor,
    objective: Callable[[Tensor, Tensor], Tensor],
    optimizer: Callable[[list[Tensor]], Optimizer],
    steps: int,
) -> Found:
    """Minimises an objective of codes and their images from several starts, for each of B images by itself.

    Args:
        model: a model inside ``differentiable``.
        start: codes (S, B, latent.width).
        objective: codes (S, B, latent.width) and their images (S, B, C, H, W) -> (S, B).
        optimizer: factory of the optimizer, whose step treats each number by itself.
        steps: number of steps.

    Returns:
        The best codes (S, B, latent.width) of all steps from each start, the start included, and their objective.

    Raises:
        GenzooError: the images have no gradient, or for some image no objective is finite.
    """
    moves, moved = movable(model.latent).to(start.device), start.clone().requires_grad_()
    stepper = optimizer([moved])
    best = Found(start, start.new_full(start.shape[:2], math.inf))
    for step in range(steps + 1):
        codes = moved.where(moves, start)
        rendered = model.decode(codes.flatten(0, 1))
        if not rendered.requires_grad:
            raise GenzooError("search: the model's images have no gradient with respect to their codes.")
        distances = objective(codes, rendered.unflatten(0, start.shape[:2]))

        # The last step of Adam need not be the best one.
        better = distances.detach() < best.distances
        best = Found(
            codes.detach().where(better[..., None], best.codes), distances.detach().where(better, best.distances)
        )
        if step < steps:
            (moved.grad,) = torch.autograd.grad(distances.sum(), moved)
            stepper.step()
    if bad := int((~best.distances.isfinite().any(0)).sum()):
        raise GenzooError(
            f"search: no distance is finite for {bad} of {start.shape[1]} images; the model has diverged: use an "
            "earlier checkpoint, or train it at a lower learning rate."
        )
    return best


def describe(optimizer: Callable[[list[Tensor]], Optimizer]) -> str:
    """The name of an optimizer's factory, with its settings.

    >>> describe(partial(Adam, lr=0.1))
    'Adam(lr=0.1)'
    """
    if not isinstance(optimizer, partial):
        return str(optimizer)
    return f"{optimizer.func.__name__}({', '.join(f'{k}={v}' for k, v in optimizer.keywords.items())})"


def movable(latent: Latent) -> Tensor:
    """Which numbers of a code a search may change, bool (latent.width,): all but those of categorical parts.

    >>> from genzoo.core.latent import Categorical, Normal
    >>> movable(Latent(digit=Categorical(2), style=Normal(1))).tolist()
    [False, False, True]
    """
    return torch.cat([torch.full((part.size,), part.varies_along_rows) for part in latent.parts.values()])

"""DiscoGAN: relations between two domains, found without pairs."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_weights
from genzoo.core.images import to_unit
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.matching import MeanSquared
from genzoo.translation.networks.base import FeatureMaps
from genzoo.translation.two_domain import Images
from genzoo.translation.two_way import OTHER, TwoWayGAN


@register
class DiscoGAN(TwoWayGAN):
    """Two generators that reconstruct each other's input, and discriminators whose features they match.

    With G to domain B and F to domain A, images x, y of A and B in [0, 1], and feature maps f_l of a domain's
    discriminator, the generators minimise, summed over both domains,

        r mean (F(G(x)) - x)² + (1 - r) (λ_adv L_G(D_A(F(y))) + λ_match Σ_l mean (mean_b f_l(x) - mean_b f_l(F(y)))²).

    In each third round the discriminators move, in the others the generators.

    Args:
        reconstruction_rate: number of completed rounds -> r.
        adversarial_weight, matching_weight: λ_adv and λ_match.
        kwargs: of ``TwoWayGAN``; the discriminators have ``feature_maps``.

    Raises:
        GenzooError: a weight is negative, or the discriminators have no feature maps.

    Source: Kim et al. 2017, arXiv 1703.05192; SKTBrain/DiscoGAN, discogan/image_translation.py (r, the matching and the
        order of updates are in the code alone).
    """

    accumulates = False  # features are means over the batch

    def __init__(
        self,
        reconstruction_rate: Callable[[int], float],
        adversarial_weight: float = 0.1,
        matching_weight: float = 0.9,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        for network in self.discriminators.values():
            check_network(network, FeatureMaps, "model.discriminator")
        self.reconstruction_rate, self.matching = reconstruction_rate, MeanSquared()
        self.weights = {"adversarial": adversarial_weight, "matching": matching_weight}
        check_weights(self.weights)

    def turns(self) -> tuple[Turn, ...]:
        """The discriminators' update in each third round, else the generators'."""
        discriminators = Turn(
            {"discriminator": self.discriminator_loss},
            self.streams_of_domains,
            lambda round: int(round % 3 == 0),
            draws=torch.no_grad()(self.draws),
        )
        generators = Turn(
            {"generator": self.generator_loss},
            self.streams_of_domains,
            lambda round: int(round % 3 != 0),
            draws=self.draws,
        )
        return discriminators, generators

    def draws(self, a: ImageBatch, b: ImageBatch) -> list[dict[str, Images]]:
        """The losses' arguments: images of each domain, and translations to it."""
        real = {"A": a.images, "B": b.images}
        return [{"real": real, "made": self.translations(real)}]

    def matches(self, real: list[Tensor], made: list[Tensor]) -> Tensor:
        """Σ_l of the mean squared difference of the mean feature maps (B, ...) of images and translations."""
        pairs = zip(real, made, strict=True)
        return torch.stack([self.matching(x.flatten(1), y.flatten(1)) for x, y in pairs]).sum()

    def generator_loss(self, real: Images, made: Images) -> Tensor:
        """The reconstructions, the adversarial terms and the matching."""
        r, judges = self.reconstruction_rate(self.progress.rounds), self.discriminators
        maps = {of: judges[of].feature_maps(made[of]) for of in real}
        scores = {of: at_least_float32(judges[of].logits(maps[of])) for of in real}
        terms = {
            "reconstruction": [squares(self.generators[of](made[OTHER[of]]), real[of]) for of in real],
            "adversarial": [self.objective.generator(scores[of]) for of in real],
            "matching": [self.matches(judges[of].feature_maps(real[of]), maps[of]) for of in real],
        }
        weights = {name: (1 - r) * weight for name, weight in self.weights.items()}
        return self.weighted(terms, {"reconstruction": r, **weights})

    def discriminator_loss(self, real: Images, made: Images) -> Tensor:
        """The objective's losses of both discriminators."""
        return self.judgement(real, made)


def squares(a: Tensor, b: Tensor) -> Tensor:
    """mean (a - b)² over all numbers of images in [-1, 1], of their values in [0, 1]."""
    return (to_unit(at_least_float32(a)) - to_unit(b)).square().mean()

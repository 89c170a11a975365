"""DualGAN: translation between two domains by Wasserstein critics and reconstructions."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_weights
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.penalties import Penalty
from genzoo.translation.two_domain import Images
from genzoo.translation.two_way import TwoWayGAN


@register
class DualGAN(TwoWayGAN):
    """Two generators, each the inverse of the other, and a critic of the images of each domain.

    With G to domain B and F to domain A, and x, y images of A and B,

        the critics minimise       L_D(D_B(y), D_B(G(x))) + L_D(D_A(x), D_A(F(y))) + penalties,
        the generators             λ_adv (L_G(D_B(G(x))) + L_G(D_A(F(y)))) + λ (|F(G(x)) - x| + |G(F(y)) - y|),

    where |·| are means over all numbers. The critics move first; both use the same translations.

    Args:
        penalties: name -> gradient penalty, a term of each critic's loss.
        cycle_weight, adversarial_weight: λ and λ_adv.
        kwargs: of ``TwoWayGAN``.

    Raises:
        GenzooError: a weight is negative.

    Source: Yi et al. 2017, arXiv 1704.02510, section 3; duxingren14/DualGAN, model.py (there, with a gradient penalty).
    """

    def __init__(
        self,
        penalties: Mapping[str, Penalty] | None = None,
        cycle_weight: float = 500.0,
        adversarial_weight: float = 1.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.penalties = dict(penalties or {})
        self.weights = {"cycle": cycle_weight, "adversarial": adversarial_weight}
        check_weights(self.weights)

    def turns(self) -> tuple[Turn, ...]:
        """The critics' update, then the generators', on a batch of each domain."""
        losses = {"discriminator": self.discriminator_loss, "generator": self.generator_loss}
        return (Turn(losses, self.streams_of_domains, draws=self.draws, at_once=False),)

    def draws(self, a: ImageBatch, b: ImageBatch) -> list[dict[str, Images]]:
        """The losses' arguments: images of each domain, and translations to it."""
        real = {"A": a.images, "B": b.images}
        return [{"real": real, "made": self.translations(real)}]

    def discriminator_loss(self, real: Images, made: Images) -> Tensor:
        """The objective's losses of both critics, and their penalties."""
        fake = {of: images.detach() for of, images in made.items()}
        return self.judgement(real, fake) + sum(self.penalty(of, real[of], fake[of]) for of in real)

    def penalty(self, domain: str, real: Tensor, fake: Tensor) -> Tensor:
        """The sum of the penalties of a domain's critic, given equal numbers of images (B, C, H, W)."""
        values = [penalty(lambda x: self.score(x, domain), real, fake) for penalty in self.penalties.values()]
        for name, value in zip(self.penalties, values, strict=True):
            self.meters.log(f"{name}/{domain}", value.detach())
        return sum(values, real.new_zeros(()))

    def generator_loss(self, real: Images, made: Images) -> Tensor:
        """The adversarial terms and the cycles."""
        adversarial = [self.objective.generator(self.score(made[of], of)) for of in real]
        return self.weighted({"adversarial": adversarial, "cycle": self.cycles(real, made)}, self.weights)

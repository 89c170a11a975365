"""CycleGAN: translation between two domains without pairs."""

from typing import Any

from torch import Tensor, nn

from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.translation.image_pool import ImagePool
from genzoo.translation.two_domain import Images, difference
from genzoo.translation.two_way import TwoWayGAN


@register
class CycleGAN(TwoWayGAN):
    """Two generators, each the inverse of the other, and a discriminator of the images of each domain.

    With G to domain B and F to domain A, and x, y images of A and B,

        the generators minimise    λ_adv (L_G(D_B(G(x))) + L_G(D_A(F(y)))) + λ (|F(G(x)) - x| + |G(F(y)) - y|)
                                   + λ_idt (|G(y) - y| + |F(x) - x|),
        the discriminators         L_D(D_B(y), D_B(G(x))) + L_D(D_A(x), D_A(F(y))),

    where |·| are means over all numbers. The generators move first; the discriminators see translations that were made
    before that, through a pool of earlier ones.

    Args:
        pool: size of each domain's pool.
        cycle_weight, identity_weight, adversarial_weight: λ, λ_idt and λ_adv.
        kwargs: of ``TwoWayGAN``.

    Raises:
        GenzooError: a weight is negative, or the identity term has domains of different channels.

    Source: Zhu et al. 2017, arXiv 1703.10593, section 3; junyanz/pytorch-CycleGAN-and-pix2pix, cycle_gan_model.py.
    """

    def __init__(
        self,
        pool: int = 50,
        cycle_weight: float = 10.0,
        identity_weight: float = 0.0,
        adversarial_weight: float = 1.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.weights = {"cycle": cycle_weight, "identity": identity_weight, "adversarial": adversarial_weight}
        check_weights(self.weights)
        channels = [shape[0] for shape in self.shapes.values()]
        if identity_weight and channels[0] != channels[1]:
            raise GenzooError(
                f"model.identity_weight={identity_weight}: the domains have {channels[0]} and {channels[1]} channels, "
                "so an image of one is none of the other; set it to 0."
            )
        self.pools = nn.ModuleDict({of: ImagePool(shape, pool) for of, shape in self.shapes.items()})

    def turns(self) -> tuple[Turn, ...]:
        """The generators' update, then the discriminators', on a batch of each domain."""
        losses = {"generator": self.generator_loss, "discriminator": self.discriminator_loss}
        return (Turn(losses, self.streams_of_domains, draws=self.draws, at_once=False),)

    def draws(self, a: ImageBatch, b: ImageBatch) -> list[dict[str, Images]]:
        """The losses' arguments: images of each domain, translations to it, and what its discriminator is shown."""
        real = {"A": a.images, "B": b.images}
        made = self.translations(real)
        return [{"real": real, "made": made, "shown": {of: self.pools[of](images) for of, images in made.items()}}]

    def generator_loss(self, real: Images, made: Images, shown: Images) -> Tensor:
        """The adversarial terms, the cycles and, if it has a weight, the identity."""
        terms = {
            "adversarial": [self.objective.generator(self.score(made[of], of)) for of in real],
            "cycle": self.cycles(real, made),
        }
        if self.weights["identity"]:
            terms["identity"] = [difference(self.generators[of](real[of]), real[of]) for of in real]
        return self.weighted(terms, self.weights)

    def discriminator_loss(self, real: Images, made: Images, shown: Images) -> Tensor:
        """The objective's losses of both discriminators."""
        return self.judgement(real, shown)

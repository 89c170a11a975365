"""CycleGAN: translation between two domains without pairs."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch, Stream
from genzoo.core.capabilities import Translates
from genzoo.core.checks import check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.objectives import Objective
from genzoo.translation.image_pool import ImagePool
from genzoo.translation.pairs import Shape, check_domains, check_target
from genzoo.translation.translator import Translator

OTHER: Mapping[str, str] = {"A": "B", "B": "A"}
Images = Mapping[str, Tensor]  # domain -> images (B, C, H, W) in [-1, 1]


@register
class CycleGAN(Translator):
    """Two generators, each the inverse of the other, and a discriminator of the images of each domain.

    With G to domain B and F to domain A, and x, y images of A and B,

        the generators minimise    λ_adv (L_G(D_B(G(x))) + L_G(D_A(F(y)))) + λ (|F(G(x)) - x| + |G(F(y)) - y|)
                                   + λ_idt (|G(y) - y| + |F(x) - x|),
        the discriminators         L_D(D_B(y), D_B(G(x))) + L_D(D_A(x), D_A(F(y))),

    where |·| are means over all numbers. The generators move first; the discriminators see translations that were made
    before that, through a pool of earlier ones.

    Args:
        shape, target_shape: (C, H, W) of the images of domains A and B.
        generator: factory of G and F, called with ``shape`` of its input and ``outputs``, its channels.
        discriminator: factory of D_A and D_B, called with ``inputs``, its channels.
        objective: L_D and L_G.
        pool: size of each domain's pool.
        cycle_weight, identity_weight, adversarial_weight: λ, λ_idt and λ_adv.
        kwargs: of ``Translator``; the players are ``generator``, both of them, and ``discriminator``, both of them.

    Raises:
        GenzooError: there is no second domain, a weight is negative, or the identity term has domains of different
            channels.

    Source: Zhu et al. 2017, arXiv 1703.10593, section 3; junyanz/pytorch-CycleGAN-and-pix2pix, cycle_gan_model.py.
    """

    def __init__(
        self,
        shape: Shape,
        target_shape: Shape,
        generator: Callable[..., nn.Module],
        discriminator: Callable[..., nn.Module],
        objective: Objective,
        pool: int = 50,
        cycle_weight: float = 10.0,
        identity_weight: float = 0.0,
        adversarial_weight: float = 1.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_target(target_shape)
        self.weights = {"cycle": cycle_weight, "identity": identity_weight, "adversarial": adversarial_weight}
        check_weights(self.weights)
        shapes = {"A": tuple(shape), "B": tuple(target_shape)}
        if identity_weight and shape[0] != target_shape[0]:
            raise GenzooError(
                f"model.identity_weight={identity_weight}: the domains have {shape[0]} and {target_shape[0]} channels, "
                "so an image of one is none of the other; set it to 0."
            )
        self.objective, self.image_shape = objective, shapes["A"]
        self.generators = nn.ModuleDict(
            {to: generator(shape=shapes[OTHER[to]], outputs=of[0]) for to, of in shapes.items()}
        )
        self.discriminators = nn.ModuleDict({of: discriminator(inputs=shapes[of][0]) for of in shapes})
        self.pools = nn.ModuleDict({of: ImagePool(shapes[of], pool) for of in shapes})
        self.target_shape = shapes["B"]

    def players(self) -> dict[str, list[nn.Module]]:
        """Both generators, and both discriminators."""
        return {"generator": [*self.generators.values()], "discriminator": [*self.discriminators.values()]}

    def turns(self) -> tuple[Turn, ...]:
        """The generators' update, then the discriminators', on a batch of each domain."""
        losses = {"generator": self.generator_loss, "discriminator": self.discriminator_loss}
        return (Turn(losses, (Stream("a", "A"), Stream("b", "B")), draws=self.draws, at_once=False),)

    def draws(self, a: ImageBatch, b: ImageBatch) -> list[dict[str, Images]]:
        """The losses' arguments: images of each domain, translations to it, and what its discriminator is shown."""
        real = {"A": a.images, "B": b.images}
        made = {to: self.generators[to](real[OTHER[to]]) for to in real}
        return [{"real": real, "made": made, "shown": {of: self.pools[of](images) for of, images in made.items()}}]

    def score(self, images: Tensor, domain: str) -> Tensor:
        """The scores (B, h, w) of a domain's discriminator of the patches of images (B, C, H, W)."""
        return at_least_float32(self.discriminators[domain](images))

    def generator_loss(self, real: Images, made: Images, shown: Images) -> Tensor:
        """The adversarial terms, the cycles and, if it has a weight, the identity."""
        terms = {
            "adversarial": [self.objective.generator(self.score(made[of], of)) for of in real],
            "cycle": [difference(self.generators[of](made[OTHER[of]]), real[of]) for of in real],
        }
        if self.weights["identity"]:
            terms["identity"] = [difference(self.generators[of](real[of]), real[of]) for of in real]
        for name, of_domains in terms.items():
            self.meters.log(name, sum(of_domains).detach())
        return sum(self.weights[name] * sum(of_domains) for name, of_domains in terms.items())

    def discriminator_loss(self, real: Images, made: Images, shown: Images) -> Tensor:
        """The objective's losses of both discriminators."""
        losses = [self.objective.discriminator(self.score(real[of], of), self.score(shown[of], of)) for of in real]
        return sum(losses)

    def capabilities(self) -> frozenset[type]:
        """It translates."""
        return frozenset({Translates})

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data whose second domain has other channels."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        check_domains(data, self.target_shape)

    def networks(self) -> dict[tuple[str, str], nn.Module]:
        """The generators."""
        return {(OTHER[to], to): network for to, network in self.generators.items()}


def difference(a: Tensor, b: Tensor) -> Tensor:
    """mean |a - b| over all numbers."""
    return (at_least_float32(a) - b).abs().mean()

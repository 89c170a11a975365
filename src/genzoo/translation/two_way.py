"""The base class of models that translate in both directions, without pairs."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from genzoo.core.capabilities import Translates
from genzoo.translation.translator import Translator
from genzoo.translation.two_domain import Images, TwoDomainGAN, difference

OTHER: Mapping[str, str] = {"A": "B", "B": "A"}


class TwoWayGAN(TwoDomainGAN, Translator):
    """Base: a generator to each of two domains, and a discriminator of the images of each domain.

    Args:
        generator: factory of the generators, called with ``shape`` of the input and ``outputs``, the channels of the
            result.
        kwargs: of ``TwoDomainGAN`` and ``Translator``; the players are ``generator``, both of them, and
            ``discriminator``.
    """

    def __init__(self, generator: Callable[..., nn.Module], **kwargs: Any):
        super().__init__(**kwargs)
        self.generators = nn.ModuleDict(
            {to: generator(shape=self.shapes[OTHER[to]], outputs=made[0]) for to, made in self.shapes.items()}
        )

    def players(self) -> dict[str, list[nn.Module]]:
        """Both generators, and both discriminators."""
        return {"generator": [*self.generators.values()], **super().players()}

    def translations(self, real: Images) -> dict[str, Tensor]:
        """The translations to each domain of a batch of the other one."""
        return {to: self.generators[to](real[OTHER[to]]) for to in real}

    def cycles(self, real: Images, made: Images) -> list[Tensor]:
        """mean |x - x'| of each domain's images x and their translations there and back x'."""
        return [difference(self.generators[of](made[OTHER[of]]), real[of]) for of in real]

    def capabilities(self) -> frozenset[type]:
        """It translates."""
        return frozenset({Translates})

    def networks(self) -> dict[tuple[str, str], nn.Module]:
        """The generators."""
        return {(OTHER[to], to): network for to, network in self.generators.items()}

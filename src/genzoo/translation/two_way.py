"""The base class of models that translate in both directions, without pairs."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec, Stream
from genzoo.core.capabilities import Translates
from genzoo.core.precision import at_least_float32
from genzoo.nn.objectives import Objective
from genzoo.translation.pairs import Shape, check_domains, check_target
from genzoo.translation.translator import Translator

OTHER: Mapping[str, str] = {"A": "B", "B": "A"}
Images = Mapping[str, Tensor]  # domain -> images (B, C, H, W) in [-1, 1]


class TwoWayGAN(Translator):
    """Base: a generator to each of two domains, and a discriminator of the images of each domain.

    Args:
        shape, target_shape: (C, H, W) of the images of domains A and B.
        generator: factory of the generators, called with ``shape`` of the input and ``outputs``, the channels of the
            result.
        discriminator: factory of the discriminators, called with ``inputs``, the channels of the images.
        objective: the losses of discriminators and generators.
        kwargs: of ``Translator``; the players are ``generator``, both of them, and ``discriminator``, both of them.

    Raises:
        GenzooError: there is no second domain.
    """

    streams_of_domains = Stream("a", "A"), Stream("b", "B")

    def __init__(
        self,
        shape: Shape,
        target_shape: Shape,
        generator: Callable[..., nn.Module],
        discriminator: Callable[..., nn.Module],
        objective: Objective,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_target(target_shape)
        self.shapes = {"A": tuple(shape), "B": tuple(target_shape)}
        self.image_shape, self.objective = self.shapes["A"], objective
        self.generators = nn.ModuleDict(
            {to: generator(shape=self.shapes[OTHER[to]], outputs=made[0]) for to, made in self.shapes.items()}
        )
        self.discriminators = nn.ModuleDict({of: discriminator(inputs=seen[0]) for of, seen in self.shapes.items()})

    def players(self) -> dict[str, list[nn.Module]]:
        """Both generators, and both discriminators."""
        return {"generator": [*self.generators.values()], "discriminator": [*self.discriminators.values()]}

    def translations(self, real: Images) -> dict[str, Tensor]:
        """The translations to each domain of a batch of the other one."""
        return {to: self.generators[to](real[OTHER[to]]) for to in real}

    def score(self, images: Tensor, domain: str) -> Tensor:
        """The outputs of a domain's discriminator for images (B, C, H, W): of each image, or of its patches."""
        return at_least_float32(self.discriminators[domain](images))

    def judgement(self, real: Images, fake: Images) -> Tensor:
        """The objective's losses of both discriminators, given real images and translations without gradients."""
        losses = [self.objective.discriminator(self.score(real[of], of), self.score(fake[of], of)) for of in real]
        return losses[0] + losses[1]

    def cycles(self, real: Images, made: Images) -> list[Tensor]:
        """mean |x - x'| of each domain's images x and their translations there and back x'."""
        return [difference(self.generators[of](made[OTHER[of]]), real[of]) for of in real]

    def weighted(self, terms: Mapping[str, list[Tensor]], weights: Mapping[str, float]) -> Tensor:
        """The weighted sum of terms, each of both domains; the terms are logged."""
        for name, of_domains in terms.items():
            self.meters.log(name, sum(of_domains))
        return sum(weights[name] * sum(of_domains) for name, of_domains in terms.items())

    def capabilities(self) -> frozenset[type]:
        """It translates."""
        return frozenset({Translates})

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data whose second domain has other channels."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        check_domains(data, self.shapes["B"])

    def networks(self) -> dict[tuple[str, str], nn.Module]:
        """The generators."""
        return {(OTHER[to], to): network for to, network in self.generators.items()}


def difference(a: Tensor, b: Tensor) -> Tensor:
    """mean |a - b| over all numbers."""
    return (at_least_float32(a) - b).abs().mean()

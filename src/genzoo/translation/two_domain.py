"""The base classes of models of two domains: of all, and of those with a discriminator of each domain's images."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec, Stream
from genzoo.core.image_module import ImageModule
from genzoo.core.precision import at_least_float32
from genzoo.nn.objectives import Objective
from genzoo.translation.pairs import Shape, check_domains, check_target

Images = Mapping[str, Tensor]  # domain -> images (B, C, H, W) in [-1, 1]


class TwoDomainModule(ImageModule):
    """Base of the models of the images of two domains.

    Args:
        shape, target_shape: (C, H, W) of the images of domains A and B.
        kwargs: of ``ImageModule``.

    Raises:
        GenzooError: there is no second domain.
    """

    streams_of_domains = Stream("a", "A"), Stream("b", "B")

    def __init__(self, shape: Shape, target_shape: Shape, **kwargs: Any):
        super().__init__(**kwargs)
        check_target(target_shape)
        self.shapes = {"A": tuple(shape), "B": tuple(target_shape)}
        self.image_shape = self.shapes["A"]

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data whose second domain has other channels."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        check_domains(data, self.shapes["B"])


class TwoDomainGAN(TwoDomainModule):
    """Base: a discriminator of the images of each domain.

    Args:
        discriminator: factory of the discriminators, called with ``inputs``, the channels of the images.
        objective: the losses of both players.
        kwargs: of ``TwoDomainModule``; the player ``discriminator`` has both of them.
    """

    def __init__(self, discriminator: Callable[..., nn.Module], objective: Objective, **kwargs: Any):
        super().__init__(**kwargs)
        self.objective = objective
        self.discriminators = nn.ModuleDict({of: discriminator(inputs=seen[0]) for of, seen in self.shapes.items()})

    def players(self) -> dict[str, list[nn.Module]]:
        """Both discriminators."""
        return {"discriminator": [*self.discriminators.values()]}

    def score(self, images: Tensor, domain: str) -> Tensor:
        """The outputs of a domain's discriminator for images (B, C, H, W): of each image, or of its patches."""
        return at_least_float32(self.discriminators[domain](images))

    def judgement(self, real: Images, fake: Images) -> Tensor:
        """The objective's losses of both discriminators, given real images and others without gradients."""
        losses = [self.objective.discriminator(self.score(real[of], of), self.score(fake[of], of)) for of in real]
        return losses[0] + losses[1]

    def weighted(self, terms: Mapping[str, list[Tensor]], weights: Mapping[str, float]) -> Tensor:
        """The weighted sum of terms, each of one or both domains; the terms are logged."""
        for name, of_domains in terms.items():
            self.meters.log(name, sum(of_domains))
        return sum(weights[name] * sum(of_domains) for name, of_domains in terms.items())


def difference(a: Tensor, b: Tensor) -> Tensor:
    """mean |a - b| over all numbers."""
    return (at_least_float32(a) - b).abs().mean()

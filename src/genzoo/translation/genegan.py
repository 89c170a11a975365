"""GeneGAN: an attribute exchanged between images, learned without pairs."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch
from genzoo.core.capabilities import EditsAttributes
from genzoo.core.checks import check_attributes, check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.ranks import average_over_ranks
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.clipping import check_clip, clip_parameters
from genzoo.translation.two_domain import Images, TwoDomainGAN, difference

NEW = 0.01  # share of a batch in the typical code


class Joined(NamedTuple):
    """Images made of the codes of images without an attribute, (r, e), and with it, (s, x).

    Args:
        exchanged: of each domain, with the other images' attribute: J(s, 0) and J(r, x).
        rebuilt: of each domain: J(r, 0) and J(s, x).
        e, x: the codes of the attribute.
    """

    exchanged: Images
    rebuilt: Images
    e: Tensor
    x: Tensor


@register
class GeneGAN(TwoDomainGAN):
    """A splitter E computes an attribute's code and one of all else; a joiner J makes an image of both.

    Domain A has images a without the attribute, B images b with it. With E(a) = (r, e) and E(b) = (s, x), the codes of
    the attribute last,

        E and J minimise        λ_rec (|J(r, 0) - a| + |J(s, x) - b|) + λ_adv (L_G(D_A(J(s, 0))) + L_G(D_B(J(r, x))))
                                + λ_null |e| + λ_par |a + b - J(s, 0) - J(r, x)| + λ_dec Σ_W mean W²,
        the discriminators      L_D(D_A(a), D_A(J(s, 0))) + L_D(D_B(b), D_B(J(r, x))),

    where |·| are means over all numbers and W are the weights of the convolutions of E and J. An image is edited by
    another code of the attribute: v times the moving mean of x, where v is the attribute's value.

    Args:
        attribute: its name, that of domain B.
        splitter, joiner: E and J.
        discriminator_steps: number of completed rounds -> number of updates of the discriminators.
        weight_clip: bound of the absolute value of each of the discriminators' parameters; None = no bound.
        reconstruction_weight, adversarial_weight, nulling_weight, parallelogram_weight, decay_weight: the λ.
        kwargs: of ``TwoDomainGAN``; the players are ``discriminator`` and ``generator``, E and J.

    Raises:
        GenzooError: a weight is negative, a bound not positive, or the domains have different channels.

    Source: Zhou et al. 2017, arXiv 1705.04932; Prinsphield/GeneGAN, model.py, train.py.
    """

    typical: Tensor  #: the mean of x

    def __init__(
        self,
        attribute: str,
        splitter: nn.Module,
        joiner: nn.Module,
        discriminator_steps: Callable[[int], int],
        weight_clip: float | None = 0.01,
        reconstruction_weight: float = 0.5,
        adversarial_weight: float = 1.0,
        nulling_weight: float = 1.0,
        parallelogram_weight: float = 1.275,
        decay_weight: float = 2.5e-5,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_clip(weight_clip)
        self.attributes, self.splitter, self.joiner = (attribute,), splitter, joiner
        self.discriminator_steps, self.weight_clip = discriminator_steps, weight_clip
        self.weights = {
            "reconstruction": reconstruction_weight,
            "adversarial": adversarial_weight,
            "nulling": nulling_weight,
            "parallelogram": parallelogram_weight,
            "decay": decay_weight,
        }
        check_weights(self.weights)
        if (channels := [shape[0] for shape in self.shapes.values()])[0] != channels[1]:
            raise GenzooError(f"data: the domains have {channels[0]} and {channels[1]} channels, but need the same.")
        self.register_buffer("typical", torch.ones(splitter.code))

    def players(self) -> dict[str, list[nn.Module]]:
        """Both discriminators; splitter and joiner."""
        return {**super().players(), "generator": [self.splitter, self.joiner]}

    def turns(self) -> tuple[Turn, ...]:
        """The discriminators' updates, then that of splitter and joiner on new images."""
        judges = {"discriminator": self.discriminator_loss}
        draws = torch.no_grad()(self.draws)
        return (
            Turn(judges, self.streams_of_domains, self.discriminator_steps, draws),
            Turn({"generator": self.generator_loss}, self.streams_of_domains, draws=self.generator_draws),
        )

    def join(self, real: Images) -> Joined:
        """Splits a batch of each domain, and joins the codes."""
        (r, e), (s, x) = self.splitter(real["A"]), self.splitter(real["B"])
        none = torch.zeros_like(e)
        exchanged = {"A": self.joiner(s, none), "B": self.joiner(r, x)}
        return Joined(exchanged, {"A": self.joiner(r, none), "B": self.joiner(s, x)}, e, x)

    def draws(self, a: ImageBatch, b: ImageBatch) -> list[dict[str, Any]]:
        """The losses' arguments: images of each domain, and those made of their codes."""
        real = {"A": a.images, "B": b.images}
        return [{"real": real, "made": self.join(real)}]

    def generator_draws(self, a: ImageBatch, b: ImageBatch) -> list[dict[str, Any]]:
        """The same; the mean of x moves."""
        [arguments] = self.draws(a, b)
        mean = at_least_float32(arguments["made"].x.detach()).mean(0)
        self.typical.lerp_(average_over_ranks(mean), NEW)
        return [arguments]

    def discriminator_loss(self, real: Images, made: Joined) -> Tensor:
        """The objective's losses of both discriminators."""
        return self.judgement(real, made.exchanged)

    def generator_loss(self, real: Images, made: Joined) -> Tensor:
        """The weighted sum of all terms."""
        kernels = [w for net in (self.splitter, self.joiner) for w in net.parameters() if w.dim() == 4]
        terms = {
            "reconstruction": [difference(made.rebuilt[of], real[of]) for of in real],
            "adversarial": [self.objective.generator(self.score(made.exchanged[of], of)) for of in real],
            "nulling": [at_least_float32(made.e).abs().mean()],
            "parallelogram": [difference(sum(made.exchanged.values()), sum(real.values()))],
            "decay": [w.square().mean() for w in kernels],
        }
        return self.weighted(terms, self.weights)

    def after_step(self, player: str) -> None:
        """Clips the discriminators' parameters."""
        if player == "discriminator":
            clip_parameters(self.discriminators, self.weight_clip)

    def capabilities(self) -> frozenset[type]:
        """It edits its attribute."""
        return frozenset({EditsAttributes})

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data whose second domain is another attribute."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        if (found := data.domains[1]) not in self.attributes:
            raise GenzooError(
                f"model.attribute={self.attributes[0]}: the second domain of data={data.name} is {found}; set "
                f"model.attribute={found}."
            )

    @in_inference
    def edit(self, images: Tensor, values: Mapping[str, float]) -> Tensor:
        """See ``EditsAttributes``; the attribute is the typical one, with no value their own."""
        check_attributes(values, self.attributes)
        rest, code = self.splitter(images)
        for value in values.values():
            code = (value * self.typical).expand_as(code)
        return self.joiner(rest, code)

    @in_inference
    def swap(self, images: Tensor, exemplars: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) in [-1, 1] with the attribute of exemplars (B, C, H, W), and these without it."""
        exchanged = self.join({"A": images, "B": exemplars}).exchanged
        return exchanged["B"], exchanged["A"]

"""CoGAN: a joint distribution of images of two domains, learned without pairs."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Samples, SamplesJointly
from genzoo.core.checks import check_labels, check_positive
from genzoo.core.inference import in_inference
from genzoo.core.latent import Latent
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.objectives import Objective
from genzoo.translation.two_domain import Images, TwoDomainModule


@register
class CoGAN(TwoDomainModule):
    """Two GANs, of the images of two domains, whose generators share the first layers, discriminators the last ones.

    With images x_d and discriminator D_d of domain d, and the images G_d(z) of one code z in both domains,

        the discriminators minimise    1/2 Σ_d L_D(D_d(x_d), D_d(G_d(z))),
        the generators                 1/2 Σ_d L_G(D_d(G_d(z))).

    Since the shared layers decode and judge what images have in common, the images of a code correspond.

    Args:
        generator: factory of the generators, called with ``latent``, the width of the codes, and ``shapes`` by domain.
        discriminator: factory of the discriminators, called with ``shapes``.
        latent: prior of the codes.
        objective: the losses of both players.
        sampling_batch: images generated per pass.
        kwargs: of ``TwoDomainModule``; the players are ``discriminator`` and ``generator``, of both domains.

    Raises:
        GenzooError: the batch is not a positive integer.

    Source: Liu, Tuzel 2016, arXiv 1606.07536, section 3; mingyuliutw/CoGAN, cogan_pytorch.
    """

    def __init__(
        self,
        generator: Callable[..., nn.Module],
        discriminator: Callable[..., nn.Module],
        latent: Latent,
        objective: Objective,
        sampling_batch: int = 100,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_positive("model.sampling_batch", sampling_batch)
        self.latent, self.objective, self.sampling_batch = latent, objective, sampling_batch
        self.generator = generator(latent=latent.width, shapes=self.shapes)
        self.discriminator = discriminator(shapes=self.shapes)

    def players(self) -> dict[str, list[nn.Module]]:
        """Both discriminators, and both generators."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def turns(self) -> tuple[Turn, ...]:
        """The discriminators' turn, then the generators' on new codes."""
        a, _ = self.streams_of_domains
        discriminator = Turn({"discriminator": self.discriminator_loss}, self.streams_of_domains, draws=self.draws)
        return discriminator, Turn({"generator": self.generator_loss}, (a,), draws=self.generator_draws)

    def draws(self, a: ImageBatch, b: ImageBatch) -> list[dict[str, Any]]:
        """The discriminators' arguments: images of each domain, and generated ones without gradients."""
        with torch.no_grad():
            return [{"real": {"A": a.images, "B": b.images}, "made": self.make(len(a.images))}]

    def generator_draws(self, a: ImageBatch) -> list[dict[str, Images]]:
        """The generators' argument: as many generated images of each domain as there are real ones."""
        return [{"made": self.make(len(a.images))}]

    def make(self, n: int) -> Images:
        """Images of each domain of n codes from the prior."""
        return self.generator(self.latent.sample(n, device=self.device))

    def features(self, images: Images) -> dict[str, Tensor]:
        """The discriminators' features (B, F) of images of each domain."""
        return {of: self.discriminator.features(found, of) for of, found in images.items()}

    def logits(self, features: Mapping[str, Tensor]) -> Tensor:
        """The logits (2 B,) of the features (B, F) of both domains."""
        return at_least_float32(self.discriminator.head(torch.cat([*features.values()])))

    def discriminator_loss(self, real: Images, made: Images) -> Tensor:
        """The objective's loss of the discriminators, a mean over both domains."""
        return self.objective.discriminator(self.logits(self.features(real)), self.logits(self.features(made)))

    def generator_loss(self, made: Images) -> Tensor:
        """The objective's loss of the generators, a mean over both domains."""
        return self.objective.generator(self.logits(self.features(made)))

    def capabilities(self) -> frozenset[type]:
        """It samples images of domain A, and of both domains."""
        return frozenset({Samples, SamplesJointly})

    @in_inference
    def sample_jointly(self, n: int, generator: Generator | None = None) -> dict[str, Tensor]:
        """Domain -> n images (n, C, H, W) in [-1, 1], those of the same code in each domain.

        Raises:
            GenzooError: n is not a positive integer.
        """
        check_positive("number of images", n)
        codes = self.latent.sample(n, generator, self.device).split(self.sampling_batch)
        parts = [self.generator(z) for z in codes]
        return {of: torch.cat([part[of] for part in parts]) for of in self.shapes}

    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n images (n, C, H, W) of domain A in [-1, 1].

        Raises:
            GenzooError: labels are given, or n is not a positive integer.
        """
        check_labels(labels, n, 0, self.device)
        return self.sample_jointly(n, generator)["A"]

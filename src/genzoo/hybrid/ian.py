"""The introspective adversarial network: codes are inferred from the discriminator's features."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.hybrid.checks import check_gaussian
from genzoo.hybrid.networks import base
from genzoo.hybrid.variational_game import Drawn, VariationalGame
from genzoo.nn.orthogonality import Orthogonality
from genzoo.variational.gaussian import Gaussian

KINDS = ("real", "reconstructed", "generated")  # the discriminator's classes


@register
class IAN(VariationalGame):
    """The encoder is a small network on the discriminator's features.

    With z ~ q(z|x), x̃ the image of z, z_p ~ N(0, 1), x_p the image of z_p, the discriminator's probabilities D_real,
    D_rec and D_gen of the three classes, its feature maps f_l, and Σ|W Wᵀ - 1| of D's or of the generator's kernels:

        D minimises                      -log D_real(x) - log D_rec(x̃) - log D_gen(x_p) + Σ|W Wᵀ - 1|,
        the generator                    λ_adv (-log D_real(x̃) - log D_real(x_p)) + L + Σ|W Wᵀ - 1|,
        the encoder                      λ_adv (-log D_real(x̃)) + L + KL(q(z|x) || p(z)),
        with L = λ_img mean 2 |x - x̃| + λ_f mean_l mean (f_l(x) - f_l(x̃))²; KL is a mean over the code's numbers.

    A round has two turns, the generator's and the discriminator's; the encoder moves in both.

    Args:
        encoder: factory of the network from D's features to means and log standard deviations, called with
            ``features`` and ``outputs``, their numbers.
        orthogonality: Σ|W Wᵀ - 1| with its weight.
        image_weight, feature_weight, adversarial_weight: λ_img, λ_f and λ_adv.
        kwargs: of ``VariationalGame``; the players are ``discriminator``, ``generator`` and ``encoder``.

    Raises:
        GenzooError: the networks do not fit each other or the prior, or a weight is negative.

    Source: Brock et al. 2017, arXiv 1609.07093; ajbrock/Neural-Photo-Editor, train_IAN.py.
    """

    needs = base.IntrospectiveDiscriminator
    accumulates = False  # the discriminator compares the images of a batch

    def __init__(
        self,
        encoder: Callable[..., nn.Module],
        orthogonality: Orthogonality,
        image_weight: float,
        feature_weight: float,
        adversarial_weight: float,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.weights = {"image": image_weight, "feature": feature_weight, "adversarial": adversarial_weight}
        check_weights(self.weights)
        if self.discriminator.classes != len(KINDS):
            raise GenzooError(
                f"model.discriminator.classes={self.discriminator.classes}: this model needs the classes "
                f"{', '.join(KINDS)}; choose a discriminator with {len(KINDS)} logits."
            )
        self.encoder = encoder(features=self.discriminator.width, outputs=2 * self.encoded.width)
        check_network(self.encoder, base.FeatureEncoder, "model.encoder")
        check_gaussian(self.encoder, self.encoded, "model.encoder")
        self.orthogonality = orthogonality

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator, the generator and the encoder."""
        return super().players() | {"encoder": [self.encoder]}

    def turns(self) -> tuple[Turn, ...]:
        """The generator's turn and the discriminator's; the encoder moves in both."""

        def turn_of(player: str) -> tuple[Turn, ...]:
            losses = {name: self.loss_of(name) for name in (player, "encoder")}
            return self.round.turns(losses, self.real_stream(), self.make)

        return (*turn_of("generator"), *turn_of("discriminator"))

    def infer(self, features: Tensor) -> Gaussian:
        """q(z|x) of the discriminator's features (B, F)."""
        return Gaussian(*at_least_float32(self.encoder(features)).chunk(2, 1))

    def posterior(self, real: ImageBatch) -> Gaussian:
        """q(z|x) of real images, without gradients of the discriminator."""
        with torch.no_grad():
            features = self.discriminator.features(real.images)
        return self.infer(features)

    def cross_entropy(self, images: Tensor, kind: str) -> Tensor:
        """-log of the discriminator's probability of a class, a mean over images (B, C, H, W)."""
        return -at_least_float32(self.discriminator(images)).log_softmax(1)[:, KINDS.index(kind)].mean()

    def errors(self, real: ImageBatch, rebuilt: Tensor) -> dict[str, Tensor]:
        """The errors of reconstructions (B, C, H, W), of pixels and of feature maps."""
        with torch.no_grad():
            wanted = self.discriminator.feature_maps(real.images)
        pairs = zip(self.discriminator.feature_maps(rebuilt), wanted, strict=True)
        of_maps = [F.mse_loss(at_least_float32(found), at_least_float32(target)) for found, target in pairs]
        pixels = 2 * F.l1_loss(at_least_float32(rebuilt), real.images)
        return {"image": pixels, "feature": torch.stack(of_maps).mean()}

    def discriminator_loss(self, real: ImageBatch, made: Drawn) -> Tensor:
        """The cross-entropies of the three classes, and the penalty."""
        images = (real.images, made.reconstructed.detach(), made.generated.detach())
        misses = [self.cross_entropy(x, kind) for x, kind in zip(images, KINDS, strict=True)]
        return torch.stack(misses).sum() + self.orthogonality(self.discriminator)

    def generator_loss(self, real: ImageBatch, made: Drawn) -> Tensor:
        """The cross-entropies of "real" for both kinds of images, the errors, and the penalty."""
        fooling = self.cross_entropy(made.reconstructed, "real") + self.cross_entropy(made.generated, "real")
        errors = self.errors(real, made.reconstructed)
        return self.weighted(adversarial=fooling, **errors) + self.orthogonality(self.generator)

    def encoder_loss(self, real: ImageBatch, made: Drawn) -> Tensor:
        """The cross-entropy of "real" for reconstructions, the errors, and the divergence."""
        rebuilt, kl = self.generator(made.codes), self.divergence(made.posterior).mean()
        return self.weighted(kl=kl, adversarial=self.cross_entropy(rebuilt, "real"), **self.errors(real, rebuilt))

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """The means (B, latent.width) of q(z|x) of images (B, C, H, W) in [-1, 1]."""
        return self.infer(self.discriminator.features(images)).mean

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The discriminator's last feature map (B, F) of images (B, C, H, W) in [-1, 1]."""
        return self.discriminator.features(images)

"""VAE/GAN: an autoencoder whose reconstructions are compared by the features of a GAN's discriminator."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.networks.base import check_shape
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_weights
from genzoo.core.errors import GenzooError, near
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.ranks import average_over_ranks
from genzoo.core.registry import register
from genzoo.hybrid.checks import check_gaussian
from genzoo.hybrid.equilibrium import Equilibrium, Moves
from genzoo.hybrid.networks import base
from genzoo.hybrid.variational_game import Drawn, VariationalGame
from genzoo.nn.objectives import Minimax
from genzoo.variational.gaussian import Gaussian


@register
class VAEGAN(VariationalGame):
    """The generator is the decoder of a variational autoencoder whose error is one of the discriminator's features.

    With z ~ q(z|x), x̃ the image of z, z_p ~ N(0, 1), x_p the image of z_p, f the output of a hidden layer of D,
    L_f = -log N(f(x); f(x̃), 1) without its constant, and L_GAN = log D(x) + log(1 - D(x_p)) + log(1 - D(x̃)):

        the encoder minimises KL(q(z|x) || p(z)) + L_f, the generator γ L_f + L_GAN, and D minimises -L_GAN.

    The term of generated images in L_GAN is the mean over both kinds, or over x_p alone. D judges real and generated
    images in one pass, with common batch statistics. ``equilibrium`` says who waits: a loss is multiplied by 0.

    Args:
        encoder: factory of the network that maps images to means and log standard deviations, called with ``outputs``.
        objective: the losses of generator and discriminator in place of L_GAN.
        layer: name of the hidden layer f.
        reconstruction_weight: γ, of the error summed over features.
        equilibrium: which of discriminator and generator waits.
        judges_reconstructions: whether x̃ is among the generated images.
        kwargs: of ``VariationalGame``; the players are ``discriminator``, ``generator`` and ``encoder``.

    Raises:
        GenzooError: the objective has no cross-entropy, or the networks do not fit each other or the prior.

    Source: Larsen et al. 2016, arXiv 1512.09300, algorithm 1; andersbll/autoencoding_beyond_pixels, model/aegan.py.
    """

    needs = base.LayeredDiscriminator
    accumulates = False  # who waits depends on losses of whole batches

    def __init__(
        self,
        encoder: Callable[..., nn.Module],
        objective: Minimax,
        layer: str,
        reconstruction_weight: float,
        equilibrium: Equilibrium,
        judges_reconstructions: bool = True,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not isinstance(objective, Minimax):
            raise GenzooError(
                f"model.objective={type(objective).__name__}: the equilibrium is one of cross-entropies; use Minimax "
                "or NonSaturating."
            )
        if layer not in self.discriminator.names:
            raise GenzooError(
                f"model.layer={layer}: the discriminator has no such layer. {near(layer, self.discriminator.names)}"
            )
        check_weights({"reconstruction": reconstruction_weight})
        self.objective, self.layer, self.reconstruction_weight = objective, layer, reconstruction_weight
        self.equilibrium, self.judges_reconstructions = equilibrium, judges_reconstructions
        self.encoder = encoder(outputs=2 * self.encoded.width)
        check_network(self.encoder, base.GaussianEncoder, "model.encoder")
        check_shape(self.encoder, self.image_shape, "model.encoder")
        check_gaussian(self.encoder, self.encoded, "model.encoder")

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator, the generator and the encoder."""
        return super().players() | {"encoder": [self.encoder]}

    def infer(self, images: Tensor) -> Gaussian:
        """q(z|x) of images (B, C, H, W)."""
        return Gaussian(*at_least_float32(self.encoder(images)).chunk(2, 1))

    def posterior(self, real: ImageBatch) -> Gaussian:
        """q(z|x) of real images."""
        return self.infer(real.images)

    def feature_error(self, real: ImageBatch, rebuilt: Tensor) -> Tensor:
        """L_f of reconstructions (B, C, H, W): half the squared error, summed over features, a mean over images."""
        both = self.discriminator.output_of(self.layer, torch.cat([rebuilt, real.images]))
        found, wanted = at_least_float32(both).chunk(2)
        return (found - wanted).square().sum(1).mean() / 2

    def judge(self, real: ImageBatch, made: Drawn) -> tuple[Tensor, Tensor]:
        """D's logits of the real images (B,) and of the generated ones (B,) or (2 B,)."""
        fake = [made.reconstructed, made.generated] if self.judges_reconstructions else [made.generated]
        logits = at_least_float32(self.discriminator(torch.cat([real.images, *fake])))
        return logits[: len(real.images)], logits[len(real.images) :]

    def moves(self, real: Tensor, fake: Tensor) -> Moves:
        """Who moves, given D's logits."""
        losses = torch.stack([F.softplus(-real).mean(), F.softplus(fake).mean()]).detach()
        return self.equilibrium(*average_over_ranks(losses))

    def encoder_loss(self, real: ImageBatch, made: Drawn) -> Tensor:
        """KL + L_f."""
        kl = self.divergence(made.posterior).sum(1).mean()
        return self.weighted(kl=kl, feature=self.feature_error(real, self.generator(made.codes)))

    def generator_loss(self, real: ImageBatch, made: Drawn) -> Tensor:
        """γ L_f + L_GAN, or 0 while it waits."""
        outputs = self.judge(real, made)
        moves = self.moves(*outputs).generator
        self.meters.log("moves/generator", moves)
        error = self.feature_error(real, made.reconstructed)
        return moves * (self.reconstruction_weight * error + self.objective.generator(outputs[1]))

    def discriminator_loss(self, real: ImageBatch, made: Drawn) -> Tensor:
        """-L_GAN, or 0 while it waits."""
        images = made._replace(reconstructed=made.reconstructed.detach(), generated=made.generated.detach())
        outputs = self.judge(real, images)
        moves = self.moves(*outputs).discriminator
        self.meters.log("moves/discriminator", moves)
        return moves * self.objective.discriminator(*outputs)

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """The means (B, latent.width) of q(z|x) of images (B, C, H, W) in [-1, 1]."""
        return self.infer(images).mean

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The discriminator's last hidden layer (B, F) of images (B, C, H, W) in [-1, 1]."""
        return self.discriminator.features(images)

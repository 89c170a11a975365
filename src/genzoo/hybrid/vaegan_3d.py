"""3D-VAE-GAN: volumes of pictures."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.adversarial.gan_3d import GAN3D
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch
from genzoo.core.capabilities import SamplesGiven
from genzoo.core.checks import check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_unit
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.hybrid.checks import check_gaussian
from genzoo.hybrid.networks import base
from genzoo.variational.gaussian import Gaussian, check_standard_normal, standard, standard_noise


@register
class VAEGAN3D(GAN3D):
    """A 3D-GAN whose generator G also decodes codes of pictures y of the volumes x, drawn from a Gaussian q(z|y).

    The encoder of pictures has its turn between the discriminator's and the generator's. With z ~ q(z|y),

        the encoder minimises      α₁ KL(q(z|y) || p(z)) + α₂ ‖G(z) - x‖₂,
        the generator              its loss of 3D-GAN + α₂ ‖G(z) - x‖₂,

    where cells are in [0, 1] and the norm is over all cells of a volume.

    Args:
        encoder: factory of the network that maps pictures to means and log standard deviations, called with
            ``outputs``.
        kl_weight, reconstruction_weight: α₁ and α₂.
        kwargs: of ``GAN3D``; the players are ``discriminator``, ``encoder`` and ``generator``.

    Raises:
        GenzooError: a weight is negative, or the encoder does not fit the prior, which is standard normal.

    Source: Wu et al. 2016, arXiv 1610.07584.
    """

    def __init__(
        self,
        encoder: Callable[..., nn.Module],
        kl_weight: float = 5.0,
        reconstruction_weight: float = 1e-4,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_standard_normal(self.latent)
        check_weights({"kl": kl_weight, "reconstruction": reconstruction_weight})
        self.kl_weight, self.reconstruction_weight = kl_weight, reconstruction_weight
        self.encoder = encoder(outputs=2 * self.latent.width)
        check_network(self.encoder, base.GaussianEncoder, "model.encoder")
        check_gaussian(self.encoder, self.latent, "model.encoder")
        self.asks = {"picture": tuple(self.encoder.shape)}

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator, the encoder and the generator."""
        return super().players() | {"encoder": [self.encoder]}

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator's turn, the encoder's and the generator's, on one batch."""
        discriminator, generator = super().turns()
        return discriminator, Turn({"encoder": self.encoder_loss}, generator.streams), generator

    def capabilities(self) -> frozenset[type]:
        """It draws volumes of pictures, too."""
        return super().capabilities() | {SamplesGiven}

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data without pictures, or with pictures of another size."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        if "picture" not in data.given:
            raise GenzooError(
                f"data={data.name} has no pictures, but the model needs them; choose data=pictured_solids."
            )
        if data.given["picture"] != self.asks["picture"]:
            raise GenzooError(
                f"data={data.name} has pictures of (channels, height, width) {data.given['picture']}, but the model's "
                f"encoder is built for {self.asks['picture']}; choose data=pictured_solids."
            )

    def infer(self, pictures: Tensor) -> Gaussian:
        """q(z|y) of pictures, levels, uint8 (B, 1, H, W)."""
        return Gaussian(*at_least_float32(self.encoder(from_levels(pictures))).chunk(2, 1))

    def rebuilt(self, real: ImageBatch) -> tuple[Gaussian, Tensor]:
        """q(z|y) of a batch's pictures, and ‖G(z) - x‖₂ for a draw of it, the mean over the volumes."""
        posterior = self.infer(real.given["picture"])
        volumes = self.generator(posterior.at(standard_noise(posterior.mean)))
        error = to_unit(at_least_float32(volumes)) - to_unit(real.images)
        norm = error.flatten(1).norm(dim=1).mean()
        self.meters.log("term/reconstruction", norm.detach())
        return posterior, norm

    def encoder_loss(self, real: ImageBatch) -> Tensor:
        """α₁ KL + α₂ ‖G(z) - x‖₂."""
        posterior, error = self.rebuilt(real)
        kl = posterior.kl(standard(posterior.mean)).sum(1).mean()
        self.meters.log("term/kl", kl.detach())
        return self.kl_weight * kl + self.reconstruction_weight * error

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """3D-GAN's loss of the generator + α₂ ‖G(z) - x‖₂."""
        return super().generator_loss(real, made) + self.reconstruction_weight * self.rebuilt(real)[1]

    @in_inference
    def sample_given(self, given: Mapping[str, Tensor], generator: Generator | None = None) -> Tensor:
        """Volumes (n, 1, D, H, W) in [-1, 1] of pictures, levels, uint8 (n, 1, H, W): G of a draw of q(z|y) each.

        Raises:
            GenzooError: there are no pictures, or they have another shape.
        """
        pictures, shape = given.get("picture"), self.asks["picture"]
        if pictures is None or tuple(pictures.shape[1:]) != shape:
            found = None if pictures is None else tuple(pictures.shape)
            raise GenzooError(f"picture: levels of ({', '.join(map(str, ('n', *shape)))}) are needed, not {found}.")
        posteriors = [self.infer(part.to(self.device)) for part in pictures.split(self.sampling_batch)]
        return torch.cat([self.generate(q.at(standard_noise(q.mean, generator))) for q in posteriors])

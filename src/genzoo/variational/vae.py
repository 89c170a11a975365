"""The variational autoencoder of Kingma and Welling, with any posterior."""

from collections.abc import Callable
from typing import Any

from torch import Generator, Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.latent import Latent
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.variational.gaussian import Gaussian, check_standard_normal, standard, standard_noise
from genzoo.variational.model import Terms, VariationalModel
from genzoo.variational.posteriors import Posterior, draw


@register
class VAE(VariationalModel):
    """One layer of latent variables with a standard normal prior.

    Args:
        encoder: factory of the network that maps images (B, C, H, W) to (B, outputs), called with ``outputs``.
        decoder: factory of the network that maps codes (B, latent) to the parameters of p(x|z), (B, outputs, H, W),
            called with ``latent`` and ``outputs``; its ``shape`` is the images' (C, H, W).
        posterior: factory of q(z|x), called with ``size``, the number of latent variables.
        latent: distribution of the codes, with ``Normal`` parts.
        kwargs: arguments of ``VariationalModel``.

    Raises:
        GenzooError: the prior is not standard normal, or encoder and decoder have different image shapes.

    Source: Kingma, Welling 2013, arXiv 1312.6114; posteriors by inverse autoregressive flow: arXiv 1606.04934.
    """

    def __init__(
        self,
        encoder: Callable[..., nn.Module],
        decoder: Callable[..., nn.Module],
        posterior: Callable[..., Posterior],
        latent: Latent,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_standard_normal(latent)
        self.latent, self.posterior = latent, posterior(size=latent.width)
        self.encoder = encoder(outputs=2 * latent.width + self.posterior.context)
        self.image_shape = tuple(self.encoder.shape)
        self.decoder = self.build_decoder(decoder)

    def build_decoder(self, decoder: Callable[..., nn.Module]) -> nn.Module:
        """Builds the decoder for images of the encoder's shape.

        Raises:
            GenzooError: its images have another shape.
        """
        network = decoder(latent=self.latent.width, outputs=self.likelihood.outputs(self.image_shape[0]))
        if tuple(network.shape) != self.image_shape:
            raise GenzooError(
                f"model: the decoder outputs images of (channels, height, width) {tuple(network.shape)}, but the "
                f"encoder takes {self.image_shape}; give both the same."
            )
        return network

    def networks(self) -> list[nn.Module]:
        """The recognition model and the generative model."""
        return [self.encoder, self.posterior, self.decoder, self.likelihood]

    def recognise(self, images: Tensor) -> tuple[Gaussian, Tensor]:
        """Returns the Gaussian of q(z|x) before any flow, and the posterior's context."""
        mean, log_std, context = at_least_float32(self.encoder(images)).split(
            [self.latent.width, self.latent.width, self.posterior.context], dim=1
        )
        return Gaussian(mean, log_std), context

    def terms(self, images: Tensor, recognised: tuple[Gaussian, Tensor], generator: Generator | None = None) -> Terms:
        """Draws z ~ q(z|x)."""
        start, context = recognised
        drawn = draw(self.posterior, start, context, standard_noise(start.mean, generator))
        kl, log_ratio = drawn.against(standard(start.mean))
        return Terms(self.log_likelihood(images, drawn.z), {"z": kl}, log_ratio.sum(1))

    def log_likelihood(self, images: Tensor, z: Tensor) -> Tensor:
        """Returns log p(x|z) in nats (B,) of images (B, C, H, W) and codes (B, latent.width)."""
        return self.likelihood.log_prob(images, self.decoder(z)).sum((1, 2))

    def parameters_of(self, z: Tensor) -> Tensor:
        """The decoder's output."""
        return self.decoder(z)

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """Returns the code (B, latent.width) of noise 0: the mean of a Gaussian posterior, transformed by any flow."""
        start, context = self.recognise(images)
        return self.posterior(start.mean, start.log_std, context, standard(start.mean).mean)[0]

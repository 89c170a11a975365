"""PixelVAE: a variational autoencoder whose decoder is an autoregressive model of the pixels."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from genzoo.autoregressive.networks.base import CausalNetwork, network_for
from genzoo.autoregressive.sampling.canvas import Canvas, Sampler
from genzoo.core.checks import check_labels
from genzoo.core.inference import in_inference
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register
from genzoo.variational.vae import VAE


@register
class PixelVAE(VAE):
    """p(x|z) = Π p(x_i | x_1 .. x_{i-1}, z), computed by a causal network whose condition is z.

    Args:
        decoder: factory of the causal network, see ``network_for``; also called with ``condition``, the width of z.
        sampler: algorithm that draws the pixels.
        kwargs: of ``VAE``; the likelihood is a ``DrawnLikelihood``.

    Raises:
        GenzooError: see ``network_for``.

    Source: Gulrajani et al. 2016, arXiv 1611.05013; igul222/PixelVAE, mnist_pixelvae_train.py.
    """

    def __init__(self, sampler: Sampler, **kwargs: Any):
        super().__init__(**kwargs)
        self.sampler = sampler
        channels, *size = self.image_shape
        self.noise_shape = (self.likelihood.noise(channels), *size)  # uniform numbers that determine an image, given z

    def build_decoder(self, decoder: Callable[..., CausalNetwork]) -> CausalNetwork:
        """Builds the causal network for images of the encoder's shape."""
        return network_for(self.image_shape, self.likelihood, decoder, condition=self.latent.width)

    def log_likelihood(self, images: Tensor, z: Tensor) -> Tensor:
        """Returns log p(x|z) in nats (B,) of images (B, C, H, W) and codes (B, latent.width)."""
        return self.likelihood.log_prob(images, self.decoder(images, z)).sum((1, 2))

    def drawn(self, z: Tensor, noise: Tensor) -> Tensor:
        """Returns the images (B, C, H, W) of p(x|z) that uniform noise (B, \\*noise_shape) determines."""
        *_, last = self.sampler(self.decoder, self.likelihood.draw, Canvas.empty(self.image_shape, noise, z))
        return last.images

    def parameters_of(self, z: Tensor) -> Tensor:
        """Returns the parameters of each p(x_i | x_1 .. x_{i-1}, z), given the pixels drawn with all noise at 1/2.

        A binary pixel is then the likelier level. Gradients with respect to z are those at fixed pixels.
        """
        with torch.no_grad():
            images = self.drawn(z, z.new_full((len(z), *self.noise_shape), 0.5))
        return self.decoder(images, z)

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """Draws n images (n, C, H, W) in [-1, 1]: z from the prior, then x from p(x|z), pixel by pixel.

        Raises:
            GenzooError: labels are given.
        """
        check_labels(labels, n, 0, self.device)
        device, images = drawing_device(generator, self.device), []
        for z in self.latent.sample(n, generator, self.device).split(self.sampling_batch):
            noise = torch.rand(len(z), *self.noise_shape, generator=generator, device=device)
            images.append(self.drawn(z, noise.to(z)))
        return torch.cat(images)

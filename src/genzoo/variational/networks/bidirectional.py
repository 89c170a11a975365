"""The layers of a residual variational autoencoder with bidirectional inference.

Source: Kingma et al. 2016, arXiv 1606.04934, section 5 and figure 3; openai/iaf, tf_train.py, ``IAFLayer``.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.precision import at_least_float32, in_float32
from genzoo.nn.elu import elu
from genzoo.nn.log_gain import LogGainConv2d, LogGainConvTranspose2d
from genzoo.variational.gaussian import Gaussian
from genzoo.variational.posteriors import Posterior, draw

RESIDUAL = 0.1  # factor of what a layer adds


class Evidence(NamedTuple):
    """What a layer learns of the image from one side: terms of the posterior's mean and log_std, and of its context."""

    mean: Tensor
    log_std: Tensor
    context: Tensor


class Drawn(NamedTuple):
    """KL(q || p) and log q - log p of a layer's draw, elementwise, (B, latents, H, W)."""

    kl: Tensor
    log_ratio: Tensor


class UpLayer(nn.Module):
    """A layer's way up.

    Args:
        channels: feature maps of the deterministic path.
        latents: latent feature maps.
        context: feature maps of the posterior's context.
        halves: whether its latent variables lie on half the height and width of the layer below.
        top: whether it is the last, from which nothing goes on.
    """

    def __init__(self, channels: int, latents: int, context: int, halves: bool, top: bool):
        super().__init__()
        self.halves, self.top = halves, top
        self.sizes = [latents, latents, context, 0 if top else channels]
        self.first = LogGainConv2d(channels, sum(self.sizes), 3, 2 if halves else 1, 1)
        if not top:
            self.second = LogGainConv2d(channels, channels, 3, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Evidence]:
        """x (B, channels, H, W) from below -> what goes on upwards, and the evidence for this layer."""
        *evidence, h = self.first(elu(x)).split(self.sizes, dim=1)
        if not self.top:
            x = (x[:, :, ::2, ::2] if self.halves else x) + RESIDUAL * self.second(elu(h))
        return x, Evidence(*map(at_least_float32, evidence))


class DownLayer(nn.Module):
    """A layer's way down, on which its latent variables are drawn.

    Args:
        channels, latents, halves: as for ``UpLayer``.
        posterior: q(z|x, above).
    """

    def __init__(self, channels: int, latents: int, posterior: Posterior, halves: bool):
        super().__init__()
        self.posterior, self.halves = posterior, halves
        self.sizes = [latents, latents, latents, latents, posterior.context, channels]
        self.first = LogGainConv2d(channels, sum(self.sizes), 3, 1, 1)
        self.second: nn.Module = (
            LogGainConvTranspose2d(latents + channels, channels, 3, 2, 1, 1)
            if halves
            else LogGainConv2d(latents + channels, channels, 3, 1, 1)
        )

    def forward(self, x: Tensor, evidence: Evidence, noise: Tensor) -> tuple[Tensor, Drawn]:
        """Draws from the posterior: x (B, channels, H, W) from above -> what goes on downwards, and the draw.

        Args:
            evidence: from the way up, to which this way's is added.
            noise: standard normal, (B, latents, H, W).
        """
        prior, start, context, h = self._infer(x, evidence)
        z, *drawn = draw(self.posterior, start, context, prior, noise)
        return self._join(x, z, h), Drawn(*drawn)

    def generate(self, x: Tensor, noise: Tensor) -> Tensor:
        """Draws from the prior."""
        prior, _, h = self._look(x)
        return self._join(x, prior.at(noise), h)

    def encode(self, x: Tensor, evidence: Evidence) -> tuple[Tensor, Tensor]:
        """What goes on downwards at the posterior's noise 0, and the noise from which the prior makes the same."""
        prior, start, context, h = self._infer(x, evidence)
        z, _ = self.posterior(start.mean, start.log_std, context, torch.zeros_like(start.mean))
        return self._join(x, z, h), prior.noise_of(z)

    def _look(self, x: Tensor) -> tuple[Gaussian, Evidence, Tensor]:
        """p(z|above), this way's evidence, and deterministic features."""
        *found, h = self.first(elu(x)).split(self.sizes, dim=1)
        mean, log_std, *evidence = map(at_least_float32, found)
        return Gaussian(mean, log_std), Evidence(*evidence), h

    def _infer(self, x: Tensor, evidence: Evidence) -> tuple[Gaussian, Gaussian, Tensor, Tensor]:
        """p(z|above), the Gaussian that q(z|x, above) starts from, its context, and deterministic features."""
        prior, own, h = self._look(x)
        mean, log_std, context = (a + b for a, b in zip(evidence, own, strict=True))
        return prior, Gaussian(mean, log_std), context, h

    def _join(self, x: Tensor, z: Tensor, h: Tensor) -> Tensor:
        added = self.second(elu(torch.cat([z.to(h.dtype), h], dim=1)))
        return (F.interpolate(x, scale_factor=2) if self.halves else x) + RESIDUAL * added


class Ladder(nn.Module):
    """All layers, between the image and a learned top.

    Args:
        shape: (C, H, W) of the images.
        outputs: numbers a pixel that the way down ends in.
        channels, latents: of each layer.
        levels: the layers' latent variables lie on the image's size / 2, / 4 ... at so many levels.
        layers: layers a level.
        posterior: factory of each layer's q, called with ``size``.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        channels: int,
        latents: int,
        levels: int,
        layers: int,
        posterior: Callable[..., Posterior],
    ):
        super().__init__()
        images, height, width = shape
        self.encoder = LogGainConv2d(images, channels, 5, 2, 2)
        self.top, self.top_size = nn.Parameter(torch.zeros(channels)), (height // 2**levels, width // 2**levels)
        self.ups, self.downs, self.code_shapes = nn.ModuleList(), nn.ModuleList(), []
        for i in range(levels * layers):  # from the bottom up
            halves = i > 0 and i % layers == 0
            q, scale = posterior(size=latents), 2 ** (1 + i // layers)
            self.ups.append(UpLayer(channels, latents, q.context, halves, top=i == levels * layers - 1))
            self.downs.insert(0, DownLayer(channels, latents, q, halves))
            self.code_shapes.insert(0, (latents, height // scale, width // scale))
        self.decoder = LogGainConvTranspose2d(channels, outputs, 5, 2, 2, 1)

    def up(self, images: Tensor) -> list[Evidence]:
        """Each layer's evidence, from the top down."""
        x, found = self.encoder(images), []
        for layer in self.ups:
            x, evidence = layer(x)
            found.insert(0, evidence)
        return found

    def start(self, n: int) -> Tensor:
        """What the way down begins with, (n, channels, H, W)."""
        return self.top.view(1, -1, 1, 1).expand(n, -1, *self.top_size)

    def end(self, x: Tensor) -> Tensor:
        """What it ends in, (B, outputs, H, W)."""
        return in_float32(self.decoder, elu(x))

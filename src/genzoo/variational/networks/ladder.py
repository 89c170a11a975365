"""Base of the ladders of residual layers, for both directions of inference.

Source: Kingma et al. 2016, arXiv 1606.04934, section 5 and figure 3; openai/iaf, models.py (``cvae_layer``) and
tf_train.py (``IAFLayer``).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.precision import at_least_float32, in_float32
from genzoo.nn.elu import elu
from genzoo.nn.log_gain import LogGainConv2d, LogGainConvTranspose2d
from genzoo.variational.gaussian import Gaussian
from genzoo.variational.posteriors import Draw, Posterior

RESIDUAL = 0.1  # factor of a layer's residual


class Inferred(NamedTuple):
    """A layer's draw from its posterior, and its prior given the layers above."""

    drawn: Draw
    prior: Gaussian


class UpLayer(nn.Module):
    """A layer's way up, from the image.

    Args:
        channels: feature maps of the deterministic path.
        latents: latent feature maps.
        context: feature maps of the posterior's context.
        halves: whether its latent variables have half the height and width of the layer below.
        top: whether it is the last layer, without output to a layer above.
        joined: number of feature maps that are concatenated to the deterministic ones.
    """

    def __init__(self, channels: int, latents: int, context: int, halves: bool, top: bool, joined: int = 0):
        super().__init__()
        self.halves, self.top = halves, top
        self.sizes = [latents, latents, context, 0 if top else channels]
        self.first = LogGainConv2d(channels, sum(self.sizes), 3, 2 if halves else 1, 1)
        if not top:
            self.second = LogGainConv2d(channels + joined, channels, 3, 1, 1)

    def look(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """x (B, channels, H, W) from below -> mean, log_std and context of a posterior, and deterministic features."""
        *evidence, h = self.first(elu(x)).split(self.sizes, dim=1)
        return *map(at_least_float32, evidence), h

    def join(self, x: Tensor, h: Tensor) -> Tensor:
        """Returns the output to the layer above."""
        if self.top:
            return x
        return (x[:, :, ::2, ::2] if self.halves else x) + RESIDUAL * self.second(elu(h))


class DownLayer(nn.Module):
    """A layer's way down, which computes the prior of its latent variables.

    Args:
        channels, latents, halves: see ``UpLayer``.
        evidence: numbers of further output feature maps besides the prior.
    """

    def __init__(self, channels: int, latents: int, halves: bool, evidence: Sequence[int] = ()):
        super().__init__()
        self.halves = halves
        self.sizes = [latents, latents, *evidence, channels]
        self.first = LogGainConv2d(channels, sum(self.sizes), 3, 1, 1)
        self.second: nn.Module = (
            LogGainConvTranspose2d(latents + channels, channels, 3, 2, 1, 1)
            if halves
            else LogGainConv2d(latents + channels, channels, 3, 1, 1)
        )

    def generate(self, x: Tensor, noise: Tensor) -> Tensor:
        """Draws from the prior: x (B, channels, H, W) from above -> output to the layer below."""
        prior, _, h = self.look(x)
        return self.join(x, prior.at(noise), h)

    def look(self, x: Tensor) -> tuple[Gaussian, list[Tensor], Tensor]:
        """Returns p(z|above), the evidence, and deterministic features."""
        *found, h = self.first(elu(x)).split(self.sizes, dim=1)
        mean, log_std, *evidence = map(at_least_float32, found)
        return Gaussian(mean, log_std), evidence, h

    def join(self, x: Tensor, z: Tensor, h: Tensor) -> Tensor:
        """Returns the output to the layer below."""
        added = self.second(elu(torch.cat([z.to(h.dtype), h], dim=1)))
        return (F.interpolate(x, scale_factor=2) if self.halves else x) + RESIDUAL * added


class Ladder(nn.Module):
    """All layers, between the image and a learned top. Subclasses define the layers and the inference.

    Args:
        shape: (C, H, W) of the images.
        outputs: outputs per pixel at the end of the way down.
        channels, latents: of each layer.
        levels: number of resolutions of the latent variables: the image's size / 2, / 4 ...
        layers: layers per level.
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
        for i in range(levels * layers):  # from bottom to top
            halves = i > 0 and i % layers == 0
            q, scale = posterior(size=latents), 2 ** (1 + i // layers)
            up, down = self.layer(channels, latents, q, halves, i == levels * layers - 1)
            self.ups.append(up)
            self.downs.insert(0, down)
            self.code_shapes.insert(0, (latents, height // scale, width // scale))
        self.decoder = LogGainConvTranspose2d(channels, outputs, 5, 2, 2, 1)

    def layer(
        self, channels: int, latents: int, posterior: Posterior, halves: bool, top: bool
    ) -> tuple[UpLayer, DownLayer]:
        """Builds both ways of a layer; see their classes for the arguments."""
        raise NotImplementedError

    def recognise(self, images: Tensor) -> Any:
        """Returns the features of images (B, C, H, W) that do not depend on draws."""
        raise NotImplementedError

    def infer(self, recognised: Any, noise: Sequence[Tensor]) -> tuple[Tensor, list[Inferred]]:
        """Draws all layers from their posteriors; returns outputs (B, outputs, H, W), and the draws from top to bottom.

        Args:
            noise: standard normal, of each layer from the top down, (B, latents, H, W).
        """
        raise NotImplementedError

    def generate(self, noise: Sequence[Tensor]) -> Tensor:
        """Draws all layers from their priors; see ``infer``."""
        x = self.start(noise[0].shape[0])
        for layer, eps in zip(self.downs, noise, strict=True):
            x = layer.generate(x, eps)
        return self.end(x)

    def start(self, n: int) -> Tensor:
        """Returns the learned input of the way down, (n, channels, H, W)."""
        return self.top.view(1, -1, 1, 1).expand(n, -1, *self.top_size)

    def end(self, x: Tensor) -> Tensor:
        """Returns the outputs of the way down, (B, outputs, H, W)."""
        return in_float32(self.decoder, elu(x))

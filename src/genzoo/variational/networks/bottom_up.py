"""Bottom-up inference: each layer is drawn on the way up from the image, given those below it.

Source: Kingma et al. 2016, arXiv 1606.04934, table 3; openai/iaf, models.py, ``cvae_layer`` with posteriors ``up_...``.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from genzoo.core.registry import register
from genzoo.variational.gaussian import Gaussian
from genzoo.variational.networks import ladder
from genzoo.variational.networks.ladder import Inferred, Ladder
from genzoo.variational.posteriors import Draw, Posterior, draw


class UpLayer(ladder.UpLayer):
    """The way up of a layer, which draws its latent variables and passes them on with the deterministic features.

    Args:
        channels, latents, halves, top: see the base class.
        posterior: q(z|x, below).
    """

    def __init__(self, channels: int, latents: int, posterior: Posterior, halves: bool, top: bool):
        super().__init__(channels, latents, posterior.context, halves, top, joined=latents)
        self.posterior = posterior

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Draw]:
        """x (B, channels, H, W) from below -> output to the layer above, and the draw.

        Args:
            noise: standard normal, (B, latents, H, W).
        """
        mean, log_std, context, h = self.look(x)
        drawn = draw(self.posterior, Gaussian(mean, log_std), context, noise)
        return self.join(x, torch.cat([drawn.z.to(h.dtype), h], dim=1)), drawn


class DownLayer(ladder.DownLayer):
    """The way down of a layer whose latent variables are already drawn."""

    def forward(self, x: Tensor, drawn: Draw) -> tuple[Tensor, Inferred]:
        """x (B, channels, H, W) from above -> output to the layer below, and the draw with its prior."""
        prior, _, h = self.look(x)
        return self.join(x, drawn.z, h), Inferred(drawn, prior)


@register
class BottomUp(Ladder):
    """A ladder with bottom-up inference."""

    def layer(
        self, channels: int, latents: int, posterior: Posterior, halves: bool, top: bool
    ) -> tuple[UpLayer, DownLayer]:
        """Builds both ways of a layer."""
        return UpLayer(channels, latents, posterior, halves, top), DownLayer(channels, latents, halves)

    def recognise(self, images: Tensor) -> Tensor:
        """Returns the input of the lowest layer; everything above it depends on draws."""
        return self.encoder(images)

    def infer(self, recognised: Tensor, noise: Sequence[Tensor]) -> tuple[Tensor, list[Inferred]]:
        """Draws all layers on the way up, then computes their priors on the way down."""
        x, draws = recognised, []
        for layer, eps in zip(self.ups, reversed(noise), strict=True):
            x, drawn = layer(x, eps)
            draws.insert(0, drawn)
        x, found = self.start(recognised.shape[0]), []
        for layer, drawn in zip(self.downs, draws, strict=True):
            x, inferred = layer(x, drawn)
            found.append(inferred)
        return self.end(x), found

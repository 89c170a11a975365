"""Bidirectional inference: evidence goes up from the image, then each layer is drawn given those above it.

Source: Kingma et al. 2016, arXiv 1606.04934, section 5 and figure 3; openai/iaf, tf_train.py, ``IAFLayer``.
"""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from genzoo.core.registry import register
from genzoo.variational.gaussian import Gaussian
from genzoo.variational.networks import ladder
from genzoo.variational.networks.ladder import Inferred, Ladder
from genzoo.variational.posteriors import Posterior, draw


class Evidence(NamedTuple):
    """A layer's information from the image on the way up: terms of the posterior's mean, log_std and context."""

    mean: Tensor
    log_std: Tensor
    context: Tensor


class UpLayer(ladder.UpLayer):
    """The way up of a layer, which computes evidence for its posterior."""

    def forward(self, x: Tensor) -> tuple[Tensor, Evidence]:
        """x (B, channels, H, W) from below -> output to the layer above, and the evidence for this layer."""
        *evidence, h = self.look(x)
        return self.join(x, h), Evidence(*evidence)


class DownLayer(ladder.DownLayer):
    """The way down of a layer, which draws from a posterior that combines the evidence of both ways.

    Args:
        channels, latents, halves: see the base class.
        posterior: q(z|x, above).
    """

    def __init__(self, channels: int, latents: int, posterior: Posterior, halves: bool):
        super().__init__(channels, latents, halves, [latents, latents, posterior.context])
        self.posterior = posterior

    def forward(self, x: Tensor, evidence: Evidence, noise: Tensor) -> tuple[Tensor, Inferred]:
        """x (B, channels, H, W) from above -> output to the layer below, and the draw.

        Args:
            evidence: evidence from the way up.
            noise: standard normal, (B, latents, H, W).
        """
        prior, own, h = self.look(x)
        mean, log_std, context = (a + b for a, b in zip(evidence, own, strict=True))
        drawn = draw(self.posterior, Gaussian(mean, log_std), context, noise)
        return self.join(x, drawn.z, h), Inferred(drawn, prior)


@register
class Bidirectional(Ladder):
    """A ladder with bidirectional inference."""

    def layer(
        self, channels: int, latents: int, posterior: Posterior, halves: bool, top: bool
    ) -> tuple[UpLayer, DownLayer]:
        """Builds both ways of a layer."""
        up = UpLayer(channels, latents, posterior.context, halves, top)
        return up, DownLayer(channels, latents, posterior, halves)

    def recognise(self, images: Tensor) -> list[Evidence]:
        """Returns each layer's evidence, from top to bottom."""
        x, found = self.encoder(images), []
        for layer in self.ups:
            x, evidence = layer(x)
            found.insert(0, evidence)
        return found

    def infer(self, recognised: list[Evidence], noise: Sequence[Tensor]) -> tuple[Tensor, list[Inferred]]:
        """Draws all layers on the way down."""
        x, found = self.start(noise[0].shape[0]), []
        for layer, evidence, eps in zip(self.downs, recognised, noise, strict=True):
            x, inferred = layer(x, evidence, eps)
            found.append(inferred)
        return self.end(x), found

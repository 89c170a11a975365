"""Boundary-seeking GAN: the generator of binary images learns from the discriminator's output, not its gradient."""

from typing import Any

import torch
from torch import Generator, Tensor

from genzoo.adversarial.credit import Credit
from genzoo.adversarial.game import Game
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_positive
from genzoo.core.images import from_unit, to_unit
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register
from genzoo.nn.likelihoods import Bernoulli
from genzoo.nn.objectives import Minimax


@register
class BoundarySeekingGAN(Game):
    """The generator outputs the logits of independent binary pixels, g(x|z), from which M images per code are drawn.

    The discriminator minimises the GAN's loss on real images and on all drawn ones. The generator minimises
    -Σ_m c_m log g(x_m|z), averaged over codes, where ``credit`` computes c_m from the discriminator's logits. The
    logged ``effective_samples`` is 1 / Σ w_m², between 1 and M, of the weights w_m = e^F(x_m) / Σ e^F(x_k).

    Args:
        credit: the coefficients c.
        images_per_code: M.
        kwargs: of ``Game``; the generator maps codes to logits (B, C, H, W).

    Raises:
        GenzooError: M is not a positive integer.

    Source: Hjelm et al. 2018, arXiv 1702.08431, algorithm for discrete data; rdevon/BGAN, lib/loss.py (binary_BGAN).
    """

    levels = 2

    def __init__(self, credit: Credit, images_per_code: int = 20, **kwargs: Any):
        super().__init__(**kwargs)
        check_positive("model.images_per_code", images_per_code)
        self.credit, self.images_per_code = credit, images_per_code
        self.objective, self.pixels = Minimax(), Bernoulli()

    def draw(self, logits: Tensor) -> Tensor:
        """M binary images per code, (M, B, C, H, W), -1 or 1, given the pixels' logits (B, C, H, W)."""
        with torch.no_grad():
            noise = torch.rand(self.images_per_code, *logits.shape, device=logits.device)
            return self.pixels.draw(logits, noise)

    def discriminate(self, images: Tensor) -> Tensor:
        """The discriminator's logits (...) of images (..., C, H, W), in one pass."""
        return at_least_float32(self.discriminator(images.flatten(0, -4))).unflatten(0, images.shape[:-3])

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """-E log D(x) - E log(1 - D(x_m)), the second mean over codes and their M images.

        Args:
            real: real images.
            made: codes and pixel logits that both players share; None: new ones are generated.
        """
        _, logits = self.detached_fakes(real, made)
        return self.objective.discriminator(self.discriminate(real.images), self.discriminate(self.draw(logits)))

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """-Σ_m c_m log g(x_m|z), a mean over as many codes as real images; c has no gradient."""
        _, logits = made or self.make(real)
        images = self.draw(logits)
        with torch.no_grad():
            scores = self.discriminate(images)
        self.meters.log("effective_samples", scores.softmax(0).square().sum(0).reciprocal().mean())
        log_prob = self.pixels.log_prob(images.flatten(0, 1), logits.repeat(len(images), 1, 1, 1)).sum((1, 2))
        return -(self.credit(scores) * log_prob.unflatten(0, scores.shape)).sum(0).mean()

    def generate(self, z: Tensor) -> Tensor:
        """The pixels' means (B, C, H, W) in [-1, 1] of codes (B, latent.width), in one pass."""
        return self.pixels.mean(self.generator(z))

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n binary images (n, C, H, W), -1 or 1, of codes from the prior.

        Raises:
            GenzooError: labels are given, or n is not a positive integer.
        """
        means = super().sample(n, labels, generator)
        source = drawing_device(generator, means.device)
        noise = torch.rand(means.shape, generator=generator, device=source).to(means.device)
        return from_unit((noise < to_unit(means)).to(means.dtype))

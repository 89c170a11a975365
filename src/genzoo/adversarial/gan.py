"""The two-player game."""

from collections.abc import Callable, Mapping

import torch
from torch import Generator, Tensor, nn

from genzoo.adversarial.objectives import Objective
from genzoo.core.averages import Average
from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.capabilities import Decodes, Features, Samples
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.latent import Latent
from genzoo.core.randomness import generator as fixed_generator
from genzoo.core.registry import register
from genzoo.core.rounds import Optimizers, RoundModule, Schedules, Turn
from genzoo.nn.pooling import max_pooled


@register
class GAN(RoundModule):
    """A generator learns to fool a discriminator that learns to tell its images from real ones.

    What a system of this family is, its configuration says: objective x networks x latent x optimizers.

    Args:
        generator: factory of the network that maps codes (B, latent.width) to images (B, C, H, W) in [-1, 1]; called
            with ``latent``, the width of the codes.
        discriminator: images -> logits (B,). Its ``feature_maps``, if it has that method, are the model's features.
        latent: law of the codes.
        objective: what each player minimises.
        optimizers: of the players ``discriminator`` and ``generator``.
        schedules, averages, batch_norm: see ``RoundModule``.
        simultaneous: both players move at once, on gradients of the same state; else the discriminator first.
        sampling_batch: images generated in one pass. Where batch norm uses batch statistics this is part of the
            protocol: the recipe's batch size.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, algorithm 1 with k = 1.
    """

    def __init__(
        self,
        generator: Callable[..., nn.Module],
        discriminator: nn.Module,
        latent: Latent,
        objective: Objective,
        optimizers: Optimizers,
        schedules: Schedules | None = None,
        averages: Mapping[str, Average] | None = None,
        batch_norm: str = "running",
        simultaneous: bool = False,
        sampling_batch: int = 128,
    ):
        super().__init__(optimizers, schedules, averages, batch_norm)
        self.generator, self.discriminator = generator(latent=latent.width), discriminator
        self.latent, self.objective = latent, objective
        self.simultaneous, self.sampling_batch = simultaneous, sampling_batch
        self.image_shape = tuple(self.generator.shape)
        if tuple(discriminator.shape) != self.image_shape:
            raise GenzooError(
                f"model: the generator makes images of (channels, height, width) {self.image_shape}, but the "
                f"discriminator takes {tuple(discriminator.shape)}; give both the same."
            )

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator on fresh codes; or both at once."""
        losses = {"discriminator": self.discriminator_loss, "generator": self.generator_loss}
        real = (Stream("real"),)
        if self.simultaneous:
            return (Turn(losses, real),)
        return tuple(Turn({player: loss}, real) for player, loss in losses.items())

    def capabilities(self) -> frozenset[type]:
        """It samples and decodes; a discriminator that shows its feature maps gives features."""
        able = frozenset({Samples, Decodes})
        return able | {Features} if hasattr(self.discriminator, "feature_maps") else able

    def initialise(self, images: Tensor) -> None:
        """Hands training images to networks that start from them."""
        for network in (self.generator, self.discriminator):
            if hasattr(network, "initialise"):
                network.initialise(images)

    def discriminator_loss(self, real: ImageBatch) -> Tensor:
        """The objective on real images and as many generated ones, in separate passes (separate batch statistics)."""
        with torch.no_grad():
            fake = self.generator(self.latent.sample(len(real.images), device=self.device))
        return self.objective.discriminator(self.discriminator(real.images), self.discriminator(fake))

    def generator_loss(self, real: ImageBatch) -> Tensor:
        """The objective on generated images, as many as there are real ones."""
        fake = self.generator(self.latent.sample(len(real.images), device=self.device))
        return self.objective.generator(self.discriminator(fake))

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n images (n, C, H, W) in [-1, 1] from the prior."""
        return self.decode(self.latent.sample(n, generator, self.device))

    @in_inference
    def decode(self, z: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] of codes (B, latent.width).

        Where batch norm uses batch statistics, a batch smaller than ``sampling_batch`` is filled up with fixed codes
        from the prior (as the original fills its picture grids), so that few images look as they do among many.
        """
        images = []
        for codes in z.split(self.sampling_batch):
            filler = self.sampling_batch - len(codes) if self.batch_norm == "batch" else 0
            if filler:
                fixed = self.latent.sample(filler, fixed_generator(0, "filler"), self.device)
                codes, kept = torch.cat([codes, fixed]), len(codes)
                images.append(self.generator(codes)[:kept])
            else:
                images.append(self.generator(codes))
        return torch.cat(images)

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The discriminator's feature maps of images (B, C, H, W) in [-1, 1], each max-pooled to 4 x 4: (B, F).

        With batch statistics, give batches of mixed images.

        Source: DCGAN (arXiv 1511.06434), section 5.1.
        """
        return max_pooled(self.discriminator.feature_maps(images), grid=4)

"""The GAN of Goodfellow et al. and the models that differ from it in objective, penalties or networks."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Features, ScoresRealism
from genzoo.core.errors import GenzooError
from genzoo.core.images import dequantise
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network, missing
from genzoo.core.registry import register
from genzoo.nn.clipping import check_clip, clip_parameters
from genzoo.nn.minibatch import MinibatchDiscrimination
from genzoo.nn.objectives import Minimax, Objective, RelativeObjective
from genzoo.nn.penalties import Penalty
from genzoo.nn.pooling import max_pooled


@register
class GAN(Game):
    """A discriminator is trained to distinguish real from generated images, a generator to make them indistinguishable.

    The configuration defines the method: objective, penalties, networks, latent and optimizers.

    Args:
        objective: the losses of both players.
        penalties: name -> gradient penalty, a term of the discriminator's loss.
        weight_clip: bound of the absolute value of each of the discriminator's parameters; None = no bound.
        dequantise: whether uniform noise of one level's width is added to real images of 256 levels.
        matching: distance between the discriminator's ``features`` of real (B, F) and of generated images (B', F),
            which the generator minimises instead of the objective; its real images are the first of the
            discriminator's turn.
        kwargs: of ``Game``. The discriminator maps images to logits or scores (B,). Its ``feature_maps``, if it has
            that method, are the model's features.

    Raises:
        GenzooError: a setting is out of range, penalties are combined with a discriminator whose output for an image
            depends on other images, or matching with one without features.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, algorithm 1; penalties, clipping and dequantisation: arXiv
        1701.07875, algorithm 1; igul222/improved_wgan_training, gan_cifar_resnet.py.
    """

    def __init__(
        self,
        objective: Objective | RelativeObjective,
        penalties: Mapping[str, Penalty] | None = None,
        weight_clip: float | None = None,
        dequantise: bool = False,
        matching: Callable[[Tensor, Tensor], Tensor] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.objective, self.penalties = objective, dict(penalties or {})
        self.weight_clip, self.dequantise, self.matching = weight_clip, dequantise, matching
        if dequantise:
            self.levels = 256
        check_clip(weight_clip)
        mixing = {nn.modules.batchnorm._BatchNorm: "batch norm", MinibatchDiscrimination: "minibatch discrimination"}
        for kind, name in mixing.items():
            if self.penalties and any(isinstance(m, kind) for m in self.discriminator.modules()):
                raise GenzooError(
                    f"model.penalties.{next(iter(self.penalties))}: the discriminator has {name}, which makes the "
                    "output for an image depend on the other images of the batch, so that its gradient at a single "
                    "image is not defined; choose a discriminator without it (norm: layer, instance, spectral or none)."
                )

        if any(isinstance(m, MinibatchDiscrimination) for m in self.discriminator.modules()):
            self.accumulates = False  # similarities are computed over whole batches
        if isinstance(objective, RelativeObjective):
            self.accumulates = False  # the images of a whole batch are compared
        if matching is not None:
            self.accumulates = False  # means are computed over whole batches
            check_network(self.discriminator, base.FeatureNetwork, "model.matching")

    def capabilities(self) -> frozenset[type]:
        """It has features, too, if the discriminator returns feature maps, and scores realism if it returns logits."""
        able = super().capabilities() | (set() if missing(self.discriminator, base.FeatureMaps) else {Features})
        logits = isinstance(self.objective, Minimax) and not missing(self.discriminator, base.Discriminator)
        return able | ({ScoresRealism} if logits else set())

    def compile_networks(self) -> None:
        """Compiles the networks; raises a GenzooError for models with penalties, which are differentiated twice."""
        if self.penalties:
            raise GenzooError(
                f"compile=true: the critic of model.penalties.{next(iter(self.penalties))} is differentiated twice, "
                "which torch.compile does not support; use compile=false."
            )
        super().compile_networks()

    def initialise(self, images: Tensor) -> None:
        """Also clips the initial weights."""
        super().initialise(images)
        clip_parameters(self.discriminator, self.weight_clip)

    def after_step(self, player: str) -> None:
        """Also clips the discriminator's weights."""
        if player == "discriminator":
            clip_parameters(self.discriminator, self.weight_clip)
        super().after_step(player)

    def discriminate(self, images: Tensor, real: ImageBatch) -> Tensor:
        """The discriminator's logits (B,) of images.

        Args:
            images: real or generated images (B, C, H, W).
            real: the batch of real images; conditional discriminators use its labels for both.
        """
        return at_least_float32(self.discriminator(images))

    def logits(self, features: Tensor) -> Tensor:
        """The logits (B,) of the discriminator's ``head`` for its ``features`` (B, F)."""
        return at_least_float32(self.discriminator.head(features).squeeze(1))

    def real_images(self, real: ImageBatch) -> Tensor:
        """What the discriminator sees of real images."""
        return dequantise(real.images) if self.dequantise else real.images

    def penalty(self, real: ImageBatch, images: Tensor, fake: Tensor) -> Tensor:
        """The sum of the penalties, each recorded by its name."""
        total = images.new_zeros(())
        for name, penalty in self.penalties.items():
            value = penalty(lambda x: self.discriminate(x, real), images, fake)
            self.meters.log(name, value)
            total = total + value
        return total

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective and its penalties on equal numbers of real and generated images.

        Both go through the discriminator in separate passes, with separate batch statistics.
        """
        images, (_, fake) = self.real_images(real), self.detached_fakes(real, made)
        return self.discriminator_objective(real, images, fake)

    def discriminator_objective(self, real: ImageBatch, images: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss, given the real and the generated images (B, C, H, W) that it sees."""
        return self.game(real, images, fake) + self.penalty(real, images, fake)

    def game(self, real: ImageBatch, images: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's objective alone, given the images (B, C, H, W) that it sees."""
        return self.objective.discriminator(self.discriminate(images, real), self.discriminate(fake, real))

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective or the feature matching on generated images, as many as real ones."""
        _, fake = made or self.make(real)
        if self.matching is None:
            return self.fooling(self.discriminate(fake, real), real)
        return self.generator_objective(real, self.discriminator.features(fake))

    def fooling(self, outputs: Tensor, real: ImageBatch) -> Tensor:
        """The generator's objective, given the discriminator's outputs (B,) on generated images."""
        if not isinstance(self.objective, RelativeObjective):
            return self.objective.generator(outputs)
        with torch.no_grad():
            of_real = self.discriminate(self.real_images(real), real)
        return self.objective.generator(outputs, of_real)

    def generator_objective(self, real: ImageBatch, features: Tensor) -> Tensor:
        """The generator's loss, given the discriminator's features (B, F) of generated images."""
        if self.matching is None:
            return self.fooling(self.logits(features), real)
        with torch.no_grad():
            target = self.discriminator.features(self.real_images(real))
        return self.matching(target, features)

    @in_inference
    def realism(self, images: Tensor) -> Tensor:
        """The discriminator's logits (B,) of images (B, C, H, W) in [-1, 1]."""
        return at_least_float32(self.discriminator(images))

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The discriminator's feature maps of images (B, C, H, W) in [-1, 1], each max-pooled to 4 x 4: (B, F).

        With batch statistics, batches should mix images of all classes.

        Source: DCGAN (arXiv 1511.06434), section 5.1.
        """
        return max_pooled(self.discriminator.feature_maps(images), grid=4)

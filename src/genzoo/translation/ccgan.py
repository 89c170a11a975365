"""CC-GAN: holes of images are filled in, and the discriminator learns to classify from a few labels."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch, Stream
from genzoo.core.capabilities import Classifies
from genzoo.core.checks import check_classes, check_weights
from genzoo.core.completion import around_centre
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.translation.completer import Completer
from genzoo.translation.degradations.hole import Hole
from genzoo.translation.networks.base import Classifying
from genzoo.translation.pairs import Shape


@register
class CCGAN(Completer):
    """The generator fills in a square hole at a random place of each image, half of its height and width.

    With an image x, its mask m (1 = given), the generator's image g = G(m x) and the filled-in x' = m x + (1 - m) g,

        the discriminator minimises    L_D(D(x), D(x')) + w L_D(D(x), D(g)) + λ CE(class logits of labelled images),
        the generator                  L_G(D(x')) + w L_G(D(g)).

    Args:
        shape: (C, H, W) of the images.
        generator: factory of G, called with ``shape`` and ``outputs``, the number of channels.
        discriminator: D, with class logits.
        whole_weight: w: 0 = CC-GAN, 1 = CC-GAN2, whose discriminator also sees whole images of the generator.
        class_weight: λ.
        kwargs: of ``Completer``.

    Raises:
        GenzooError: a weight is negative, or the discriminator has no class logits.

    Source: Denton, Gross, Fergus 2016, arXiv 1611.06430; edenton/cc-gan, train_ccgan.lua, train_ccgan2.lua.
    """

    def __init__(
        self,
        shape: Shape,
        generator: Callable[..., nn.Module],
        discriminator: nn.Module,
        whole_weight: float = 0.0,
        class_weight: float = 1.0,
        **kwargs: Any,
    ):
        super().__init__(shape, generator(shape=shape, outputs=shape[0]), discriminator, **kwargs)
        check_network(discriminator, Classifying, "model.discriminator")
        self.weights = {"whole": whole_weight, "class": class_weight}
        check_weights(self.weights)
        self.hole = Hole(shape, shape[1] // 2)
        self.register_buffer("typical_mask", around_centre(shape[1], self.hole.size), persistent=False)

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator's update, then the generator's, on one batch of images and one of labelled ones."""
        losses = {"discriminator": self.discriminator_loss, "generator": self.generator_loss}
        streams = Stream("labelled", "labelled"), Stream("unlabelled")
        return (Turn(losses, streams, draws=self.draws, at_once=False),)

    def capabilities(self) -> frozenset[type]:
        """It also classifies."""
        return super().capabilities() | {Classifies}

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data with another number of classes."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        check_classes("model.discriminator.classes", self.discriminator.classes, data)

    def draws(self, labelled: ImageBatch, unlabelled: ImageBatch) -> list[dict[str, Any]]:
        """The losses' arguments: labelled images, x, g, and x'."""
        x = unlabelled.images
        given = self.hole.degrade(torch.ones_like(x[:, :1])).bool()
        g = self.proposals(x, given)
        return [{"labelled": labelled, "real": x, "whole": g, "filled": x.where(given, g)}]

    def proposals(self, images: Tensor, mask: Tensor) -> Tensor:
        """G(m x)."""
        return self.generator(images.where(mask, 0.0))

    def discriminator_loss(self, labelled: ImageBatch, real: Tensor, whole: Tensor, filled: Tensor) -> Tensor:
        """L_D(D(x), D(x')) + w L_D(D(x), D(g)) + λ CE."""
        of_real = self.score(real)
        game = self.objective.discriminator(of_real, self.score(filled.detach()))
        if self.weights["whole"]:
            of_whole = self.objective.discriminator(of_real, self.score(whole.detach()))
            game = game + self.weights["whole"] * of_whole
        logits = at_least_float32(self.discriminator.class_logits(labelled.images))
        supervised = F.cross_entropy(logits, labelled.labels)
        self.meters.log("labelled_loss", supervised.detach())
        return game + self.weights["class"] * supervised

    def generator_loss(self, labelled: ImageBatch, real: Tensor, whole: Tensor, filled: Tensor) -> Tensor:
        """L_G(D(x')) + w L_G(D(g))."""
        game = self.objective.generator(self.score(filled))
        if self.weights["whole"]:
            game = game + self.weights["whole"] * self.objective.generator(self.score(whole))
        return game

    @in_inference
    def classify(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W) in [-1, 1]."""
        return self.discriminator.class_logits(images)

"""The base class of variational games whose encoder and generator are given the class."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from genzoo.adversarial.labelled import LabelledGame
from genzoo.adversarial.networks.base import check_shape
from genzoo.core.batches import ImageBatch
from genzoo.core.latent import Latent
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.hybrid.checks import check_gaussian
from genzoo.hybrid.networks import base
from genzoo.hybrid.variational_game import VariationalGame
from genzoo.variational.gaussian import Gaussian


class ConditionalVariationalGame(LabelledGame, VariationalGame):
    """A variational game with q(z|x, y), whose code has the parts z and the class y, ``label``.

    Args:
        encoder: factory of the network that maps images and one-hot labels to means and log standard deviations, called
            with ``outputs`` and ``classes``.
        kwargs: of ``VariationalGame``.

    Raises:
        GenzooError: the encoder does not fit the generator or the prior.
    """

    def __init__(self, encoder: Callable[..., nn.Module], **kwargs: Any):
        super().__init__(**kwargs)
        self.encoder = encoder(outputs=2 * self.encoded.width, classes=self.classes)
        check_network(self.encoder, base.ConditionalEncoder, "model.encoder")
        check_shape(self.encoder, self.image_shape, "model.encoder")
        check_gaussian(self.encoder, self.encoded, "model.encoder")

    def encoded_parts(self) -> Latent:
        """All parts but the label."""
        return self.latent.without("label")

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator, the generator and the encoder."""
        return super().players() | {"encoder": [self.encoder]}

    def infer(self, images: Tensor, labels: Tensor) -> Gaussian:
        """q(z|x, y) of images (B, C, H, W) of classes (B,)."""
        return Gaussian(*at_least_float32(self.encoder(images, self.one_hot(labels))).chunk(2, 1))

    def posterior(self, real: ImageBatch) -> Gaussian:
        """q(z|x, y) of real images."""
        return self.infer(real.images, real.labels)

    def code_of(self, z: Tensor, labels: Tensor) -> Tensor:
        """Codes (B, latent.width) of z (B, encoded.width) and classes (B,)."""
        return self.with_labels(self.encoded.split(z), labels)

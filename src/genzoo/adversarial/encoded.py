"""The base class of games with an encoder of images."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.core.capabilities import Encodes, Features
from genzoo.core.inference import in_inference
from genzoo.core.protocols import check_network
from genzoo.nn.conditionals import Conditional, without_noise


class EncodedGame(Game):
    """A game with an encoder, which infers the codes of images and has features.

    Args:
        encoder: factory of the network that maps images to a code's parameters, called with ``outputs``, their number,
            and ``noise``, the number of channels of noise in its input.
        conditional: the distribution q(z|x) that the encoder's outputs give.
        kwargs: of the game.

    Raises:
        GenzooError: the network is no encoder, or for images of another shape.
    """

    def __init__(self, encoder: Callable[..., nn.Module], conditional: Conditional, **kwargs: Any):
        super().__init__(**kwargs)
        self.conditional = conditional
        self.encoder = encoder(outputs=conditional.outputs(self.latent.width), noise=conditional.noise)
        check_network(self.encoder, base.Encoder, "model.encoder")
        base.check_shape(self.encoder, self.image_shape, "model.encoder")

    def capabilities(self) -> frozenset[type]:
        """It infers codes and has the encoder's features, too."""
        return super().capabilities() | {Encodes, Features}

    def infer(self, images: Tensor) -> Tensor:
        """Codes (B, latent.width) of images (B, C, H, W), drawn from q(z|x)."""
        return self.conditional.draw(self.encoder, images)

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """Codes (B, latent.width) of images (B, C, H, W) in [-1, 1]: the ``mean`` of ``conditional``."""
        return self.conditional.mean(self.encoder, images)

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The encoder's ``features`` (B, F) of images (B, C, H, W) in [-1, 1], for noise 0."""
        return self.encoder.features(without_noise(images, self.conditional.noise))

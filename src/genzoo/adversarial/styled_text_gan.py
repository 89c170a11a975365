"""GAN-INT-CLS with a style encoder: what a caption does not say of an image is carried over to another caption."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.adversarial.caption_gan import check_asked
from genzoo.adversarial.networks import base
from genzoo.adversarial.text_gan import TextGAN
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import TransfersStyle
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.registry import register
from genzoo.core.rounds import Turn


@register
class StyledTextGAN(TextGAN):
    """GAN-INT-CLS, inverted: a style encoder S minimises E ‖z - S(G(z, φ(t)))‖² on generated images.

    S learns in all rounds after those of the embedding, also in those after the game, whose generator stays as it is.
    An image x in the style of which a caption t is drawn is G(S(x), φ(t)).

    Args:
        style_encoder: factory of S, called with ``outputs``, the width of z.
        game_rounds: number of rounds of D and G.
        kwargs: of ``TextGAN``; S's player is ``style_encoder``.

    Raises:
        GenzooError: the number of rounds is not positive, or S has another width or is for other images.

    Source: Reed et al. 2016, arXiv 1605.05396, section 4.5, where S learns after the game.
    """

    def __init__(self, style_encoder: Callable[..., nn.Module], game_rounds: int, **kwargs: Any):
        super().__init__(**kwargs)
        check_positive("model.game_rounds", game_rounds)
        self.game_rounds, self.style_encoder = game_rounds, style_encoder(outputs=self.latent)
        check_network(self.style_encoder, base.Encoder, "model.style_encoder")
        base.check_shape(self.style_encoder, self.image_shape, "model.style_encoder")

    def players(self) -> dict[str, list[nn.Module]]:
        """The embedding, the discriminator, the generator and the style encoder."""
        return super().players() | {"style_encoder": [self.style_encoder]}

    def turns(self) -> tuple[Turn, ...]:
        """The embedding's turn, those of the game until it ends, and the style encoder's."""
        embedding, game = super().turns()
        style = Turn({"style_encoder": self.style_loss}, game.streams, draws=self.draw_generated)
        start = self.embedding_rounds
        return embedding, game.in_rounds(end=start + self.game_rounds), style.in_rounds(start)

    def capabilities(self) -> frozenset[type]:
        """It transfers styles, too."""
        return super().capabilities() | {TransfersStyle}

    def draw_generated(self, real: ImageBatch) -> Iterator[dict[str, Tensor]]:
        """Yields, once, noise z (B, latent) and the images of a batch's captions, as they are at inference."""
        with self.inference():
            t = self.embedding.text(real.given["caption"])
            z = self.noise(t)
            images = self.generator(z, t)
        yield {"z": z, "images": images}

    def style_loss(self, z: Tensor, images: Tensor) -> Tensor:
        """mean ‖z - S(x)‖² of generated images x."""
        return (at_least_float32(self.style_encoder(images)) - z).square().sum(1).mean()

    @in_inference
    def sample_like(self, images: Tensor, given: Mapping[str, Tensor]) -> Tensor:
        """See ``TransfersStyle``."""
        check_asked(given, self.asks)
        if len(images) != len(given["caption"]):
            raise GenzooError(f"images: one for each of {len(given['caption'])} captions is needed, not {len(images)}.")
        parts = zip(*(x.to(self.device).split(self.sampling_batch) for x in (images, given["caption"])), strict=True)
        return torch.cat([self.generator(self.style_encoder(x), self.embedding.text(t)) for x, t in parts])

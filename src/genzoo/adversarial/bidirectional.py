"""BiGAN and ALI: a GAN of pairs of an image and a code, with an encoder that infers codes."""

from typing import Any

import torch
from torch import Tensor, nn

from genzoo.adversarial.encoded import EncodedGame
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.nn.objectives import Objective, RelativeObjective


def treats_labels_alike(objective: Objective | RelativeObjective) -> bool:
    """Whether exchanging real and generated pairs has the same effect on D's loss as the opposite sign of its outputs.

    >>> from genzoo.nn.objectives import LeastSquares, NonSaturating
    >>> treats_labels_alike(NonSaturating()), treats_labels_alike(LeastSquares(fake=0, real=1, wanted=1))
    (True, False)
    """
    if isinstance(objective, RelativeObjective):
        return False
    real, fake = torch.tensor([-1.5, 0.0, 0.5]), torch.tensor([2.0, -0.7, 1.0])
    return torch.allclose(objective.discriminator(real, fake), objective.discriminator(-fake, -real))


@register
class BidirectionalGAN(EncodedGame):
    """The discriminator tells the encoder's pairs (x, E(x)) from the decoder's pairs (G(z), z); encoder and generator
    together make them indistinguishable.

    V = E log D(x, E(x)) + E log(1 - D(G(z), z)) is maximised by D and minimised by E and G, here with any objective
    that treats both labels alike. For the encoder, its own pairs are those with the wrong label, so the loss of E and G
    is the objective's ``generator`` of D's output on the decoder's pairs, plus the same of its output on the encoder's
    pairs with the opposite sign. At the optimum both joint distributions are equal.

    Args:
        objective: the losses of both players. ``Minimax``: V; ``NonSaturating``: both labels swapped in the loss of E
            and G.
        kwargs: of ``EncodedGame``. The discriminator maps images and codes to logits (B,); the player ``generator``
            trains both generator and encoder.

    Raises:
        GenzooError: the objective does not treat labels alike, or the networks are for different images or codes.

    Source: BiGAN: Donahue, Krähenbühl, Darrell 2017, arXiv 1605.09782, section 3; jeffdonahue/bigan, train_gan.py. ALI:
        Dumoulin et al. 2017, arXiv 1606.00704, section 2; IshmaelBelghazi/ALI, ali/bricks.py.
    """

    needs = base.PairDiscriminator

    def __init__(self, objective: Objective, **kwargs: Any):
        super().__init__(**kwargs)
        if not treats_labels_alike(objective):
            raise GenzooError(
                f"model.objective={type(objective).__name__}: an objective that treats both labels alike is needed, "
                "such as NonSaturating, Minimax or Wasserstein."
            )
        if (width := self.discriminator.latent) != self.latent.width:
            raise GenzooError(
                f"model.discriminator.latent={width}: the codes of model.latent have {self.latent.width} numbers; set "
                "both to the same."
            )
        self.objective = objective

    def players(self) -> dict[str, list[nn.Module]]:
        """The player ``generator`` has the encoder, too."""
        return {"discriminator": [self.discriminator], "generator": [self.generator, self.encoder]}

    def discriminate(self, images: Tensor, codes: Tensor) -> Tensor:
        """The discriminator's logits (B,) of pairs of images (B, C, H, W) and codes (B, latent.width)."""
        return at_least_float32(self.discriminator(images, codes))

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective, with the encoder's pairs as real and the decoder's as generated."""
        z, fake = self.detached_fakes(real, made)
        with torch.no_grad():
            inferred = self.infer(real.images)
        return self.objective.discriminator(self.discriminate(real.images, inferred), self.discriminate(fake, z))

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective of the decoder's pairs plus that of the encoder's, for which labels are exchanged."""
        z, fake = made or self.make(real)
        of_encoder = self.discriminate(real.images, self.infer(real.images))
        of_decoder = self.discriminate(fake, z)
        return self.objective.generator(of_decoder) + self.objective.generator(-of_encoder)

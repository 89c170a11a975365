"""3D-GAN: a GAN of volumes whose discriminator waits while it is accurate."""

from typing import Any

import torch
from torch import Tensor

from genzoo.adversarial.waiting import WaitingGAN
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.ranks import average_over_ranks
from genzoo.core.registry import register
from genzoo.nn.pooling import max_pooled


@register
class GAN3D(WaitingGAN):
    """A GAN of volumes, whose discriminator is updated only if its accuracy on the last batch was at most ``gate``.

    The accuracy is the mean of the shares of real volumes with D(x) > 1/2 and of generated ones with D(G(z)) < 1/2. It
    is computed in every round, over all ranks.

    Args:
        gate: the largest accuracy after which the discriminator is updated; 1 = always.
        kwargs: of ``WaitingGAN``.

    Raises:
        GenzooError: the gate is not in [0, 1].

    Source: Wu et al. 2016, arXiv 1610.07584.
    """

    unit = "volumes"
    axes = "dhw"

    def __init__(self, gate: float = 0.8, **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 <= gate <= 1:
            raise GenzooError(
                f"model.gate={gate}: an accuracy from 0 to 1 is needed; 1 = the discriminator never waits."
            )
        self.gate = gate
        self.accuracy: Tensor
        self.register_buffer("accuracy", torch.zeros(()))  # of the last batch

    def waits(self) -> bool:
        """Whether the accuracy on the last batch was above the gate."""
        return bool(self.accuracy > self.gate)

    def measure(self, of_real: Tensor, of_fake: Tensor) -> None:
        """Computes the accuracy."""
        right = torch.stack([(of_real > 0).float().mean(), (of_fake < 0).float().mean()])
        self.accuracy.copy_(average_over_ranks(right.mean()))
        self.meters.log("accuracy", self.accuracy.clone())

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The discriminator's last three maps of volumes (B, C, D, H, W), each max-pooled to 2 x 2 x 2: (B, F).

        Of 64 cells a side, these are the paper's: those of layers 2 to 4, 7168 numbers.
        """
        return max_pooled(self.discriminator.feature_maps(images)[-3:], grid=2)

"""The discriminator of LAGAN.

Source: de Oliveira, Paganini, Nachman 2017, arXiv 1701.05927; hep-lbdl/adversarial-jets, models/networks/lagan.py.
    Leaky ReLU and batch norm have Keras's constants.
"""

import math

import torch
from torch import Tensor, nn

from genzoo.adversarial.networks.jet_generator import PARTS, SCALE
from genzoo.adversarial.networks.keras import SLOPE, batch_norm
from genzoo.core.registry import register
from genzoo.nn.locally_connected import LocallyConnected
from genzoo.nn.minibatch import MinibatchSimilarity


@register
class JetDiscriminator(nn.Module):
    """Whether a jet image is real, and whether it is of class 1, as two logits.

    They are linear functions of features of the image and of their similarity to the rest of the batch.

    Args:
        maps, local: channels of the convolution and of the three locally connected layers.
        kernels, dimensions: of the comparison with the rest of the batch.
        dropout: probability that a value of these layers is set to 0.

    Example:
        >>> real, one = JetDiscriminator(maps=2, local=2, kernels=2, dimensions=2)(torch.rand(5, 625))
        >>> real.shape, one.shape
        (torch.Size([5]), torch.Size([5]))
    """

    def __init__(self, maps: int = 32, local: int = 8, kernels: int = 20, dimensions: int = 10, dropout: float = 0.2):
        super().__init__()
        self.parts = PARTS
        convolve = nn.Conv2d(1, maps, 5, padding=2)
        first = LocallyConnected(maps, local, PARTS.shapes["jet"], 5, (2, 2), padding=2)
        second = LocallyConnected(local, local, first.size, 5, padding=2)
        third = LocallyConnected(local, local, second.size, 3, (2, 2), padding=1)
        self.layers = nn.Sequential(
            *(convolve, nn.LeakyReLU(SLOPE), nn.Dropout(dropout)),
            *(first, nn.LeakyReLU(SLOPE), batch_norm(local), nn.Dropout(dropout)),
            *(second, nn.LeakyReLU(SLOPE), batch_norm(local), nn.Dropout(dropout)),
            *(third, nn.LeakyReLU(SLOPE), batch_norm(local), nn.Dropout(dropout)),
            *(nn.AvgPool2d(2), nn.Flatten()),
        )
        features = local * math.prod(side // 2 for side in third.size)
        self.similarity = MinibatchSimilarity(features, kernels, dimensions)
        self.heads = nn.Linear(features + kernels, 2)
        for layer in (convolve, self.heads):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, jets: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 625) in GeV -> logits (B,) of being real, and of class 1."""
        found = self.layers(self.parts.split(jets / SCALE)["jet"].unsqueeze(1))
        real, one = self.heads(torch.cat([found, self.similarity(found)], 1)).unbind(1)
        return real, one

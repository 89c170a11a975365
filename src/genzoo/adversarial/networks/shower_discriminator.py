"""The discriminator of CaloGAN.

Source: Paganini, de Oliveira, Nachman 2017, arXiv 1705.02355; hep-lbdl/CaloGAN, models/train.py,
    models/architectures.py (build_discriminator). Leaky ReLU and batch norm have Keras's constants.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from genzoo.adversarial.networks.keras import SLOPE, batch_norm
from genzoo.core.parts import Parts
from genzoo.core.registry import register
from genzoo.nn.locally_connected import LocallyConnected
from genzoo.nn.minibatch import MinibatchSimilarity

TOLERANCE = 5.0  #: GeV; more than this between the energy of all cells and the particle's is flagged


class LayerFeatures(nn.Module):
    """Features of a layer: of locally connected layers, its sparsity, and both compared with the rest of the batch.

    The sparsity s is the share of cells with energy; it has no gradient.

    Args:
        shape: rows and columns.
        maps, local: channels of the convolution and of the three locally connected layers.
        kernels, dimensions: of the comparisons.
    """

    def __init__(self, shape: Sequence[int], maps: int, local: Sequence[int], kernels: int, dimensions: int):
        super().__init__()
        rows, columns = shape
        convolve = nn.Conv2d(1, maps, 2)
        first = LocallyConnected(maps, local[0], (rows, columns), 3, (1, 2), padding=1)
        second = LocallyConnected(local[0], local[1], first.size, 2, padding=1)
        third = LocallyConnected(local[1], local[2], second.size, 2, (1, 2), padding=1)
        nn.init.xavier_uniform_(convolve.weight)
        nn.init.zeros_(convolve.bias)
        self.maps = nn.Sequential(
            *(nn.ZeroPad2d((0, 1, 0, 1)), convolve, nn.LeakyReLU(SLOPE)),
            *(first, nn.LeakyReLU(SLOPE), batch_norm(local[0])),
            *(second, nn.LeakyReLU(SLOPE), batch_norm(local[1])),
            *(third, nn.LeakyReLU(SLOPE), batch_norm(local[2]), nn.Flatten()),
        )
        features = local[2] * math.prod(third.size)
        self.similarity = MinibatchSimilarity(features, kernels, dimensions)
        self.sparsity_similarity = MinibatchSimilarity(1, kernels, dimensions)
        self.outputs = features + 1 + 2 * kernels

    def forward(self, energies: Tensor) -> Tensor:
        """Energies (B, rows, columns) -> features (B, outputs)."""
        found = self.maps(energies.unsqueeze(1))
        sparsity = (energies > 0).to(energies).mean((1, 2)).unsqueeze(1)
        similarities = self.similarity(found).tanh(), self.sparsity_similarity(sparsity).tanh()
        return torch.cat([found, similarities[0], sparsity, similarities[1]], 1)


@register
class ShowerDiscriminator(nn.Module):
    """Whether a shower is real and is one of a particle of the given energy, as a logit.

    It sees features of each layer l, the energies E_l / (10 GeV) of all cells of a layer, their sum, |Σ_l E_l - E|,
    whether that is more than 5 GeV, which has no gradient, and the similarity of the E_l to the rest of the batch.

    Args:
        layers: layer -> rows and columns of its cells.
        maps, local: channels of the convolution and of the three locally connected layers of each layer's network.
        kernels, dimensions: of the comparisons with the rest of the batch.

    Example:
        >>> network = ShowerDiscriminator({"layer_0": (2, 8), "layer_1": (4, 4)}, maps=2, local=(2, 2, 2))
        >>> network(torch.rand(5, 32), torch.full((5, 1), 50.0)).shape
        torch.Size([5])
    """

    def __init__(
        self,
        layers: Mapping[str, Sequence[int]],
        maps: int = 64,
        local: Sequence[int] = (16, 8, 8),
        kernels: int = 10,
        dimensions: int = 10,
    ):
        super().__init__()
        self.parts = Parts(layers)
        shapes = self.parts.shapes.values()
        self.layers = nn.ModuleList(LayerFeatures(shape, maps, local, kernels, dimensions) for shape in shapes)
        self.similarity = MinibatchSimilarity(len(self.layers), kernels, dimensions)
        features = sum(layer.outputs for layer in self.layers) + len(self.layers) + 3 + kernels
        self.head = nn.Linear(features, 1)
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, showers: Tensor, energy: Tensor) -> Tensor:
        """Showers (B, cells) and energies (B, 1), both in GeV -> logits (B,)."""
        layers = list(self.parts.split(showers).values())
        features = [network(layer) for network, layer in zip(self.layers, layers, strict=True)]
        return self.head(torch.cat([*features, self.energies(layers, energy)], 1)).squeeze(1)

    def energies(self, layers: Sequence[Tensor], energy: Tensor) -> Tensor:
        """The features of the energies: of layers (B, rows, columns) and the particle's (B, 1), in GeV."""
        sums = torch.stack([layer.sum((1, 2)) for layer in layers], 1)
        total = sums.sum(1, keepdim=True)
        missing = (total - energy).abs()
        flag = 10 * (missing > TOLERANCE).to(missing)
        return torch.cat([sums / 10, total / 100, missing, flag, self.similarity(sums).tanh()], 1)

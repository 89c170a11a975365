"""The generator of CaloGAN: a network for each layer of the calorimeter, and attention between them.

Source: Paganini, de Oliveira, Nachman 2017, arXiv 1705.02355; hep-lbdl/CaloGAN, models/train.py,
    models/architectures.py (build_generator), models/ops.py (inpainting_attention).
    Leaky ReLU and batch norm have Keras's constants.
"""

import itertools
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.networks.keras import SLOPE, batch_norm, glorot_normal, he_uniform
from genzoo.core.errors import GenzooError
from genzoo.core.parts import Parts
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.nn.locally_connected import LocallyConnected

SCALE = 100.0  #: GeV
CARRIED = -10.0  #: initial bias of the attention to the layer before


class LayerGenerator(nn.Sequential):
    """Maps noise (B, latent) to a layer's energies before the last ReLU, (B, 1, rows, columns).

    Args:
        latent: width of the noise.
        shape: rows and columns.
        base, maps, local: channels of the linear layer, of the convolution and of the locally connected layer.
    """

    def __init__(self, latent: int, shape: Sequence[int], base: int, maps: int, local: int):
        rows, columns = shape
        size = (rows + 2, columns + 2)
        project, convolve = nn.Linear(latent, base * math.prod(size)), nn.Conv2d(base, maps, 2)
        first = LocallyConnected(maps, local, size, 2)
        last = LocallyConnected(local, 1, first.size, 2, bias=False)
        # Keras's initialisations: Glorot uniform, He uniform twice, Glorot normal.
        nn.init.xavier_uniform_(project.weight)
        for layer, fan_in in ((convolve, 4 * base), (first, first.fan_in)):
            he_uniform(layer.weight, fan_in)
        glorot_normal(last.weight, last.fan_in, last.fan_out)
        for layer in (project, convolve):
            nn.init.zeros_(layer.bias)
        super().__init__(
            *(project, nn.Unflatten(1, (base, *size))),
            *(nn.ZeroPad2d((0, 1, 0, 1)), convolve, nn.LeakyReLU(SLOPE), batch_norm(maps)),
            *(first, nn.LeakyReLU(SLOPE), last),
        )


class Attention(nn.Module):
    """Σ_k w_k ⊙ x_k of x = [y, r], a layer and the resized one before; w is the softmax of a locally connected layer.

    At first w is close to (1, 0), so that nothing is carried over.

    Args:
        before, shape: rows and columns of the layer before and of this one.

    Raises:
        GenzooError: the rows of this layer, or the columns of the one before, are not a multiple of the other's.
    """

    def __init__(self, before: Sequence[int], shape: Sequence[int]):
        super().__init__()
        if shape[0] % before[0] or before[1] % shape[1]:
            raise GenzooError(
                f"model.generator.layers: a layer of {shape[0]} x {shape[1]} cells after one of {before[0]} x "
                f"{before[1]}: its rows and the columns before it must be multiples of the other's."
            )
        self.repeats, self.pooled = shape[0] // before[0], before[1] // shape[1]
        self.weigh = LocallyConnected(2, 2, (shape[0], shape[1]), 3, padding=1)
        with torch.no_grad():
            assert self.weigh.bias is not None
            self.weigh.bias[:, 1] = CARRIED

    def forward(self, layer: Tensor, before: Tensor) -> Tensor:
        """A layer (B, 1, rows, columns) and the one before (B, 1, ...) -> the layer, of the same shape."""
        resized = F.avg_pool2d(before.repeat_interleave(self.repeats, 2), (1, self.pooled))
        x = torch.cat([layer, resized], 1)
        return (self.weigh(x).softmax(1) * x).sum(1, keepdim=True)


@register
class ShowerGenerator(nn.Module):
    """Maps noise and energies to showers: z E / (100 GeV) is the input of each layer's network.

    Args:
        layers: layer -> rows and columns of its cells.
        latent: width of the noise.
        base, maps, local: channels of each layer's network.

    Example:
        >>> network = ShowerGenerator({"layer_0": (2, 8), "layer_1": (4, 4)}, latent=3, base=2, maps=2, local=2)
        >>> network(torch.randn(5, 3), torch.full((5, 1), 50.0)).shape
        torch.Size([5, 32])
    """

    def __init__(
        self, layers: Mapping[str, Sequence[int]], latent: int = 1024, base: int = 36, maps: int = 16, local: int = 6
    ):
        super().__init__()
        self.parts, self.latent = Parts(layers), latent
        shapes = list(self.parts.shapes.values())
        self.layers = nn.ModuleList(LayerGenerator(latent, shape, base, maps, local) for shape in shapes)
        self.attention = nn.ModuleList(Attention(*pair) for pair in itertools.pairwise(shapes))

    def forward(self, noise: Tensor, energy: Tensor) -> Tensor:
        """Noise (B, latent) and energies in GeV (B, 1) -> energies of the cells in GeV, (B, cells)."""
        first, *others = (layer(noise * energy / SCALE) for layer in self.layers)
        found = [first]
        for attend, layer in zip(self.attention, others, strict=True):
            found.append(attend(layer, found[-1]))
        return F.relu(at_least_float32(torch.cat([layer.flatten(1) for layer in found], 1)))

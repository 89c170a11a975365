"""The generator of LAGAN.

Source: de Oliveira, Paganini, Nachman 2017, arXiv 1701.05927; hep-lbdl/adversarial-jets, models/networks/lagan.py.
    Leaky ReLU and batch norm have Keras's constants.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.networks.keras import SLOPE, batch_norm, glorot_normal, he_uniform
from genzoo.core.parts import Parts
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.nn.locally_connected import LocallyConnected

SCALE = 100.0  #: GeV; of images inside of both networks
START = 7  #: height and width of the first maps
CLASSES = 2
PARTS = Parts({"jet": (25, 25)})  #: rows and columns of pixels; 25 = 4 x 7 - 3


@register
class JetGenerator(nn.Module):
    """Maps noise and one of two classes to jet images: the noise times a learned vector of the class is the input.

    The last ReLU makes images sparse.

    Args:
        latent: width of the noise.
        base, maps, local: channels of the linear layer, of the convolution, and of the locally connected layers.

    Example:
        >>> import torch
        >>> network = JetGenerator(latent=3, base=2, maps=2, local=2)
        >>> network(torch.randn(5, 3), torch.tensor([0, 1, 1, 0, 0])).shape
        torch.Size([5, 625])
    """

    def __init__(self, latent: int = 200, base: int = 128, maps: int = 64, local: int = 6):
        super().__init__()
        self.parts, self.latent = PARTS, latent
        self.embedding = nn.Embedding(CLASSES, latent)
        project, convolve = nn.Linear(latent, base * START**2), nn.Conv2d(base, maps, 5, padding=2)
        first = LocallyConnected(maps, local, (2 * START, 2 * START), 5, padding=2)
        second = LocallyConnected(local, local, (4 * START, 4 * START), 3)
        last = LocallyConnected(local, 1, second.size, 2, bias=False)
        glorot_normal(self.embedding.weight, CLASSES, latent)
        nn.init.xavier_uniform_(project.weight)
        for layer, fan_in in ((convolve, 25 * base), (first, first.fan_in), (second, second.fan_in)):
            he_uniform(layer.weight, fan_in)
        glorot_normal(last.weight, last.fan_in, last.fan_out)
        for layer in (project, convolve):
            nn.init.zeros_(layer.bias)
        self.layers = nn.Sequential(
            *(project, nn.Unflatten(1, (base, START, START))),
            *(convolve, nn.LeakyReLU(SLOPE), batch_norm(maps), nn.Upsample(scale_factor=2)),
            *(first, nn.LeakyReLU(SLOPE), batch_norm(local), nn.Upsample(scale_factor=2)),
            *(second, nn.LeakyReLU(SLOPE), last, nn.Flatten()),
        )

    def forward(self, noise: Tensor, classes: Tensor) -> Tensor:
        """Noise (B, latent) and classes 0 or 1, int64 (B,) -> transverse momenta of the pixels in GeV, (B, 625)."""
        return SCALE * F.relu(at_least_float32(self.layers(noise * self.embedding(classes))))

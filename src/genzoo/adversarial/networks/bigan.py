"""BiGAN's networks for MNIST as vectors (permutation invariant).

Source: jeffdonahue/bigan, train_mnist.sh, net.py and dist.py: no biases, batch norm without gain and shift.
"""

import math

from torch import Tensor, nn

from genzoo.core.images import from_unit, to_unit
from genzoo.core.registry import register
from genzoo.nn.initialisation import normal_initialisation

SLOPE = 0.2  # of the leaky ReLU
STD = 0.02  # of the initial weights


def _linear(inputs: int, outputs: int) -> nn.Linear:
    return nn.Linear(inputs, outputs, bias=False)


def _norm(units: int) -> nn.BatchNorm1d:
    return nn.BatchNorm1d(units, affine=False)


@register
class MLPGenerator(nn.Module):
    """Two hidden layers with batch norm and ReLU, the code added to the second one's input by a linear map; a sigmoid
    output.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the images.
        hidden: width of the hidden layers.

    Example:
        >>> import torch
        >>> MLPGenerator(latent=50, shape=(1, 28, 28), hidden=8)(torch.zeros(2, 50)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], hidden: int = 1024):
        super().__init__()
        self.shape = tuple(shape)
        self.first = nn.Sequential(_linear(latent, hidden), _norm(hidden), nn.ReLU())
        self.second, self.code = _linear(hidden, hidden), _linear(latent, hidden)
        self.last = nn.Sequential(_norm(hidden), nn.ReLU(), _linear(hidden, math.prod(self.shape)), nn.Sigmoid())
        normal_initialisation(self, STD)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        hidden = self.second(self.first(z)) + self.code(z)
        return from_unit(self.last(hidden)).unflatten(1, self.shape)


@register
class MLPEncoder(nn.Module):
    """Two hidden layers with leaky ReLU, batch norm in the second; outputs 2 σ(a) - 1 in the cube [-1, 1]^outputs.

    Args:
        shape: (C, H, W) of the images.
        outputs: number of outputs.
        noise: channels of noise in the input.
        hidden: width of the hidden layers.

    Example:
        >>> import torch
        >>> MLPEncoder(shape=(1, 28, 28), outputs=50, hidden=8)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 50])
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, noise: int = 0, hidden: int = 1024):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.trunk = nn.Sequential(
            nn.Flatten(),
            *(_linear((channels + noise) * height * width, hidden), nn.LeakyReLU(SLOPE)),
            *(_linear(hidden, hidden), _norm(hidden), nn.LeakyReLU(SLOPE)),
        )
        self.head = _linear(hidden, outputs)
        normal_initialisation(self, STD)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C + noise, H, W) in [-1, 1] -> the last hidden layer (B, hidden)."""
        return self.trunk(to_unit(images))

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C + noise, H, W) in [-1, 1] -> outputs (B, outputs) in [-1, 1]."""
        return from_unit(self.head(self.features(images)).sigmoid())


@register
class MLPDiscriminator(nn.Module):
    """The encoder's hidden layers, with the code added to the second one's input by a linear map; the output starts
    at 0.

    Args:
        shape: (C, H, W) of the images.
        latent: width of the codes.
        hidden: width of the hidden layers.

    Example:
        >>> import torch
        >>> discriminator = MLPDiscriminator(shape=(1, 28, 28), latent=50, hidden=8)
        >>> discriminator(torch.zeros(2, 1, 28, 28), torch.zeros(2, 50)).tolist()
        [0.0, 0.0]
    """

    def __init__(self, shape: tuple[int, int, int], latent: int, hidden: int = 1024):
        super().__init__()
        self.shape, self.latent = tuple(shape), latent
        self.first = nn.Sequential(nn.Flatten(), _linear(math.prod(self.shape), hidden), nn.LeakyReLU(SLOPE))
        self.second, self.code = _linear(hidden, hidden), _linear(latent, hidden)
        self.last = nn.Sequential(_norm(hidden), nn.LeakyReLU(SLOPE), _linear(hidden, 1))
        normal_initialisation(self, STD)
        nn.init.zeros_(self.last[-1].weight)

    def forward(self, images: Tensor, codes: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] and codes (B, latent) -> logits (B,)."""
        hidden = self.second(self.first(to_unit(images))) + self.code(codes)
        return self.last(hidden).squeeze(1)

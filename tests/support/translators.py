"""Linear networks that map images to images, and small pairs."""

import torch
from torch import Tensor, nn

from genzoo.core.batches import ImageBatch

SHAPE = (1, 4, 4)


class Affine(nn.Module):
    """gain x + shift, of every channel of the result."""

    def __init__(self, shape, outputs, gain=0.5, shift=0.1):
        super().__init__()
        self.shape, self.outputs = shape, outputs
        self.gain, self.shift = nn.Parameter(torch.tensor(gain)), nn.Parameter(torch.tensor(shift))

    def forward(self, images: Tensor) -> Tensor:
        return (self.gain * images + self.shift).expand(-1, self.outputs, -1, -1)


class Patches(nn.Module):
    """A 2 x 2 convolution: logits of patches."""

    def __init__(self, inputs):
        super().__init__()
        self.inputs, self.layer = inputs, nn.Conv2d(inputs, 1, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.layer(images).squeeze(1)


def images(seed: int, n: int = 3) -> Tensor:
    """Noise in [-1, 1]."""
    return 2 * torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(seed)) - 1


def two_way(kind, objective, **options):
    """A model of both directions, of these networks."""
    torch.manual_seed(0)
    options = {"shape": SHAPE, "target_shape": SHAPE, "generator": Affine, "discriminator": Patches} | options
    return kind(objective=objective, optimizers=adam("generator", "discriminator"), **options).ready()


def drawn(module):
    """Its only turn, and the arguments of its losses for three images of each domain."""
    (turn,) = module.turns()
    unknown = torch.full((3,), -1)
    (arguments,) = turn.draws(a=ImageBatch(images(0), unknown), b=ImageBatch(images(1), unknown))
    return turn, arguments


def pairs() -> ImageBatch:
    """Three pairs."""
    return ImageBatch(images(0), torch.full((3,), -1), target=images(1))


def adam(*players: str) -> dict:
    """An optimizer for each player."""
    return {player: torch.optim.Adam for player in players}

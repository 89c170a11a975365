"""Linear networks of tiny images, whose losses can be worked out by hand."""

import math
from functools import partial

import torch
from torch import nn

SHAPE = (1, 2, 2)


class LinearEncoder(nn.Module):
    """Images to numbers."""

    def __init__(self, outputs, shape=SHAPE):
        super().__init__()
        self.shape, self.outputs = shape, outputs
        self.linear = nn.Linear(math.prod(shape), outputs)

    def forward(self, images):
        return self.linear(images.flatten(1))


class LinearGenerator(nn.Module):
    """Codes to images."""

    def __init__(self, latent, shape=SHAPE):
        super().__init__()
        self.shape = shape
        self.linear = nn.Linear(latent, math.prod(shape))

    def forward(self, z):
        return self.linear(z).unflatten(1, self.shape)


class LinearJudge(nn.Module):
    """Images to two layers of features, ``first`` and ``second``, and ``outputs`` logits; one logit is (B,).

    ``seen`` collects the numbers of images of each call.
    """

    def __init__(self, outputs=1, shape=SHAPE):
        super().__init__()
        self.shape, self.names, self.seen = shape, ("first", "second"), []
        self.first, self.second, self.head = nn.Linear(math.prod(shape), 3), nn.Linear(3, 5), nn.Linear(5, outputs)

    def output_of(self, layer, images):
        first = self.first(images.flatten(1))
        return first if layer == "first" else self.second(first)

    def features(self, images):
        return self.output_of("second", images)

    def forward(self, images):
        self.seen.append(len(images))
        logits = self.head(self.features(images))
        return logits.squeeze(1) if logits.shape[1] == 1 else logits


def game_of(kind, players, **options):
    """A game of such networks, whose losses can be called."""
    sgd = partial(torch.optim.SGD, lr=0.1)
    module = kind(generator=LinearGenerator, optimizers=dict.fromkeys(players, sgd), **options).ready()
    module.configure_optimizers()
    return module


def gradients_of(module, turn, arguments):
    """Player -> the players whose parameters have a gradient other than 0 after its loss alone.

    The losses are called as in a round, where only the player's parameters require gradients.
    """
    found = {}
    for player, loss_of in turn.losses.items():
        module.zero_grad()
        with module.only(player):
            loss_of(**arguments).backward()
        found[player] = {
            other
            for other, networks in module.players().items()
            if any(p.grad is not None and p.grad.any() for network in networks for p in network.parameters())
        }
    return found


def images(n=6, shape=SHAPE):
    """Images of uniform noise."""
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(3)) * 2 - 1

"""The ladder network's encoder, its denoising functions and its decoder, for images as vectors.

Source: Rasmus et al. 2015, arXiv 1507.02672, sections 3 and 4.1; CuriousAI/ladder, ladder.py.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.images import to_unit
from genzoo.core.precision import at_least_float32
from genzoo.core.ranks import gather_over_ranks
from genzoo.core.registry import register

EPS = 1e-10  # added to variances


class Activations(NamedTuple):
    """The activations of one pass through the encoder, by layer; layer 0 is the images, the last one the classes.

    Args:
        z: normalised pre-activations with the pass's noise, (B, width) each.
        mean, std: statistics of the batch before the normalisation, (width,) each; of layer 0 they are 0 and 1.
        logits: (B, classes).
    """

    z: list[Tensor]
    mean: list[Tensor]
    std: list[Tensor]
    logits: Tensor


def standardise(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Returns (x - mean) / std (B, width), and mean and std (width,) over the batches of all ranks.

    Example:
        >>> standardise(torch.tensor([[1.0], [3.0]]))
        (tensor([[-1.],
                [ 1.]]), tensor([2.]), tensor([1.]))
    """
    variance, mean = torch.var_mean(gather_over_ranks(x), 0, correction=0)
    std = (variance + EPS).sqrt()
    return (x - mean) / std, mean, std


class _Curve(nn.Module):
    """a1 sigmoid(a2 u + a3) + a4 u + a5 with coefficients per unit; a2 starts at 1, the others at 0."""

    def __init__(self, width: int):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0])[:, None].repeat(1, width))

    def forward(self, u: Tensor) -> Tensor:
        a1, a2, a3, a4, a5 = self.a
        return a1 * (a2 * u + a3).sigmoid() + a4 * u + a5


class GaussianDenoiser(nn.Module):
    """The denoising function ẑ = (z̃ - μ(u)) v(u) + μ(u), the posterior mean if z is normal given u.

    Args:
        width: number of units; each has its own μ(u) and v(u), a sigmoid plus a line in u. Both start at 0.

    Example:
        >>> GaussianDenoiser(3)(torch.ones(2, 3), torch.zeros(2, 3)).sum().item()
        0.0
    """

    def __init__(self, width: int):
        super().__init__()
        self.mean, self.gain = _Curve(width), _Curve(width)

    def forward(self, noisy: Tensor, u: Tensor) -> Tensor:
        """The noisy z̃ and the signal u from the layer above, (B, width) each -> ẑ (B, width)."""
        mean = self.mean(u)
        return (noisy - mean) * self.gain(u) + mean


class _Layer(nn.Module):
    """A layer of the encoder: weights, normalisation, shift, then ReLU, or the learned scale of the last layer."""

    def __init__(self, inputs: int, outputs: int, last: bool):
        super().__init__()
        self.linear = _linear(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs, eps=EPS, affine=False)  # running statistics, for evaluation
        self.shift = nn.Parameter(torch.zeros(outputs))
        self.scale = nn.Parameter(torch.ones(outputs)) if last else None

    def activate(self, z: Tensor) -> Tensor:
        shifted = z + self.shift
        return shifted.relu() if self.scale is None else shifted * self.scale


def _linear(inputs: int, outputs: int) -> nn.Linear:
    linear = nn.Linear(inputs, outputs, bias=False)
    nn.init.normal_(linear.weight, std=inputs**-0.5)
    return linear


@register
class DenoisingLadder(nn.Module):
    """Perceptrons with batch norm; a decoder that denoises each layer, given the layer above.

    Args:
        shape: (C, H, W) of the images.
        classes: number of classes.
        hidden: widths of the hidden layers.
        lowest: the decoder ends at this layer; 0 = the images, ``len(hidden) + 1`` = the classes, more = no decoder.
        input_noise: standard deviation of the noise on images in [0, 1].
        noise: standard deviation of the noise on the normalised pre-activations of each layer.

    Raises:
        GenzooError: there are fewer than 2 classes.

    Example:
        >>> network = DenoisingLadder(shape=(1, 28, 28), classes=10, hidden=[8, 8])
        >>> noisy = network.encode(torch.zeros(5, 1, 28, 28), noisy=True)
        >>> {layer: tuple(estimate.shape) for layer, estimate in network.decode(noisy).items()}
        {3: (5, 10), 2: (5, 8), 1: (5, 8), 0: (5, 784)}
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        hidden: Sequence[int] = (1000, 500, 250, 250, 250),
        lowest: int = 0,
        input_noise: float = 0.3,
        noise: float = 0.3,
    ):
        super().__init__()
        if classes < 2:
            raise GenzooError(f"model.network.classes={classes}: at least 2 are needed; choose data with labels.")
        self.shape, self.classes, self.lowest = tuple(shape), classes, lowest
        self.input_noise, self.noise = input_noise, noise
        widths = [math.prod(self.shape), *hidden, classes]
        self.layers = len(widths)
        pairs = list(pairwise(widths))
        self.encoder = nn.ModuleList(_Layer(a, b, last=i == len(pairs)) for i, (a, b) in enumerate(pairs, start=1))
        self.decoder = nn.ModuleList(_linear(b, a) for a, b in pairs[lowest:])
        self.denoisers = nn.ModuleList(GaussianDenoiser(width) for width in widths[lowest:])

    def features(self, images: Tensor) -> Tensor:
        """The last hidden layer (B, F) of images (B, C, H, W) in [-1, 1], without noise."""
        h = to_unit(images).flatten(1)
        for layer in self.encoder[:-1]:
            h = layer.activate(layer.norm(at_least_float32(layer.linear(h))))
        return h

    def forward(self, images: Tensor) -> Tensor:
        """The logits (B, classes) of images, without noise; in training it updates the running statistics."""
        last = self.encoder[-1]
        return last.activate(last.norm(at_least_float32(last.linear(self.features(images)))))

    def encode(self, images: Tensor, noisy: bool) -> Activations:
        """A pass with the statistics of this batch, with or without noise, of images (B, C, H, W) in [-1, 1]."""
        h = at_least_float32(to_unit(images).flatten(1))
        h = h + self.input_noise * torch.randn_like(h) if noisy else h
        z, means, stds = [h], [h.new_zeros(h.shape[1])], [h.new_ones(h.shape[1])]
        for layer in self.encoder:
            normalised, mean, std = standardise(at_least_float32(layer.linear(h)))
            normalised = normalised + self.noise * torch.randn_like(normalised) if noisy else normalised
            for kept, value in ((z, normalised), (means, mean), (stds, std)):
                kept.append(value)
            h = layer.activate(normalised)
        return Activations(z, means, stds, h)

    def decode(self, noisy: Activations) -> dict[int, Tensor]:
        """The estimates ẑ (B, width) of the layers' z without noise, from the last layer down to ``lowest``."""
        signal, estimates = noisy.logits.softmax(1), {}
        for layer in range(self.layers - 1, self.lowest - 1, -1):
            u, _, _ = standardise(at_least_float32(signal))
            estimates[layer] = self.denoisers[layer - self.lowest](noisy.z[layer], u)
            if layer > self.lowest:
                signal = self.decoder[layer - 1 - self.lowest](estimates[layer])
        return estimates

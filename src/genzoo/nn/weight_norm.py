"""Weight normalisation: layers with separate direction and gain of the weights."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _WeightNorm:
    """Weight W = g θ / ‖θ‖, the norm over all inputs of a unit (or channel); ``weight`` is θ.

    Data-dependent initialisation (``genzoo.nn.data_dependent``): g and the bias make a unit's outputs have mean 0 and
    standard deviation ``init_std`` over batch and pixels. A unit whose outputs do not vary keeps its g.

    Args:
        mask: of the weight's shape, multiplies it before its norm is taken; None = no mask. The output of a unit
            without inputs is its bias (θ / ‖θ‖ is 0 then, for an ``eps`` > 0).
        train_gain: whether g is trained; if not, it is a buffer with its initial value.
        init_std: standard deviation of the outputs after initialisation; None = no data-dependent initialisation.
        std_of_layer: one standard deviation for the whole layer, instead of one per unit.
        eps: constant added to ‖θ‖².

    Source: Salimans, Kingma 2016, arXiv 1602.07868, equation 2 and section 3; openai/improved-gan,
        mnist_svhn_cifar10/nn.py, WeightNormLayer (eps 1e-6) and DenseLayer (none); ``std_of_layer`` as in its version
        of 2016-06-08.
    """

    outputs = 0  #: dimension of ``weight`` that indexes the units
    weight: Tensor
    bias: nn.Parameter
    mask: Tensor | None

    def __init__(
        self,
        *args: Any,
        mask: Tensor | None = None,
        train_gain: bool = False,
        init_std: float | None = 1.0,
        std_of_layer: bool = False,
        eps: float = 1e-6,
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        self.init_std, self.std_of_layer, self.eps = init_std, std_of_layer, eps
        self.initialising = False
        self._others = [d for d in range(self.weight.dim()) if d != self.outputs]
        self.register_buffer("mask", None if mask is None else mask.to(self.weight), persistent=False)
        gain = torch.ones(self.weight.shape[self.outputs])
        if train_gain:
            self.gain = nn.Parameter(gain)
        else:
            self.register_buffer("gain", gain)
        nn.init.zeros_(self.bias)

    def normalised_weight(self) -> Tensor:
        """W, of the weight's shape."""
        weight = self.weight if self.mask is None else self.weight * self.mask
        scale = self._gain() * (weight.square().sum(self._others) + self.eps).rsqrt()
        return weight * scale.view([-1 if d == self.outputs else 1 for d in range(self.weight.dim())])

    def forward(self, x: Tensor) -> Tensor:
        """See the layer without weight normalisation."""
        if self.initialising and self.init_std is not None:
            self._initialise(self._map(x, None))
        return self._map(x, self.bias)

    def _map(self, x: Tensor, bias: Tensor | None) -> Tensor:
        raise NotImplementedError

    def _initialise(self, y: Tensor) -> None:
        """Sets g and the bias from the outputs y (B, units, ...) without bias."""
        y = y.transpose(0, 1).flatten(1)
        mean, variance = y.mean(1), y.var(1, correction=0)
        if self.std_of_layer:
            variance = variance.mean()
        scale = torch.where(variance > 0, self.init_std * variance.rsqrt(), 1.0)
        self._multiply_gain(scale)
        self.bias.copy_(-mean * scale)

    def _gain(self) -> Tensor:
        return self.gain

    def _multiply_gain(self, factor: Tensor) -> None:
        self.gain *= factor


class WeightNormLinear(_WeightNorm, nn.Linear):
    """``torch.nn.Linear`` with weight normalisation.

    Example:
        >>> WeightNormLinear(8, 2)(torch.zeros(3, 8)).shape
        torch.Size([3, 2])
    """

    def _map(self, x: Tensor, bias: Tensor | None) -> Tensor:
        return F.linear(x, self.normalised_weight(), bias)


class WeightNormConv2d(_WeightNorm, nn.Conv2d):
    """``torch.nn.Conv2d`` with weight normalisation.

    Example:
        >>> WeightNormConv2d(3, 8, 3, padding=1)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 8, 32, 32])
    """

    def _map(self, x: Tensor, bias: Tensor | None) -> Tensor:
        return self._conv_forward(x, self.normalised_weight(), bias)


class WeightNormConvTranspose2d(_WeightNorm, nn.ConvTranspose2d):
    """``torch.nn.ConvTranspose2d`` with weight normalisation.

    Example:
        >>> WeightNormConvTranspose2d(8, 3, 5, stride=2, padding=2, output_padding=1)(torch.zeros(2, 8, 16, 16)).shape
        torch.Size([2, 3, 32, 32])
    """

    outputs = 1

    def _map(self, x: Tensor, bias: Tensor | None) -> Tensor:
        weight, geometry = self.normalised_weight(), (self.stride, self.padding, self.output_padding)
        return F.conv_transpose2d(x, weight, bias, *geometry, self.groups, self.dilation)

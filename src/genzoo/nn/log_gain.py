"""Weight normalisation with a trained logarithm of the gain."""

from typing import Any

from torch import Tensor, nn

from genzoo.nn.weight_norm import WeightNormConv2d, WeightNormConvTranspose2d, WeightNormLinear, _WeightNorm

WEIGHT_STD = 0.05  # initial std of θ; relative to the optimizer's steps it determines how fast directions change


class _LogGain(_WeightNorm):
    """Weight W = exp(c γ) θ / ‖θ‖ with γ (``gain``) trained, θ ~ N(0, 0.05²) at first.

    The initialisation sets γ by the same c: openai/iaf's TensorFlow version divides by 3 and then takes exp(γ).

    Args:
        speed: c; a step of γ changes the gain's logarithm c times as far.
        init_std, eps, kwargs: of weight normalisation.

    Source: Kingma et al. 2016, arXiv 1606.04934; openai/iaf, graphy/nodes/__init__.py (``linear_l2``, ``logscale``)
        and graphy/nodes/conv.py, which table 3 was made with.
    """

    def __init__(self, *args: Any, speed: float = 3.0, init_std: float | None = 0.1, eps: float = 1e-12, **kwargs: Any):
        super().__init__(*args, train_gain=True, init_std=init_std, eps=eps, **kwargs)
        self.speed = speed
        nn.init.zeros_(self.gain)
        nn.init.normal_(self.weight, std=WEIGHT_STD)

    def _gain(self) -> Tensor:
        return (self.speed * self.gain).exp()

    def _multiply_gain(self, factor: Tensor) -> None:
        self.gain += factor.log() / self.speed


class LogGainLinear(_LogGain, WeightNormLinear):
    """``torch.nn.Linear`` with weight normalisation and a log-gain.

    Example:
        >>> import torch
        >>> layer = LogGainLinear(3, 2, mask=torch.tensor([[0, 0, 0], [1, 0, 0]]))
        >>> layer(torch.ones(1, 3)).abs().detach().round().tolist()  # a direction of one input is 1 or -1
        [[0.0, 1.0]]
    """


class LogGainConv2d(_LogGain, WeightNormConv2d):
    """``torch.nn.Conv2d`` with weight normalisation and a log-gain.

    Example:
        >>> import torch
        >>> LogGainConv2d(3, 8, 3, padding=1)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 8, 32, 32])
    """


class LogGainConvTranspose2d(_LogGain, WeightNormConvTranspose2d):
    """``torch.nn.ConvTranspose2d`` with weight normalisation and a log-gain.

    Example:
        >>> import torch
        >>> LogGainConvTranspose2d(8, 3, 5, stride=2, padding=2, output_padding=1)(torch.zeros(2, 8, 16, 16)).shape
        torch.Size([2, 3, 32, 32])
    """

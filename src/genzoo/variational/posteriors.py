"""Approximate posteriors q(z|x) that are sampled by transforming Gaussian noise."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Generator, Tensor, nn

from genzoo.core.checks import check_positive
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.variational.gaussian import Gaussian, standard_noise
from genzoo.variational.updates import Update


class Posterior(Protocol):
    """Maps noise and an encoder's outputs to a sample. ``mean``, ``log_std``, ``noise``, z: (B, d) or (B, C, H, W)."""

    context: int  #: number of further encoder outputs
    gaussian: bool  #: whether q(z|x) is the Gaussian with that mean and log_std

    def __call__(self, mean: Tensor, log_std: Tensor, context: Tensor | None, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the sample z, and log q(z|x) elementwise, in nats: both of the noise's shape."""

    def inverse(self, mean: Tensor, log_std: Tensor, context: Tensor | None, z: Tensor) -> Tensor:
        """Returns the noise that maps to z, so that ``posterior(..., noise)[1]`` is the log-density of any z."""


@register
class DiagonalGaussian(nn.Module):
    """z = μ + σ ε.

    Args:
        size: width (channels) of z; not used.

    Source: Kingma, Welling 2013, arXiv 1312.6114, appendix C.2.

    Example:
        >>> zeros = torch.zeros(1, 2)
        >>> z, log_prob = DiagonalGaussian()(zeros + 1, zeros, None, zeros)
        >>> z, log_prob.exp()
        (tensor([[1., 1.]]), tensor([[0.3989, 0.3989]]))
    """

    context, gaussian = 0, True

    def __init__(self, size: int | None = None):
        super().__init__()

    def forward(self, mean: Tensor, log_std: Tensor, context: Tensor | None, noise: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Posterior``; the context is ignored."""
        q = Gaussian(at_least_float32(mean), at_least_float32(log_std))
        return q.at(noise), q.log_prob_of_noise(noise)

    def inverse(self, mean: Tensor, log_std: Tensor, context: Tensor | None, z: Tensor) -> Tensor:
        """See ``Posterior``."""
        return Gaussian(at_least_float32(mean), at_least_float32(log_std)).noise_of(z)


@register
class InverseAutoregressiveFlow(nn.Module):
    """z_0 = μ + σ ε, then z_t = update(z_{t-1}; AutoregressiveNN_t(z_{t-1}, context)).

    A step transforms all variables in parallel, and its Jacobian is triangular. Every second step uses the reverse
    order of the variables.

    Args:
        size: width (channels) of z.
        network: factory of an autoregressive network: called with ``size``, ``outputs`` and ``reverse``.
        update: update of a step.
        steps: number of steps.

    Raises:
        GenzooError: steps is not a positive integer.

    Source: Kingma et al. 2016, arXiv 1606.04934, algorithm 1.

    Example:
        >>> from functools import partial
        >>> from genzoo.variational.made import MADE
        >>> from genzoo.variational.updates import Gated
        >>> flow = InverseAutoregressiveFlow(4, partial(MADE, hidden=[10], context=3), Gated(), steps=2)
        >>> zeros = torch.zeros(2, 4)
        >>> z, log_prob = flow(zeros, zeros, torch.zeros(2, flow.context), torch.randn(2, 4))
        >>> z.shape, log_prob.shape
        (torch.Size([2, 4]), torch.Size([2, 4]))
    """

    gaussian = False

    def __init__(self, size: int, network: Callable[..., nn.Module], update: Update, steps: int = 1):
        super().__init__()
        check_positive("posterior.steps", steps)
        self.base = DiagonalGaussian()
        self.networks = nn.ModuleList(
            network(size=size, outputs=update.outputs, reverse=bool(t % 2)) for t in range(steps)
        )
        self.update = update
        self.context: int = self.networks[0].context

    def forward(self, mean: Tensor, log_std: Tensor, context: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Posterior``."""
        z, log_prob = self.base(mean, log_std, None, noise)
        for network in self.networks:
            z, log_det = self.update(z, *map(at_least_float32, network(z, context)))
            log_prob = log_prob - log_det
        return z, log_prob

    def inverse(self, mean: Tensor, log_std: Tensor, context: Tensor, z: Tensor) -> Tensor:
        """See ``Posterior``; needs one pass per step and element of z."""
        for network in reversed(self.networks):
            before = torch.zeros_like(z)
            for _ in range(z[0].numel()):  # each pass determines at least the next variable in the order
                before = self.update.inverse(z, *map(at_least_float32, network(before, context)))
            z = before
        return self.base.inverse(mean, log_std, None, z)


class Draw(NamedTuple):
    """A draw z ~ q(z|x).

    Args:
        z, log_prob: the sample, and log q(z|x) elementwise, in nats.
        gaussian: q(z|x) if it is a Gaussian, else None.
    """

    z: Tensor
    log_prob: Tensor
    gaussian: Gaussian | None

    def against(self, prior: Gaussian) -> tuple[Tensor, Tensor]:
        """Returns KL(q || p), and log q(z|x) - log p(z) of this draw, elementwise, in nats.

        The KL divergence of a Gaussian has a closed form; otherwise it is estimated by log q - log p of the draw.
        """
        log_ratio = self.log_prob - prior.log_prob(self.z)
        return log_ratio if self.gaussian is None else self.gaussian.kl(prior), log_ratio


def draw_gaussian(q: Gaussian, generator: Generator | None = None) -> Draw:
    """Draws z from a Gaussian posterior of any shape."""
    noise = standard_noise(q.mean, generator)
    return Draw(q.at(noise), q.log_prob_of_noise(noise), q)


def draw(posterior: Posterior, start: Gaussian, context: Tensor | None, noise: Tensor) -> Draw:
    """Draws z once.

    Args:
        start: mean and log_std of q(z|x) before any flow.
        noise: standard normal, of the same shape.
    """
    z, log_prob = posterior(start.mean, start.log_std, context, noise)
    return Draw(z, log_prob, start if posterior.gaussian else None)

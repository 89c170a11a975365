"""A Bayesian neural network with a factorised Gaussian posterior of its weights."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, softplus

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register


class BayesianLinear(nn.Module):
    """A linear layer with q(w) = N(μ, σ²) for each of its weights and biases, σ = log(1 + e^ρ), and the prior N(0, s²).

    Local reparameterisation: the outputs are drawn instead of the weights. Each output is Gaussian with the mean x·μ
    and the variance x²·σ².

    Args:
        inputs, outputs: dimensions of the vectors.
        prior_std: s, which is also the initial σ; the initial μ is drawn from N(0, 1).

    Source: Houthooft et al. 2016, arXiv 1605.09674, section 2.5; openai/vime, dynamics/bnn.py (``BNNLayer``).
    """

    def __init__(self, inputs: int, outputs: int, prior_std: float = 0.5):
        super().__init__()
        self.prior_std = prior_std
        self.mean = nn.Parameter(torch.randn(inputs + 1, outputs))  # the last row: biases
        self.rho = nn.Parameter(torch.full_like(self.mean, math.log(math.expm1(prior_std))))

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """Output (S, B, outputs) for input (..., B, inputs) and standard-normal noise (S, B, outputs)."""
        variance = softplus(self.rho).square()
        mean_out = x @ self.mean[:-1] + self.mean[-1]
        variance_out = x.square() @ variance[:-1] + variance[-1]
        return mean_out + variance_out.sqrt() * noise

    def divergence(self) -> Tensor:
        """KL(q(w) || p(w)) in nats, a scalar."""
        std, s = softplus(self.rho), self.prior_std
        return ((s / std).log() + (std.square() + self.mean.square()) / (2 * s**2) - 0.5).sum()

    def curvature(self) -> dict[str, Tensor]:
        """Parameter -> second derivative of KL(q(w; φ') || q(w; φ)) in φ' at φ' = φ; the mixed derivatives are 0."""
        std = softplus(self.rho)
        return {"mean": 1 / std.square(), "rho": 2 * (torch.sigmoid(self.rho) / std).square()}


@register
class BayesianNetwork(nn.Module):
    """A multilayer perceptron of Bayesian layers and ReLUs whose output is the mean of a Gaussian.

    Args:
        inputs, outputs: dimensions of the vectors.
        hidden: number of units of each hidden layer.
        prior_std: standard deviation of the weights' prior.
        likelihood_std: standard deviation of the Gaussian, in each dimension.
        samples: number of samples of the weights in the estimates of expectations over q.
        shared_noise: whether all vectors of a batch share the noise of a sample, as in the original code; the paper's
            estimator draws noise per vector, which has a smaller variance.

    Raises:
        GenzooError: a standard deviation or the number of samples is not positive.

    Source: Houthooft et al. 2016, arXiv 1605.09674, section 2.5; openai/vime, dynamics/bnn.py (``BNN``).

    Example:
        >>> network = BayesianNetwork(inputs=3, outputs=2, hidden=[8])
        >>> network(torch.zeros(5, 3)).shape
        torch.Size([10, 5, 2])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        hidden: Sequence[int] = (32,),
        prior_std: float = 0.5,
        likelihood_std: float = 5.0,
        samples: int = 10,
        shared_noise: bool = False,
    ):
        super().__init__()
        for key, value in (("prior_std", prior_std), ("likelihood_std", likelihood_std)):
            if not value > 0:
                raise GenzooError(f"model.dynamics.{key}={value}: a positive number is needed.")
        check_positive("model.dynamics.samples", samples)
        self.likelihood_std, self.samples, self.shared_noise = likelihood_std, samples, shared_noise
        self.layers = nn.ModuleList(BayesianLinear(a, b, prior_std) for a, b in pairwise([inputs, *hidden, outputs]))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) -> (samples, B, outputs)."""
        batch = 1 if self.shared_noise else len(x)
        for layer in self.layers:
            x = relu(x) if layer is not self.layers[0] else x
            noise = torch.randn(self.samples, batch, layer.mean.shape[1], device=x.device)
            x = layer(x, noise)
        return x

    def expected_log_likelihood(self, outputs: Tensor, y: Tensor) -> Tensor:
        """E_q[log p(y|x, w)] in nats (B,), of outputs (samples, B, outputs) and targets y (B, outputs)."""
        error = (y - at_least_float32(outputs)) / self.likelihood_std
        constant = math.log(self.likelihood_std) + 0.5 * math.log(2 * math.pi)
        return (-0.5 * error.square() - constant).sum(-1).mean(0)

    def divergence(self) -> Tensor:
        """KL(q(w) || p(w)) in nats, a scalar."""
        return sum(layer.divergence() for layer in self.layers)

    def curvature(self) -> dict[str, Tensor]:
        """Parameter -> second derivative of the divergence, of all layers; see ``BayesianLinear.curvature``."""
        return {f"layers.{i}.{name}": h for i, layer in enumerate(self.layers) for name, h in layer.curvature().items()}

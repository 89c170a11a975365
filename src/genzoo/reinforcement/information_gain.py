"""The information gain of a Bayesian network from a single example."""

import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap

from genzoo.reinforcement.bayesian_network import BayesianNetwork


def information_gain(network: BayesianNetwork, x: Tensor, y: Tensor, step: float = 0.01) -> Tensor:
    """KL(q(w; φ + λ Δφ) || q(w; φ)) ≈ ½ λ² ∇ℓᵀ H⁻¹ ∇ℓ with Δφ = -H⁻¹ ∇ℓ, for each pair (x, y) alone, in nats (B,).

    ℓ = -E_q[log p(y|x, w)]; H is the Hessian of the divergence, which is diagonal. The parameters do not change. Each
    pair has its own noise.

    Args:
        network: with the parameters φ of q.
        x: (B, inputs).
        y: (B, outputs).
        step: λ.

    Source: Houthooft et al. 2016, arXiv 1605.09674, section 2.5; openai/vime, dynamics/bnn.py (``fast_kl_div``), which
    omits the factor ½.

    Example:
        >>> network = BayesianNetwork(inputs=3, outputs=2)
        >>> gain = information_gain(network, torch.zeros(2, 3), torch.tensor([[0.0, 0.0], [90.0, 0.0]]))
        >>> bool(gain[0] < gain[1])
        True
    """
    parameters = {name: p.detach() for name, p in network.named_parameters()}
    with torch.no_grad():
        curvature = network.curvature()

    def loss(parameters: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        outputs = functional_call(network, parameters, (x[None],))
        return -network.expected_log_likelihood(outputs, y[None]).sum()

    def gain(x: Tensor, y: Tensor) -> Tensor:
        gradient = grad(loss)(parameters, x, y)
        return 0.5 * step**2 * sum((gradient[name].square() / curvature[name]).sum() for name in gradient)

    with torch.compiler.set_stance("force_eager"):  # torch.func cannot trace a compiled network
        return vmap(gain, randomness="different", chunk_size=512)(x, y)

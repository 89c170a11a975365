"""Multilayer perceptrons that run in torch and in NumPy: for the single observations of a rollout, NumPy is ten times
as fast.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from torch import Tensor, nn

from genzoo.core.errors import GenzooError, near
from genzoo.reinforcement.normaliser import Normaliser

# Name -> torch module, NumPy function.
ACTIVATIONS: dict[str, tuple[Callable[[], nn.Module], Callable[[np.ndarray], np.ndarray]]] = {
    "tanh": (nn.Tanh, np.tanh),
    "relu": (nn.ReLU, lambda x: np.maximum(x, 0)),
    "leaky_relu": (nn.LeakyReLU, lambda x: np.maximum(x, np.float32(0.01) * x)),
}


class MLP(nn.Module):
    """Fully connected layers on standardised vectors; the initial output is 0.

    Args:
        inputs, outputs: dimensions of the vectors.
        hidden: number of units of each hidden layer.
        activation: ``"tanh"``, ``"relu"`` or ``"leaky_relu"``.

    Raises:
        GenzooError: the activation is unknown.

    Source: openai/imitation, policyopt/nn.py and rl.py: hidden layers have Glorot's uniform initialisation, the last
    one starts from zeros.
    """

    def __init__(self, inputs: int, outputs: int, hidden: Sequence[int] = (64, 64), activation: str = "tanh"):
        super().__init__()
        if activation not in ACTIVATIONS:
            raise GenzooError(f"activation={activation}: unknown. {near(activation, ACTIVATIONS)}")
        self.activation = activation
        self.normaliser = Normaliser(inputs)
        widths = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.nonlinearity = ACTIVATIONS[activation][0]()
        for layer in self.layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.layers[-1].weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) -> (B, outputs)."""
        x = self.normaliser(x)
        for layer in self.layers[:-1]:
            x = self.nonlinearity(layer(x))
        return self.layers[-1](x)

    def numpy(self) -> Callable[[np.ndarray], np.ndarray]:
        """The current network as a NumPy function of one float32 vector: (inputs,) -> (outputs,)."""

        def array(values: Tensor) -> np.ndarray:
            return np.ascontiguousarray(values.detach().float().cpu().numpy())

        mean, scale = array(self.normaliser.mean), array(self.normaliser.scale())
        *hidden, (last, last_bias) = [(array(layer.weight.T).copy(), array(layer.bias)) for layer in self.layers]
        nonlinearity = ACTIVATIONS[self.activation][1]

        def forward(x: np.ndarray) -> np.ndarray:
            x = (x - mean) / scale
            for weight, bias in hidden:
                x = nonlinearity(x @ weight + bias)
            return x @ last + last_bias

        return forward

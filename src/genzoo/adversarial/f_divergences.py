"""The f-GAN objective: a lower bound of any f-divergence between data and model.

D_f(p || q) = E_q f(p / q) >= E_p g_f(V(x)) - E_q f*(g_f(V(x))), where V is the discriminator's output, g_f maps it
into the domain of the convex conjugate f*, and the bound is attained at g_f(V) = f'(p / q).

Source: Nowozin, Cseke, Tomioka 2016, arXiv 1606.00709, equations 4 and 6, tables 1, 2 and 6.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from genzoo.core.errors import GenzooError, near
from genzoo.core.registry import register

Function = Callable[[Tensor], Tensor]


class Divergence(NamedTuple):
    """One f-divergence, as functions of the discriminator's output v.

    Args:
        activation: g_f(v).
        conjugate: f*(g_f(v)).
    """

    activation: Function
    conjugate: Function


def _log_w(a: Tensor) -> Tensor:
    """The solution y of exp(y) + y = a, the logarithm of Lambert's W(exp(a)), with its gradient."""
    with torch.no_grad():
        y = torch.where(a > 1, a.clamp(min=1).log(), a)
        for _ in range(6):  # Newton's method; the function is convex and increasing
            y = y - (y.exp() + y - a) / (y.exp() + 1)
    return y - (y.exp() + y - a) / (y.exp() + 1)


def _jeffreys_conjugate(v: Tensor) -> Tensor:
    log_w = _log_w(1 - v)
    return log_w.exp() + (-log_w).exp() + v - 2


#: name -> divergence
DIVERGENCES: Mapping[str, Divergence] = {
    "total_variation": Divergence(lambda v: v.tanh() / 2, lambda v: v.tanh() / 2),
    "kl": Divergence(lambda v: v, lambda v: (v - 1).exp()),
    "reverse_kl": Divergence(lambda v: -(-v).exp(), lambda v: v - 1),
    "pearson": Divergence(lambda v: v, lambda v: v.square() / 4 + v),
    "neyman": Divergence(lambda v: 1 - (-v).exp(), lambda v: 2 - 2 * (-v / 2).exp()),
    "squared_hellinger": Divergence(lambda v: 1 - (-v).exp(), lambda v: v.exp() - 1),
    "jeffreys": Divergence(lambda v: v, _jeffreys_conjugate),
    "jensen_shannon": Divergence(lambda v: math.log(2) - softplus(-v), lambda v: softplus(v) - math.log(2)),
    "gan": Divergence(lambda v: -softplus(-v), softplus),
}


def alpha_divergence(alpha: float) -> Divergence:
    """Returns the α-divergence: f(u) = (u^α - 1 - α (u - 1)) / (α (α - 1)).

    Raises:
        GenzooError: α is 0 or 1, where it is the reverse or forward KL divergence.
    """
    if alpha in (0, 1):
        raise GenzooError(
            f"model.objective.alpha={alpha}: this is the {'reverse ' if alpha == 0 else ''}KL divergence; "
            f"give divergence={'reverse_kl' if alpha == 0 else 'kl'} instead."
        )

    def activation(v: Tensor) -> Tensor:
        return v if alpha > 1 else 1 / (1 - alpha) - softplus(-v)

    def conjugate(v: Tensor) -> Tensor:
        base = 1 + (alpha - 1) * activation(v)
        return (base.clamp(min=0) ** (alpha / (alpha - 1)) - 1) / alpha

    return Divergence(activation, conjugate)


@register
class FDivergence:
    """The bound of an f-divergence, which the discriminator maximises and the generator minimises.

    Args:
        divergence: a name of ``DIVERGENCES``, or ``alpha``.
        alternative: the generator maximises E_q g_f(V) instead of minimising -E_q f*(g_f(V)), as the non-saturating
            GAN does (section 3.2).
        alpha: order of the α-divergence.

    Raises:
        GenzooError: there is no such divergence, or α is missing or given in vain.

    Source: arXiv 1606.00709, section 3.

    Example:
        >>> import torch
        >>> FDivergence("gan").generator(torch.zeros(1))  # that of Minimax
        tensor(-0.6931)
    """

    def __init__(self, divergence: str, alternative: bool = False, alpha: float | None = None):
        if divergence not in (*DIVERGENCES, "alpha"):
            raise GenzooError(
                f"model.objective.divergence={divergence}: unknown. {near(divergence, [*DIVERGENCES, 'alpha'])}"
            )
        if (alpha is None) == (divergence == "alpha"):
            raise GenzooError(
                f"model.objective.alpha={alpha}: it is the order of divergence=alpha; give it with that alone."
            )
        if alpha is not None:
            alpha_divergence(alpha)
        self.name, self.alternative, self.alpha = divergence, alternative, alpha

    @property
    def divergence(self) -> Divergence:
        """The divergence's functions."""
        return DIVERGENCES[self.name] if self.alpha is None else alpha_divergence(self.alpha)

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """-(E g_f(V(x)) - E f*(g_f(V(G(z)))))."""
        return self.divergence.conjugate(fake).mean() - self.divergence.activation(real).mean()

    def generator(self, fake: Tensor) -> Tensor:
        """-E f*(g_f(V(G(z)))), or -E g_f(V(G(z)))."""
        function = self.divergence.activation if self.alternative else self.divergence.conjugate
        return -function(fake).mean()

"""The projection of a network's results to what agrees with the observations."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register


@runtime_checkable
class Linear(Protocol):
    """A linear degradation x = A y."""

    def degrade(self, images: Tensor) -> Tensor:
        """A y of images y (B, C, H, W)."""
        ...

    def pseudo_inverse(self, observations: Tensor) -> Tensor:
        """A⁺ x of observations x (B, C', H', W'); A⁺ is the Moore-Penrose inverse."""
        ...


@register
class AffineProjection(nn.Module):
    """g(x) = (I - A⁺A) f(x) + A⁺ x: of all images y with A y = x, the nearest one to f(x).

    Args:
        shape: (C', H', W') of the observations x.
        outputs: number of channels of the images.
        network: factory of f, called with ``shape`` and ``outputs``.
        degradation: A and A⁺.

    Raises:
        GenzooError: the degradation has no A⁺.

    Source: Sønderby et al. 2017, arXiv 1610.04490, section 3; A⁺ is exact here, there it is found numerically.
    """

    def __init__(
        self, shape: tuple[int, int, int], outputs: int, network: Callable[..., nn.Module], degradation: Linear
    ):
        super().__init__()
        if not isinstance(degradation, Linear):
            raise GenzooError(
                f"pairs: {type(degradation).__name__} has no pseudo-inverse, which this generator projects with; "
                "choose pairs=block_means."
            )
        self.network, self.degradation = network(shape=shape, outputs=outputs), degradation
        self.shape, self.outputs = self.network.shape, outputs

    def forward(self, x: Tensor) -> Tensor:
        """Observations (B, C', H', W') -> images (B, outputs, H, W)."""
        free = at_least_float32(self.network(x))
        return free + self.degradation.pseudo_inverse(x - self.degradation.degrade(free))

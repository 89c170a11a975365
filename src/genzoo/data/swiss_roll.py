"""Points of a noisy spiral in the plane, whose density is known."""

from typing import Any

from torch import Generator, Tensor

from genzoo.core import planar
from genzoo.core.registry import register
from genzoo.data.points import Points


@register
class SwissRoll(Points):
    """Draws of a spiral (``genzoo.core.planar.SwissRoll``). A point is an "image" (2, 1, 1), without a label.

    Args:
        radius, turns, std: of the spiral.
        options: settings of ``Points``.

    Raises:
        GenzooError: a setting is out of range.

    Example:
        >>> SwissRoll(n_train=100).split("train").images.shape
        torch.Size([100, 2, 1, 1])
    """

    name = "swiss_roll"

    def __init__(self, radius: float = 3.0, turns: float = 2.0, std: float = 0.05, **options: Any):
        self.spiral = planar.SwissRoll(1, radius, turns, std)
        super().__init__(radius + 10 * std, 0, **options)  # ten deviations: no draw lies outside

    def log_density(self, points: Tensor) -> Tensor:
        """log p of points (n, 2) of the spiral, in nats, (n,)."""
        return self.spiral.log_density(points)

    def draw(self, n: int, randomness: Generator) -> tuple[Tensor, None]:
        """n points (n, 2)."""
        return self.spiral.sample(n, randomness), None

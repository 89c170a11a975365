"""Moving means of features, one per class."""

import torch
from torch import Tensor, nn

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.ranks import mean_over_ranks
from genzoo.core.registry import register


@register
class ClassMeans(nn.Module):
    """The mean features of the images of each class, moved by each batch: m_c ← m_c + rate (batch's mean_c - m_c).

    The first batch with images of a class sets its mean. Batches are those of all ranks together.

    Args:
        features: number of features.
        classes: number of classes.
        rate: in (0, 1].

    Raises:
        GenzooError: a number is out of range.

    Source: Bao et al. 2017, arXiv 1703.10155, algorithm 1 (unverified; the rate is ours).

    Example:
        >>> means = ClassMeans(features=1, classes=2, rate=0.5)
        >>> for features in ([[1.0], [3.0], [0.0]], [[4.0], [4.0], [1.0]]):
        ...     means.update(torch.tensor(features), torch.tensor([0, 0, 1]))
        >>> means.means.flatten()  # 2 + (4 - 2) / 2 and 0 + (1 - 0) / 2
        tensor([3.0000, 0.5000])
    """

    means: Tensor
    known: Tensor

    def __init__(self, features: int, classes: int, rate: float = 0.1):
        super().__init__()
        check_positive("model.class_means.classes", classes)
        if not 0 < rate <= 1:
            raise GenzooError(f"model.class_means.rate={rate}: a number above 0 and up to 1 is needed.")
        self.rate = rate
        self.register_buffer("means", torch.zeros(classes, features))
        self.register_buffer("known", torch.zeros(classes, dtype=torch.bool))

    def of_batch(self, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The means (classes, F) of features (B, F) of each class, 0 without images, and whether it has images."""
        members = nn.functional.one_hot(labels, len(self.means)).to(self.means.dtype)
        sums, counts = mean_over_ranks(members.T @ at_least_float32(features)), mean_over_ranks(members.sum(0))
        return sums / counts.where(counts > 0, 1)[:, None], counts > 0

    @torch.no_grad()
    def update(self, features: Tensor, labels: Tensor) -> None:
        """Moves the means by features (B, F) of images of classes (B,)."""
        found, present = self.of_batch(features, labels)
        rates = torch.where(self.known, self.rate, 1.0) * present
        self.means += rates[:, None] * (found - self.means)
        self.known |= present

    def distance(self, features: Tensor, labels: Tensor) -> Tensor:
        """½ Σ_c |m_c - mean_c|², with the means of features (B, F) of classes (B,); over classes that have both."""
        found, present = self.of_batch(features, labels)
        return ((present & self.known)[:, None] * (found - self.means)).square().sum() / 2

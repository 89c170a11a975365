"""Soft and noisy labels of real and generated images."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.nn.objectives import NonSaturating


@register
class NoisyLabels(NonSaturating):
    """The non-saturating game, whose discriminator has a random label for each image.

    D minimises the cross-entropy to labels that are uniform within a range, a fraction of which is exchanged between
    real and generated images. Labels of generated images above 0 move the optimal D away from the ratio of densities
    wherever the model is too dense (Salimans et al. 2016, arXiv 1606.03498, section 3.4).

    Args:
        real_range: range of the labels of real images; above 1 is possible.
        fake_range: range of the labels of generated images.
        flip: probability that an image has a label of the other kind.

    Raises:
        GenzooError: a range is not two increasing numbers, or ``flip`` is not a probability.

    Source: soumith/ganhacks, item 6.
    """

    def __init__(
        self, real_range: Sequence[float] = (0.7, 1.2), fake_range: Sequence[float] = (0.0, 0.3), flip: float = 0.0
    ):
        super().__init__()
        for key, given in (("real_range", real_range), ("fake_range", fake_range)):
            if len(given) != 2 or not given[0] <= given[1]:
                raise GenzooError(f"model.objective.{key}={list(given)}: two increasing numbers are needed.")
        if not 0 <= flip <= 1:
            raise GenzooError(f"model.objective.flip={flip}: a probability from 0 to 1 is needed.")
        self.real_range, self.fake_range, self.flip = tuple(real_range), tuple(fake_range), flip

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The cross-entropy to random labels, of real plus of generated images."""
        of_real = self._labels(real, self.real_range, self.fake_range)
        of_fake = self._labels(fake, self.fake_range, self.real_range)
        return (F.softplus(real) - of_real * real).mean() + (F.softplus(fake) - of_fake * fake).mean()

    def _labels(self, like: Tensor, own: tuple[float, ...], other: tuple[float, ...]) -> Tensor:
        labels, flipped = (torch.empty_like(like).uniform_(*between) for between in (own, other))
        return torch.where(torch.rand_like(like) < self.flip, flipped, labels)

"""Similarity of each example to the real and to the generated examples of its batch."""

import torch
from torch import Tensor, nn


class HalfSimilarity(nn.Module):
    """Minibatch discrimination with two features per kernel: similarity to the real and to the generated half.

    With M_ik = T_k f_i, a vector of ``dims`` numbers for each kernel k: c_k(i, j) = exp(-|M_ik - M_jk|₁) and

        real_k(i) = Σ c_k(i, j) over real j ≠ i, divided by the batch's B (2 B - 1) such pairs (i, j);

    ``fake_k`` likewise over generated j. (One row has B or B - 1 pairs: these features are smaller than means by a
    factor of about 2 B, as in the original.) T has no bias, which would cancel in differences.

    Args:
        features: width of f.
        kernels: number of kernels k.
        dims: dimension of each M_ik.

    Source: arXiv 1606.03498, section 3.2; openai/improved-gan, imagenet/discriminator.py (two features per kernel,
        the divisor).

    Example:
        >>> HalfSimilarity(features=7, kernels=5, dims=3)(torch.randn(4 + 4, 7)).shape
        torch.Size([8, 10])
    """

    def __init__(self, features: int, kernels: int, dims: int):
        super().__init__()
        self.shape = (kernels, dims)
        self.project = nn.Linear(features, kernels * dims, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Features of real and then of as many generated images, (2 B, F) -> (2 B, 2 kernels)."""
        n = len(features)
        projected = self.project(features).unflatten(1, self.shape).transpose(0, 1)
        distances = torch.cdist(projected, projected, p=1)  # (kernels, 2 B, 2 B); float32 under autocast
        others = 1 - torch.eye(n, device=features.device, dtype=distances.dtype)
        real, fake = ((-distances).exp() * others).chunk(2, dim=2)
        return torch.cat([real.sum(2), fake.sum(2)]).T / (n * n / 2 - n / 2)

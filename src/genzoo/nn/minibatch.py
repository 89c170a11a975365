"""Minibatch discrimination: features that measure the similarity of an image to the rest of its batch."""

import torch
from torch import Tensor, nn

from genzoo.core.precision import at_least_float32
from genzoo.core.ranks import check_scope, gather_over_ranks
from genzoo.core.registry import register


@register
class MinibatchDiscrimination(nn.Module):
    """Appends to each image's features its similarity to the other images of the batch, one per kernel.

    Each kernel projects the features x to a few dimensions, M = x W, and its similarity is
    f_i = Σ_j≠i exp(-‖M_i - M_j‖₁) + b. The columns of W = θ exp(s) / ‖θ‖ have length exp(s).

    Args:
        features: width of the input.
        kernels: number of similarities.
        dimensions: number of dimensions of a kernel's projection.
        std: standard deviation of the initial θ, with mean 0.
        scope: ``"rank"`` = compare with the rank's own batch; ``"global"`` = compare with the batches of all ranks in
            training (evaluation runs on one rank and uses its batch).

    While ``initialising`` is set, a pass sets s so that the mean distance of an image to its nearest neighbour in the
    batch is 2 for each kernel, then b so that the mean of f is 0.

    Raises:
        GenzooError: an unknown scope.

    Source: Salimans et al. 2016, arXiv 1606.03498, section 3.2; openai/improved-gan, mnist_svhn_cifar10/nn.py
        (MinibatchLayer).

    Example:
        >>> MinibatchDiscrimination(192, kernels=100)(torch.zeros(8, 192)).shape
        torch.Size([8, 292])
    """

    def __init__(
        self, features: int, kernels: int = 100, dimensions: int = 5, std: float = 0.05, scope: str = "global"
    ):
        super().__init__()
        check_scope(scope)
        self.outputs = features + kernels
        self.scope, self.initialising = scope, False
        self.theta = nn.Parameter(torch.randn(features, kernels, dimensions) * std)
        self.log_scale = nn.Parameter(torch.zeros(kernels, dimensions))
        self.bias = nn.Parameter(torch.full((kernels,), -1.0))

    def forward(self, x: Tensor) -> Tensor:
        """(B, features) -> (B, features + kernels)."""
        with torch.autocast(x.device.type, enabled=False):
            if self.initialising:
                self._initialise(at_least_float32(x))
            own = others = self._project(at_least_float32(x))
            if self.scope == "global" and self.training and not self.initialising:
                others = gather_over_ranks(own)
            return torch.cat([x, _similarities(_distances(own, others)) + self.bias], dim=1)

    def _project(self, x: Tensor) -> Tensor:
        """(B, features) -> M (B, kernels, dimensions)."""
        # A parameter average that starts from zero has no direction yet.
        weight = self.theta * (self.log_scale.exp() / self.theta.norm(dim=0).clamp_min(1e-12))
        return (x @ weight.flatten(1)).unflatten(1, self.log_scale.shape)

    @torch.no_grad()
    def _initialise(self, x: Tensor) -> None:
        projected = self._project(x)
        distances = _distances(projected, projected)
        nearest = distances.topk(2, dim=1, largest=False).values[:, 1]  # the first is the image itself
        half = nearest.mean(0) / 2
        self.log_scale -= half.log()[:, None]
        self.bias.copy_(-_similarities(distances / half).mean(0))


@register
class MinibatchSimilarity(nn.Module):
    """The similarity of each image's features to those of all images of the batch, its own included, one per kernel.

    Each kernel projects the features x to a few dimensions, M = x W, and its similarity is
    Σ_j exp(-‖M_i - M_j‖₁). A bias of M would cancel.

    Args:
        features: width of the input.
        kernels: number of similarities.
        dimensions: number of dimensions of a kernel's projection.
        scope: see ``MinibatchDiscrimination``.

    Raises:
        GenzooError: an unknown scope.

    Source: de Oliveira, Paganini, Nachman 2017, arXiv 1701.05927, and the same 2017, arXiv 1705.02355;
        hep-lbdl/CaloGAN, models/ops.py (minibatch_discriminator, Dense3D).

    Example:
        >>> MinibatchSimilarity(192, kernels=10)(torch.zeros(8, 192)).shape
        torch.Size([8, 10])
    """

    def __init__(self, features: int, kernels: int = 10, dimensions: int = 10, scope: str = "global"):
        super().__init__()
        check_scope(scope)
        self.scope, self.kernels = scope, kernels
        self.project = nn.Linear(features, kernels * dimensions, bias=False)
        nn.init.xavier_uniform_(self.project.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, features) -> (B, kernels)."""
        with torch.autocast(x.device.type, enabled=False):
            own = others = self.project(at_least_float32(x)).unflatten(1, (self.kernels, -1))
            if self.scope == "global" and self.training:
                others = gather_over_ranks(own)
            return _similarities(_distances(own, others)) + 1


def _distances(own: Tensor, others: Tensor) -> Tensor:
    """L1 distances (B, N, kernels) of projections (B, kernels, dimensions) to others (N, kernels, dimensions)."""
    return torch.cdist(own.transpose(0, 1), others.transpose(0, 1), p=1).permute(1, 2, 0)


def _similarities(distances: Tensor) -> Tensor:
    """Returns Σ exp(-distance) (B, kernels) over all other images, without the image itself at distance 0."""
    return (-distances).exp().sum(1) - 1

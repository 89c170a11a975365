"""Data-parallel training of one player at a time."""

from collections.abc import Sequence

import torch
from pytorch_lightning.strategies import DDPStrategy, StrategyRegistry
from torch import Tensor, nn
from torch._utils import _flatten_dense_tensors, _unflatten_dense_tensors

from genzoo.core.ranks import average_over_ranks


class TurnStrategy(DDPStrategy):
    """Lightning's DDP without its wrapper around the whole model.

    ``DistributedDataParallel`` reduces every parameter of the model in every backward pass, including those of inactive
    players, and searches the graph for them. Here the gradients of the active player are averaged over the ranks in one
    message per update (``average_gradients``). All ranks start from the same weights, a function of the seed.
    """

    name = "turns"  #: ``trainer.strategy``

    def configure_ddp(self) -> None:
        """Does not wrap the model."""


StrategyRegistry.register(TurnStrategy.name, TurnStrategy, description="data-parallel, one player at a time")


def average_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Replaces each gradient by its mean over the ranks.

    Args:
        parameters: parameters without a gradient are skipped; the same ones must have gradients on every rank.
    """
    gradients: list[Tensor] = [p.grad for p in parameters if p.grad is not None]
    means = _unflatten_dense_tensors(average_over_ranks(_flatten_dense_tensors(gradients)), gradients)
    with torch.no_grad():
        for gradient, mean in zip(gradients, means, strict=True):
            gradient.copy_(mean)

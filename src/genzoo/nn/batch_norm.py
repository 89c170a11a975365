"""Batch norm over the batches of all ranks."""

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce


class GlobalBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm with training statistics over the batches of all ranks.

    Like ``torch.nn.SyncBatchNorm``, but also on the CPU. Evaluation with batch statistics runs on one rank and uses
    that rank's batch.
    """

    def _check_input_dim(self, x: Tensor) -> None:
        """Any shape (B, C, ...)."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, ...) -> the same shape."""
        if not (self.training and self.track_running_stats and dist.is_initialized() and dist.get_world_size() > 1):
            return super().forward(x)
        dims = [d for d in range(x.dim()) if d != 1]
        count = x.new_tensor([x.numel() / x.shape[1]])
        total, squares, n = all_reduce(torch.cat([x.sum(dims), x.square().sum(dims), count])).split(
            [x.shape[1], x.shape[1], 1]
        )
        mean = total / n
        variance = squares / n - mean.square()
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
            self.running_var.lerp_((variance * n / (n - 1)).to(self.running_var.dtype), self.momentum)
        shape = [-1 if d == 1 else 1 for d in range(x.dim())]
        scale = self.weight * (variance + self.eps).rsqrt()
        return x * scale.view(shape) + (self.bias - mean * scale).view(shape)


def with_global_batch_norm(network: nn.Module) -> nn.Module:
    """Replaces every batch norm of a network by ``GlobalBatchNorm``, in place; parameters and buffers are kept."""
    for m in network.modules():
        if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            m.__class__ = GlobalBatchNorm
    return network

"""Norms of the players' gradients."""

import pytorch_lightning as pl
import torch

from genzoo.core.registry import register


@register
class GradientNorms(pl.Callback):
    """Logs the Euclidean norm of each player's gradient as ``gradient_norm/<player>``, a mean like the losses.

    The gradient is that of the optimizer's step: averaged over the ranks, and after ``trainer.gradient_clip``.
    """

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, module: pl.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        """Computes the norm on the device, without synchronisation."""
        player = list(module.players())[trainer.optimizers.index(optimizer)]
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        module.meters.log(f"gradient_norm/{player}", torch.nn.utils.get_total_norm(gradients))

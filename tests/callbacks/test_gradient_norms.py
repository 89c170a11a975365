import pytest
import pytorch_lightning as pl
import torch

from genzoo.callbacks.gradient_norms import GradientNorms
from support import cpu_trainer
from support.zoo import built


def test_norms_are_those_of_each_players_gradient_at_its_step():
    _, data, module = built("gan_2d")
    norms = {}

    class Watch(pl.Callback):
        def on_before_optimizer_step(self, trainer, module, optimizer):
            player = list(module.players())[trainer.optimizers.index(optimizer)]
            flat = torch.cat([p.grad.flatten() for p in module._parameters_of[player]])
            norms.setdefault(player, []).append(flat.square().sum().sqrt().item())

    data.setup()
    cpu_trainer(callbacks=[Watch(), GradientNorms()]).fit(module, datamodule=data)
    found = module.meters.means()
    assert norms.keys() == {"discriminator", "generator"}
    for player, values in norms.items():
        assert found[f"gradient_norm/{player}"].item() == pytest.approx(sum(values) / len(values), rel=1e-5)

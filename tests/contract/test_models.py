"""Every conf/model/*.yaml trains, and is stored and copied, as the rounds demand."""

import pickle
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
import pytorch_lightning as pl
import torch

from genzoo.core.batches import ImageBatch
from genzoo.core.checkpoints import load_checkpoint, load_weights
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.registry import check_targets
from genzoo.data.module import SetData
from genzoo.runs.preflight import check_batch
from support import ROOT, checkpoint_content, cpu_trainer
from support.zoo import MODELS, answers, built

pytestmark = pytest.mark.parametrize("name", MODELS)


def play(data, module, callbacks=()):
    """Two rounds on the CPU."""
    data.setup()
    module.initialise(data.initial())
    trainer = cpu_trainer(callbacks=list(callbacks))
    trainer.fit(module, datamodule=data)
    return trainer


def test_it_says_its_recipe_and_its_source(name):
    config = built(name).config
    recipe = config["recipe"]
    assert recipe["name"] == name
    assert recipe["batch_size"] > 0
    assert recipe.keys() >= {"rounds", "full", "smoke"}
    assert recipe["full"].keys() == recipe["smoke"].keys()
    assert "# Source:" in (ROOT / "conf" / "model" / f"{name}.yaml").read_text()


def test_a_checkpoint_may_name_all_its_classes(name):
    config = built(name).config
    check_targets({"model": config["model"], "data": config["data"]})


def test_every_parameter_that_requires_gradients_belongs_to_exactly_one_player(name):
    module = built(name).module
    moved = [id(p) for networks in module.players().values() for network in networks for p in network.parameters()]
    averages = {id(p) for p in module.averages.parameters()}
    assert len(moved) == len(set(moved))
    assert {id(p) for p in module.parameters() if p.requires_grad} - averages <= set(moved)
    assert set(moved) <= {id(p) for p in module.parameters()} - averages


def test_losses_are_float32_in_half_precision(name):
    _, data, module = built(name)
    data.setup()
    module.initialise(data.initial())
    batch = None
    if isinstance(data, SetData):
        found = data.evaluation_images("train", 16)
        target = None if found.target is None else from_levels(found.target)
        batch = ImageBatch(data.initial(16), found.labels, target=target, given=found.given)
    optimizers = module.configure_optimizers()
    trainer = SimpleNamespace(datamodule=data, world_size=1, optimizers=optimizers)
    with torch.autocast("cpu", torch.bfloat16), patch.object(type(module), "trainer", trainer):
        collected = module.collect()
        for turn in module.turns():
            images = {stream.name: batch for stream in turn.streams}
            for arguments in turn.draws(**images, **collected):
                for player, loss_of in turn.losses.items():
                    with module.only(player):
                        loss = loss_of(**arguments)
                        assert loss.dtype == torch.float32, player
                        loss.backward()
    answers(module)  # float32 again


def test_one_image_is_refused_wherever_there_is_batch_norm(name):
    _, data, module = built(name)
    data.batch_size = 1
    layers = {type(layer).__name__ for layer in module.modules()}
    if layers & {"BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "CrossBatchNorm"}:
        with pytest.raises(GenzooError, match=r"data\.batch_size=1: batch norm would get one image"):
            check_batch(module, data, world_size=1)
    else:
        check_batch(module, data, world_size=1)


def test_two_rounds_move_each_player_on_its_own_turn_only(name):
    _, data, module = built(name)
    steps = []

    def snapshot():
        return {player: [p.detach().clone() for p in ps] for player, ps in module._parameters_of.items()}

    class Watch(pl.Callback):
        def on_before_optimizer_step(self, trainer, module, optimizer):
            player = list(module._parameters_of)[trainer.optimizers.index(optimizer)]
            assert all(p.grad is not None for p in module._parameters_of[player]), (
                f"{player}: a parameter has no gradient"
            )
            steps.append((player, snapshot()))

    trainer = play(data, module, [Watch()])
    # Between two steps exactly the first one's player has moved.
    befores = [state for _, state in steps] + [snapshot()]
    for (player, before), after in zip(steps, befores[1:], strict=True):
        for other in before:
            moved = [not torch.equal(a, b) for a, b in zip(before[other], after[other], strict=True)]
            assert any(moved) if other == player else not any(moved), f"{other} on {player}'s turn"
    assert {player for player, _ in steps} == set(module.players())
    assert module.progress.rounds == 2
    if not isinstance(data, SetData):
        assert module.progress.seen >= 2 * 16  # episodes are whole
    else:
        assert module.progress.seen == sum(s.batches for round in range(2) for s in module.streams(round)) * 16
    assert trainer.global_step == len(steps)


def test_answers_survive_saving_and_loading(name, tmp_path: Path):
    _, data, module = built(name)
    trainer = play(data, module)
    module.on_checkpoint = {"genzoo": checkpoint_content()["genzoo"]}
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    loaded = built(name).module
    before = answers(loaded)
    load_weights(loaded, load_checkpoint(tmp_path / "last.ckpt"), tmp_path / "last.ckpt")
    after = answers(loaded)
    for key, value in answers(module).items():
        assert torch.equal(value, after[key]), key
        assert not torch.equal(value, before[key]), f"{key} does not depend on the weights"


def test_answers_survive_pickling(name):
    module = built(name).module
    copy = pickle.loads(pickle.dumps(module))
    copied = answers(copy)
    for key, value in answers(module).items():
        assert torch.equal(value, copied[key]), key

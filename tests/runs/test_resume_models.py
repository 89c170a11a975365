"""Resume is exact for the models whose rounds, layers or players keep a state of their own."""

import pytest

from genzoo.runs.train import train
from support import SHAPES, composed, same, state, train_until_cut

STEPS = [f"model.round.discriminator_steps.{key}" for key in ("start=4", "rounds=2", "every=4", "then=2")]
AVERAGE = "{_target_: genzoo.core.averages.EMA, decay: 0.9}"
HISTORY = "{_target_: genzoo.adversarial.historical.HistoricalAveraging, weight: 0.1}"
MINIBATCH = "{_target_: genzoo.nn.minibatch.MinibatchDiscrimination, _partial_: true, kernels: 3}"
IMPROVED = [
    f"+model.historical_averaging={{discriminator: {HISTORY}, generator: {HISTORY}}}",
    f"+model.discriminator.minibatch={MINIBATCH}",
    "+model.matching._target_=genzoo.nn.matching.MeanAbsolute",
    "model.optimizers.generator._target_=genzoo.core.adam.InnerEpsilonAdam",
    *("~model.optimizers.generator.fused", "~model.optimizers.generator.weight_decay"),
]


@pytest.mark.parametrize(
    "overrides",
    [
        ["model=wgan", *STEPS],  # a number of images that changes from round to round
        ["model=sngan", f"+model.averages={{generator: {AVERAGE}, discriminator: {AVERAGE}}}"],
        ["model=began"],
        ["model=dcgan", "trainer.precision=bf16-mixed"],
        ["model=dcgan", *IMPROVED],
        ["model=improved_gan", "data.labels_per_class=1"],  # fewer labels than a batch has
        ["model=iaf_vae_cifar10"],
        ["model=pixelcnn_pp"],  # dropout, an average, initial weights from data
        ["model=gated_pixelcnn_conditional", "data.levels=2"],
    ],
    ids=lambda overrides: overrides[0],
)
def test_a_run_that_died_ends_with_the_weights_of_one_that_did_not(overrides, tmp_path, monkeypatch):
    common = [*SHAPES, "trainer=smoke", "logger=none", *overrides, "recipe.batch_size=8", "trainer.rounds=8"]
    common += ["metrics=none", "callbacks.pictures=null", "callbacks.validation=null"]
    train(composed(*common, f"paths.runs={tmp_path}/whole"))

    saved = ["callbacks.checkpoints.times=null", "callbacks.checkpoints.every=5"]
    train_until_cut(composed(*common, *saved, f"paths.runs={tmp_path}/broken"), 6, monkeypatch)
    (broken,), (whole,) = ((tmp_path / name).glob("*/*") for name in ("broken", "whole"))
    assert state(broken)["progress"]["rounds"] == 5
    train(composed(*SHAPES, "trainer=smoke", f"paths.runs={tmp_path}/broken", f"resume={broken}"))
    for key in ("state_dict", "optimizer_states", "progress"):
        assert same(state(broken)[key], state(whole)[key]), key

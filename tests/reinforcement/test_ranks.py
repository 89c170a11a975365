"""Several processes play together and learn the same."""

import pytest
import torch

from genzoo.core.randomness import derive_seed
from genzoo.core.strategy import TurnStrategy
from genzoo.reinforcement import policy_gradient
from genzoo.reinforcement.rollout import concatenated, sample
from genzoo.runs.build import build_data, build_module
from support import cpu_trainer, resolved
from support.spawned import KeepWeights

pytestmark = pytest.mark.usefixtures("forked_ranks")


def fit(model, folder, **trainer_options):
    config = resolved(f"model={model}", "data=cartpole", "trainer=smoke", "trainer.rounds=3", "recipe.batch_size=81")
    data, module = build_data(config), build_module(config)
    module.check_data(data.spec)
    trainer = cpu_trainer(use_distributed_sampler=False, callbacks=[KeepWeights(folder)], **trainer_options)
    trainer.fit(module, datamodule=data)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", ["trpo", "vime", "gail"])
def test_two_ranks_learn_what_one_learns_from_the_episodes_of_both(model, tmp_path, monkeypatch):
    fit(model, tmp_path, devices=2, strategy=TurnStrategy(start_method="spawn"))
    rounds = iter(range(3))

    def of_both(environment, actor, steps, time_limit, seed):
        seeds = [derive_seed(0, "episodes", round, rank) for round in [next(rounds)] for rank in (0, 1)]
        return concatenated([sample(environment, actor, 41, time_limit, seed) for seed in seeds])

    monkeypatch.setattr(policy_gradient, "sample", of_both)
    fit(model, tmp_path, devices=1)
    (one, progress), (first, progress_first), (second, progress_second) = (
        torch.load(tmp_path / f"{name}.pt", weights_only=True) for name in ("1-0", "2-0", "2-1")
    )
    assert progress == progress_first == progress_second
    assert progress["seen"] == one["policy.network.normaliser.count"] > 3 * 82
    for key, value in one.items():
        assert torch.equal(first[key], second[key]), key
        torch.testing.assert_close(first[key], value, rtol=1e-6, atol=1e-7)

"""Behavioural cloning."""

import json
import math
from functools import partial

import numpy as np
import pytest
import torch

from genzoo.core.batches import EnvironmentSpec
from genzoo.core.errors import GenzooError
from genzoo.data.demonstrations import pack
from genzoo.metrics.evaluation import evaluate
from genzoo.metrics.imitation import ImitationError
from genzoo.runs.train import train
from support import acting, composed
from support.acting import play

SMALL = ("model=behavioural_cloning", "trainer=smoke", "recipe.batch_size=8")
built = partial(acting.built, *SMALL)


def kept_draws(data, module, rounds):
    """What each of so many rounds learns from."""
    found, collect = [], module.collect
    module.collect = lambda: (found.append(collect()), found[-1])[1]
    play(data, module, rounds)
    return found


def test_it_learns_by_the_likelihood_of_the_experts_steps_that_are_not_held_out():
    data, module = built("data.trajectories=1")
    (drawn_steps,) = kept_draws(data, module, 1)
    observations, actions = drawn_steps.values()
    shown = data.demonstrated("train")
    pairs = {(*o.tolist(), a.item()) for o, a in zip(shown.observations, shown.actions, strict=True)}
    drawn = [(*o.tolist(), a.item()) for o, a in zip(observations, actions, strict=True)]
    assert len(drawn) == 8
    assert set(drawn) <= pairs
    probabilities = module.policy(observations).probs.detach()
    expected = sum(-probabilities[i, a].log() for i, a in enumerate(actions)) / 8
    assert module.loss(observations, actions).item() == pytest.approx(expected.item(), abs=1e-6)


def test_the_normaliser_is_that_of_the_experts_steps_once_and_for_all():
    data, module = built()
    play(data, module, 3)
    seen = data.demonstrated("train").observations
    assert module.policy.normaliser.count == len(seen) == 14  # of 20
    assert torch.allclose(module.policy.normaliser.mean.float(), seen.mean(0), atol=1e-6)


def test_each_round_draws_anew_and_counts_the_experts_steps():
    data, module = built()
    first, second = kept_draws(data, module, 2)
    assert not torch.equal(first["observations"], second["observations"])
    assert module.progress.seen == 16


def test_it_becomes_like_its_expert(tmp_path):
    """Which pushes to where the pole leans."""
    seen = np.random.default_rng(0).normal(size=(300, 4))
    content = pack([seen], [(seen[:, 2] > 0).astype(int)], [np.ones(300)], environment="CartPole-v1")
    (tmp_path / "leaning.npz").write_bytes(content)
    data, module = built(f"data.demonstrations={tmp_path}/leaning.npz", "data.every=1", "recipe.batch_size=64")
    measure = {"x": ImitationError()}
    before, after = (evaluate(measure, play(data, module, n), data, "validation").values for n in (1, 300))
    assert before["validation/imitation_error"] == pytest.approx(math.log(2), abs=0.02)
    assert after["validation/imitation_error"] < 0.3


@pytest.mark.parametrize("policy", ["Categorical", "Gaussian"])
def test_the_error_is_the_likelihood_or_the_distance_on_steps_held_out(policy, monkeypatch):
    data, module = built()
    held, given = data.demonstrated("validation"), torch.full((6, 2), 0.5)
    if policy == "Gaussian":
        monkeypatch.setitem(data.__dict__, "spec", data.spec._replace(policy=policy))
        monkeypatch.setattr(data, "demonstrated", lambda split: held._replace(actions=given))
        monkeypatch.setattr(module, "act", lambda seen, deterministic: torch.tensor([[1.0, -0.5]]).expand(6, 2))
        expected = 0.25 + 1.0
    else:
        expected = -module.policy(held.observations).log_prob(held.actions).mean().item()
    found = evaluate({"x": ImitationError()}, module, data, "validation")
    assert found.values == {"validation/imitation_error": pytest.approx(expected)}
    assert found.protocol == {"x": {"steps": 6}}


def test_nothing_is_held_out_for_the_test_and_by_other_models():
    data, module = built()
    assert evaluate({"x": ImitationError()}, module, data, "test").values == {}
    assert evaluate({"x": ImitationError()}, module, built("data.held_out=0")[0], "validation").values == {}


def test_the_best_snapshot_by_steps_held_out_is_measured_beside_the_last(tmp_path):
    chosen = ("logger=none", "trainer.rounds=6", "callbacks.best.every=1", "metrics=episodes")
    train(composed(*SMALL, *chosen, "metrics.episodes.episodes=1", f"paths.runs={tmp_path}"))
    (run,) = tmp_path.glob("*/*")
    found = json.loads((run / "metrics.json").read_text())
    assert found["best"].keys() == {"rounds", "metrics"}
    assert "test/return" in found["best"]["metrics"]
    assert (run / "best.ckpt").is_file()


def test_without_demonstrations_it_is_refused():
    _, module = built()
    with pytest.raises(GenzooError, match=r"data=pole has no demonstrations.*data.demonstrations=<file.npz>") as caught:
        module.check_data(EnvironmentSpec("pole", 4, 2, "Categorical", 200))
    assert "\n" not in str(caught.value)

"""What tells an expert from a policy: losses and rewards by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.reinforcement.adversaries import ConstantReward, Discriminator, bernoulli_entropy

LAWS = {"Categorical": torch.tensor([0, 1, 1, 0, 1]), "Gaussian": torch.linspace(-1, 1, 10).reshape(5, 2)}
X = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))


def discriminator(law="Categorical", task="survival", **options):
    """With any weights instead of the first ones."""
    torch.manual_seed(0)
    made = Discriminator(3, 2, law, task, hidden=[8], **options)
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.5)
    return made


class Given(Discriminator):
    """Steps are worth the logits that stand for their observations."""

    def logits(self, observations, actions):
        return observations[:, 0]


def given(*logits, task="survival", **options):
    return Given(1, 2, "Categorical", task, hidden=[2], **options), torch.tensor(logits)[:, None]


@pytest.mark.parametrize(
    ("task", "expected"),
    [("survival", [0.6931, 2.1269, 0.0486, 50.0]), ("goal", [-0.6931, -0.1269, -3.0486, 0.0])],
)
def test_survival_is_paid_by_log_of_the_policys_share_and_a_goal_by_log_of_the_experts(task, expected):
    """D = 1/2, 0.8808, 0.0474 and 1 to the last digit."""
    made, logits = given(0.0, 2.0, -3.0, 50.0, task=task)
    assert made.reward(logits, None).tolist() == pytest.approx(expected, abs=1e-4)


def test_the_loss_is_the_cross_entropy_of_both_sides_minus_the_weighted_entropy():
    made, logits = given(0.0, 1.0, 2.0, entropy_weight=0.5)
    policy, expert = (logits[:2], None), (logits[2:], None)
    d = 1 / (1 + np.exp(-np.array([0.0, 1.0, 2.0])))
    entropy = -(d * np.log(d) + (1 - d) * np.log(1 - d))
    expected = -np.log(1 - d[:2]).mean() - np.log(d[2]) - 0.5 * (entropy[:2].mean() + entropy[2])
    assert made.loss(policy, expert).item() == pytest.approx(expected, abs=1e-6)
    assert made.accuracy(policy, expert).item() == pytest.approx(
        (1 / 2 + 1) / 2
    )  # 0 says policy, 1 says expert; 2 says expert


def test_before_it_has_learned_it_tells_one_side_right():
    made = Discriminator(3, 2, "Categorical", "survival", hidden=[8])  # its last layer is 0
    policy, expert = (X[:2], LAWS["Categorical"][:2]), (X[2:], LAWS["Categorical"][2:])
    assert made.accuracy(policy, expert) == 0.5


def test_entropies_are_those_of_torch():
    logits = torch.linspace(-8, 8, 33, dtype=torch.double)
    expected = torch.distributions.Bernoulli(logits=logits).entropy()
    torch.testing.assert_close(bernoulli_entropy(logits), expected)


def test_of_a_finite_set_each_action_has_its_logit():
    made = discriminator()
    scores = made.network(X)
    expected = [scores[i, a].item() for i, a in enumerate([0, 1, 1, 0, 1])]
    assert made.logits(X, LAWS["Categorical"]).tolist() == expected


def test_of_a_box_the_action_is_seen_beside_the_observation():
    made = discriminator("Gaussian")
    both = torch.cat([X, LAWS["Gaussian"]], dim=1)
    assert torch.equal(made.logits(X, LAWS["Gaussian"]), made.network(both)[:, 0])


@pytest.mark.parametrize("law", LAWS)
def test_by_its_loss_it_learns_to_tell_the_expert(law):
    made = discriminator(law)
    policy, expert = (X[:2], LAWS[law][:2]), (X[2:], LAWS[law][2:])
    made.update(policy, expert)
    optimizer = torch.optim.Adam(made.parameters(), 0.01)
    before = made.loss(policy, expert)
    for _ in range(300):
        optimizer.zero_grad()
        made.loss(policy, expert).backward()
        optimizer.step()
    assert made.loss(policy, expert) < 0.1 < before
    assert made.accuracy(policy, expert) == 1
    assert made.reward(*expert).min() > made.reward(*policy).max() >= 0


@pytest.mark.parametrize("law", LAWS)
def test_the_normaliser_starts_from_the_expert_and_takes_in_both_sides(law):
    made, actions = discriminator(law), LAWS[law]
    made.initialise(X[:2], actions[:2])
    normaliser = made.network.normaliser
    assert normaliser.count == 2
    assert torch.allclose(normaliser.mean[:3].float(), X[:2].mean(0))
    made.update((X[2:4], actions[2:4]), (X[4:], actions[4:]))
    seen = X if law == "Categorical" else torch.cat([X, actions], dim=1)
    assert normaliser.count == 5
    assert torch.allclose(normaliser.mean.float(), seen.mean(0), atol=1e-6)
    assert torch.allclose(normaliser.scale().float(), seen.std(0, correction=0), atol=1e-4)


def test_another_task_is_refused():
    with pytest.raises(GenzooError, match=r"model.adversary.task=survivl: unknown. Did you mean 'survival'"):
        discriminator(task="survivl")
    with pytest.raises(GenzooError, match=r"data.task=null: .* give data.task=survival .* or data.task=goal"):
        discriminator(task=None)


@pytest.mark.parametrize(("task", "reward"), [("survival", 1.0), ("goal", -1.0)])
def test_the_control_pays_all_alike(task, reward):
    made = ConstantReward(3, 2, "Categorical", task)
    made.initialise(X, LAWS["Categorical"])
    made.update((X[:2], None), (X[2:], None))
    assert made.reward(X, LAWS["Categorical"]).tolist() == [reward] * 5

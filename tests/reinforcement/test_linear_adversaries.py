"""Linear rewards, by hand."""

import pytest
import torch

from genzoo.reinforcement.linear_adversaries import FeatureExpectationMatching, GameTheoretic

KINDS = [FeatureExpectationMatching, GameTheoretic]
# The expert's observations have mean 1 and deviation 1, so that x - 1 is standardised.
EXPERT = torch.tensor([[0.0], [2.0]]), torch.tensor([0, 1])
POLICY = torch.tensor([[1.0], [4.0]]), torch.tensor([0, 0])


def started(kind, task="survival", law="Categorical"):
    torch.manual_seed(0)
    made = kind(1, 2, law, task)
    actions = EXPERT[1] if law == "Categorical" else torch.tensor([[1.0, 0.0], [3.0, 0.0]])
    made.initialise(EXPERT[0], actions)
    return made


def test_features_are_linear_and_square_ones_of_each_action_and_a_constant():
    """(x, (x / 100)²) stands in the place of the action, 0 in the others."""
    found = started(KINDS[0]).features(*POLICY)
    assert torch.allclose(found, torch.tensor([[0, 0, 0, 0, 1], [3, 9e-4, 0, 0, 1]]), atol=1e-5)


def test_of_a_box_actions_are_standardised_with_observations():
    """The second number of an action never varies, so its deviation is the 1e-6 that is added to all."""
    found = started(KINDS[0], law="Gaussian").features(torch.tensor([[4.0]]), torch.tensor([[5.0, 0.0]]))
    assert torch.allclose(found, torch.tensor([[3, 3, 0, 9e-4, 9e-4, 0, 1]]), atol=1e-4)


def test_feature_expectation_matching_goes_in_the_direction_of_the_difference():
    """Expert: x = -1 and 1 by actions 0 and 1; policy: 0 and 3 by action 0."""
    made = started(FeatureExpectationMatching)
    made.update(POLICY, EXPERT)
    difference = torch.tensor([-0.5 - 1.5, (1e-4 - 9e-4) / 2, 0.5, 0.5e-4, 0])
    assert torch.allclose(made.weights, difference / difference.norm(), atol=1e-5)


def test_the_game_theoretic_one_bets_all_on_what_differs_most():
    made = started(GameTheoretic)
    made.update(POLICY, EXPERT)
    assert made.weights.tolist() == [-1, 0, 0, 0, 0]


def test_rewards_are_the_weighted_features_over_their_number_above_the_least():
    made = started(GameTheoretic)
    made.update(POLICY, EXPERT)  # -x of action 0, over 5 features
    assert made.reward(*POLICY).tolist() == pytest.approx([0.6, 0.0], abs=1e-5)
    assert made.reward(*EXPERT).tolist() == pytest.approx([0.8, 0.6], abs=1e-5)  # the least so far stays


def test_for_a_goal_they_are_below_the_largest():
    made = started(GameTheoretic, "goal")
    made.update(POLICY, EXPERT)
    assert made.reward(*POLICY).tolist() == pytest.approx([0.0, -0.6], abs=1e-5)
    assert made.reward(*EXPERT).tolist() == pytest.approx([0.0, -0.2], abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("task", "sign"), [("survival", 1), ("goal", -1)])
def test_the_expert_is_paid_more_and_all_with_the_tasks_sign(kind, task, sign):
    made = started(kind, task)
    made.update(POLICY, EXPERT)
    expert, policy = made.reward(*EXPERT), made.reward(*POLICY)
    expert = made.reward(*EXPERT)  # by the bound that both have set
    assert expert.mean() > policy.mean()
    assert (sign * torch.cat([expert, policy]) >= 0).all()


def test_feature_expectation_matching_begins_with_a_random_direction():
    made = started(FeatureExpectationMatching)
    assert made.weights.norm().item() == pytest.approx(1.0)
    assert (made.weights != 0).all()


def test_the_game_theoretic_one_begins_with_a_random_feature_or_its_opposite():
    found = torch.stack([GameTheoretic(1, 2, "Categorical", "survival").weights for _ in range(200)])
    assert (found.abs().sum(1) == 1).all()
    assert {(row.abs().argmax().item(), row.sum().item()) for row in found} == {
        (feature, sign) for feature in range(5) for sign in (1.0, -1.0)
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_normaliser_stays_the_experts(kind):
    made = started(kind)
    made.update(POLICY, EXPERT)
    assert made.normaliser.count == 2
    assert not list(made.parameters())

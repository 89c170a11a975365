import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.reinforcement.objectives import Clipped, LogLikelihood, Surrogate

ADVANTAGES = torch.tensor([2.0, -1.0, 0.5, -3.0])


def given(ratios):
    before = torch.tensor([-0.3, -1.0, -2.0, -0.1])
    return (before + torch.tensor(ratios).log()).requires_grad_(), before


def test_the_surrogate_weighs_advantages_by_the_ratio():
    now, before = given([1.5, 0.5, 1.0, 2.0])
    assert Surrogate()(now, before, ADVANTAGES).item() == pytest.approx(-(3.0 - 0.5 + 0.5 - 6.0) / 4)


def test_the_policy_gradient_is_that_of_the_surrogate_where_nothing_has_moved():
    gradients = []
    for objective in (Surrogate(), LogLikelihood(), Clipped()):
        now, before = given([1.0, 1.0, 1.0, 1.0])
        objective(now, before, ADVANTAGES).backward()
        gradients.append(now.grad)
    assert torch.allclose(gradients[0], -ADVANTAGES / 4)
    assert torch.allclose(gradients[1], gradients[0])
    assert torch.allclose(gradients[2], gradients[0])


def test_nothing_is_gained_beyond_the_clip_and_everything_lost():
    now, before = given([1.5, 0.5, 1.5, 1.5])
    advantages = torch.tensor([2.0, -1.0, -0.5, 0.5])
    loss = Clipped(0.2)(now, before, advantages)
    assert loss.item() == pytest.approx(-(2.4 - 0.8 - 0.75 + 0.6) / 4)
    loss.backward()
    assert now.grad.tolist() == pytest.approx([0.0, 0.0, 0.75 / 4, 0.0])


@pytest.mark.parametrize("epsilon", [0, 1, -0.1])
def test_a_clip_out_of_range_is_refused(epsilon):
    with pytest.raises(GenzooError, match=f"model.objective.epsilon={epsilon}"):
        Clipped(epsilon)

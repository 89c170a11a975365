"""Moving means by hand: which classes move, what the distance is, its gradient, what a checkpoint holds."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.hybrid.class_means import ClassMeans

FEATURES = torch.tensor([[1.0, 0.0], [3.0, 4.0], [5.0, 5.0]])
LABELS = torch.tensor([0, 0, 2])


def test_the_first_batch_sets_and_later_ones_move_only_their_classes():
    means = ClassMeans(features=2, classes=4, rate=0.25)
    assert not means.known.any()
    means.update(FEATURES, LABELS)
    assert means.known.tolist() == [True, False, True, False]
    torch.testing.assert_close(means.means, torch.tensor([[2.0, 2.0], [0.0, 0.0], [5.0, 5.0], [0.0, 0.0]]))
    means.update(torch.tensor([[6.0, 2.0], [-1.0, 1.0]]), torch.tensor([0, 1]))
    torch.testing.assert_close(means.means, torch.tensor([[3.0, 2.0], [-1.0, 1.0], [5.0, 5.0], [0.0, 0.0]]))
    assert means.known.tolist() == [True, True, True, False]


def test_the_distance_is_over_classes_with_both_means():
    means = ClassMeans(features=2, classes=4)
    assert means.distance(FEATURES, LABELS) == 0  # none is known
    means.update(FEATURES, LABELS)
    generated = torch.tensor([[1.0, 2.0], [2.0, 2.0], [9.0, 9.0], [0.0, 1.0]], requires_grad=True)
    labels = torch.tensor([0, 0, 1, 2])
    # Class 0: (1.5, 2) against (2, 2); 1: not known; 2: (0, 1) against (5, 5); 3: none generated.
    distance = means.distance(generated, labels)
    assert distance.item() == pytest.approx((0.5**2 + 5**2 + 4**2) / 2)
    (gradient,) = torch.autograd.grad(distance, generated)
    expected = [[-0.25, 0.0], [-0.25, 0.0], [0.0, 0.0], [-5.0, -4.0]]
    torch.testing.assert_close(gradient, torch.tensor(expected))


def test_a_checkpoint_holds_them():
    means = ClassMeans(features=2, classes=4)
    means.update(FEATURES, LABELS)
    other = ClassMeans(features=2, classes=4)
    other.load_state_dict(means.state_dict())
    assert torch.equal(other.means, means.means)
    assert torch.equal(other.known, means.known)
    assert not list(means.parameters())


@pytest.mark.parametrize("rate", [0.0, 1.5])
def test_a_rate_out_of_range_is_refused(rate):
    with pytest.raises(GenzooError, match=rf"^model\.class_means\.rate={rate}: a number above 0 and up to 1"):
        ClassMeans(features=2, classes=4, rate=rate)

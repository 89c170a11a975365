import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.nn.matching import MeanAbsolute, MeanSquared

BOTH = pytest.mark.parametrize("matching", [MeanSquared, MeanAbsolute])
REAL = torch.tensor([[1.0, 0.0, -2.0], [3.0, 1.0, -4.0]], dtype=torch.double)  # means 2, 0.5, -3
FAKE = torch.tensor([[0.0, 1.0, 1.0], [1.0, 2.0, 1.0], [2.0, 6.0, 1.0]], dtype=torch.double)  # 1, 3, 1


def test_differences_of_means_by_hand():
    assert MeanSquared()(REAL, FAKE).item() == pytest.approx((1 + 2.5**2 + 4**2) / 3)
    assert MeanAbsolute()(REAL, FAKE).item() == pytest.approx((1 + 2.5 + 4) / 3)


@BOTH
def test_the_gradient_moves_generated_features_only(matching):
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda fake: matching()(REAL, fake), fake)
    matching()(real, fake).backward()
    assert real.grad is None
    # Each feature falls where its mean is above the real one.
    assert torch.equal(fake.grad.sign(), torch.tensor([-1.0, 1, 1], dtype=torch.double).expand(3, 3))


@BOTH
def test_only_means_count(matching):
    assert matching()(REAL, REAL.flip(0)).item() == 0
    assert matching()(REAL, REAL.mean(0, keepdim=True)).item() == 0


@BOTH
def test_means_are_taken_in_float32(matching):
    features = torch.cat([torch.full((1000, 1), 1.0), torch.full((1, 1), 100.0)]).bfloat16()
    found = matching()(torch.zeros(1, 1, dtype=torch.bfloat16), features)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx((1100 / 1001) ** (2 if matching is MeanSquared else 1), rel=1e-6)


@BOTH
def test_an_unknown_scope_is_refused(matching):
    with pytest.raises(GenzooError, match=r"scope='batch' is unknown. Accepted: rank, global"):
        matching("batch")

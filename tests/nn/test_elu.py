import torch
from torch.nn import functional as F

from genzoo.nn.elu import elu


def test_it_is_torchs_and_so_is_its_gradient():
    x = torch.linspace(-20, 20, 1001, dtype=torch.double)
    x = torch.cat([x, torch.tensor([-1e-9, 0.0, 1e-9, -300.0])])
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    weights = torch.arange(len(x)).double()
    (elu(ours) * weights).sum().backward()
    (F.elu(theirs) * weights).sum().backward()
    torch.testing.assert_close(elu(x), F.elu(x), rtol=0, atol=1e-12)
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-12, atol=1e-9)


def test_it_keeps_the_dtype_and_the_memory_format():
    x = torch.randn(2, 3, 4, 4, dtype=torch.bfloat16).contiguous(memory_format=torch.channels_last)
    assert elu(x).dtype == torch.bfloat16
    assert elu(x).is_contiguous(memory_format=torch.channels_last)


def test_in_half_precision_small_numbers_are_not_lost():
    x = -torch.logspace(-6, 1, 50).bfloat16()
    assert torch.equal(elu(x), F.elu(x))
    assert (elu(x) < 0).all()

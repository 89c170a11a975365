"""RMSProp of players that wait, and of clipped gradients, against torch's."""

import copy

import pytest
import torch
from torch import nn

from genzoo.core.rmsprop import ClippedRMSprop, PausingRMSprop

OPTIONS = {"lr": 0.01, "alpha": 0.9, "eps": 1e-6, "weight_decay": 0.1}


def parameters():
    generator = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=generator, dtype=torch.double)) for shape in ((2, 3), (4,))]


def step(optimizer, t, zero=False):
    """A step by the gradients of time t; 0 in ``zero`` cases."""
    generator = torch.Generator().manual_seed(t)
    for p in optimizer.param_groups[0]["params"]:
        p.grad = torch.randn(p.shape, generator=generator, dtype=p.dtype) * (not zero)
    optimizer.step()


def same(ours, theirs):
    return all(torch.allclose(a, b, rtol=1e-12) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("options", [OPTIONS, {"lr": 0.1}, OPTIONS | {"weight_decay": 0.0}])
def test_it_is_torchs_with_gradients_and_nothing_without_them(options):
    ours, theirs = parameters(), parameters()
    pausing, torchs = PausingRMSprop(ours, **options), torch.optim.RMSprop(theirs, **options)
    for t in range(6):
        step(pausing, t)
        step(torchs, t)
        assert same(ours, theirs)
        for _ in range(20):
            step(pausing, t, zero=True)  # torch's is not asked
        assert same(ours, theirs)
    step(torchs, 0, zero=True)
    assert same(ours, theirs) == (not options.get("weight_decay"))


def test_a_group_waits_as_a_whole():
    ours, theirs = parameters(), parameters()
    for kind, given in ((PausingRMSprop, ours), (torch.optim.RMSprop, theirs)):
        optimizer = kind(given, **OPTIONS)
        given[0].grad, given[1].grad = torch.zeros(2, 3).double(), torch.tensor([0.0, 0.0, 1.0, 0.0]).double()
        optimizer.step()
    assert same(ours, theirs)  # by its weight decay the first one moves, too


def test_its_state_goes_on_where_it_was():
    ours = parameters()
    optimizer = PausingRMSprop(ours, **OPTIONS)
    step(optimizer, 0)
    again = copy.deepcopy(ours)
    resumed = PausingRMSprop(again, **OPTIONS)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for one in (optimizer, resumed):
        step(one, 1)
    assert same(ours, again)


@pytest.mark.parametrize("wrong", [{"lr": -1.0}, {"alpha": 1.0}, {"eps": -1.0}, {"weight_decay": -1.0}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}=.*are needed"):
        PausingRMSprop(parameters(), **wrong)


def test_clipped_gradients_give_torchs_steps():
    ours, theirs, bound = parameters(), parameters(), 0.5
    clipping, torchs = ClippedRMSprop(ours, bound=bound, **OPTIONS), torch.optim.RMSprop(theirs, **OPTIONS)
    for t in range(6):
        step(clipping, t)
        generator = torch.Generator().manual_seed(t)
        for p in theirs:
            p.grad = torch.randn(p.shape, generator=generator, dtype=p.dtype).clamp(-bound, bound)
        torchs.step()
        assert same(ours, theirs)
    with pytest.raises(ValueError, match="bound=0: a positive number is needed"):
        ClippedRMSprop(parameters(), bound=0)

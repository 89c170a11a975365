import copy

import pytest
import torch
from torch import nn

from genzoo.core.inference import batch_statistics
from genzoo.nn.batch_norm import GlobalBatchNorm, with_global_batch_norm


@pytest.mark.parametrize("kind", [nn.BatchNorm1d, nn.BatchNorm2d])
def test_alone_it_is_torchs_batch_norm(kind):
    plain = nn.Sequential(kind(3))
    other = with_global_batch_norm(copy.deepcopy(plain))
    assert isinstance(other[0], GlobalBatchNorm)
    x = torch.randn(8, 3) if kind is nn.BatchNorm1d else torch.randn(8, 3, 4, 4)
    torch.testing.assert_close(other(x), plain(x))
    torch.testing.assert_close(other.state_dict(), plain.state_dict())
    torch.testing.assert_close(other.eval()(x), plain.eval()(x))
    with batch_statistics(other), batch_statistics(plain):
        torch.testing.assert_close(other(x), plain(x))


class Ranks:
    """Two ranks that hold the same batch: whatever is summed over them is doubled."""

    @staticmethod
    def all_reduce(values):
        return 2 * values


@pytest.mark.parametrize("shape", [(8, 3), (8, 3, 4, 4)])
def test_over_ranks_it_is_batch_norm_of_their_batches_together(shape, monkeypatch):
    monkeypatch.setattr("torch.distributed.is_initialized", lambda: True)
    monkeypatch.setattr("torch.distributed.get_world_size", lambda: 2)
    monkeypatch.setattr("genzoo.nn.batch_norm.all_reduce", Ranks.all_reduce)
    kind = nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d
    plain = kind(3).double()
    nn.init.normal_(plain.weight)
    nn.init.normal_(plain.bias)
    other = with_global_batch_norm(copy.deepcopy(plain))
    x = torch.randn(shape, dtype=torch.double) * 3 + 1
    torch.testing.assert_close(other(x), plain(torch.cat([x, x]))[:8])
    torch.testing.assert_close(other.state_dict(), plain.state_dict())


def test_an_evaluation_by_one_rank_asks_no_other(monkeypatch):
    monkeypatch.setattr("torch.distributed.is_initialized", lambda: True)
    monkeypatch.setattr("torch.distributed.get_world_size", lambda: 2)

    def hang(values):
        raise AssertionError("the other ranks are not here")

    monkeypatch.setattr("genzoo.nn.batch_norm.all_reduce", hang)
    layer, x = with_global_batch_norm(nn.Sequential(nn.BatchNorm1d(3))), torch.randn(8, 3)
    layer.eval()(x)
    with batch_statistics(layer):
        layer(x)

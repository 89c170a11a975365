import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.reinforcement.passes import Passes, share_of


def test_each_epoch_goes_over_everything_once_in_an_order_of_its_own():
    torch.manual_seed(0)
    passes = Passes(epochs=3, minibatches=4)
    parts = passes.over(10)
    assert len(parts) == len(passes) == 12
    epochs = [torch.cat(parts[4 * i : 4 * i + 4]) for i in range(3)]
    assert all(epoch.sort().values.tolist() == list(range(10)) for epoch in epochs)
    assert not torch.equal(epochs[0], epochs[1])


def test_a_whole_batch_keeps_its_order():
    assert [part.tolist() for part in Passes(epochs=2).over(3)] == [[0, 1, 2], [0, 1, 2]]


def test_a_fraction_is_a_choice_without_repetition():
    torch.manual_seed(0)
    a, b = share_of(1000, 0.1), share_of(1000, 0.1)
    assert len(a.unique()) == 100
    assert not torch.equal(a, b)
    assert len(share_of(3, 0.1)) == 1
    assert share_of(3, 1.0) == slice(None)


@pytest.mark.parametrize("key", ["epochs", "minibatches"])
def test_settings_are_checked(key):
    with pytest.raises(GenzooError, match=f"{key}=0: a positive integer"):
        Passes(**{key: 0})

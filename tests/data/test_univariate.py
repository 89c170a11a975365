import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.univariate import Univariate

LAW = {"weights": [0.33, 0.67], "means": [-1.0, 2.0], "stds": [0.255, 1.415]}


def test_numbers_have_the_shares_means_and_deviations_of_their_components():
    data = Univariate(**LAW)
    numbers, labels, *_ = data.split("train")
    numbers = numbers.flatten() * data.extent
    assert labels.float().mean().item() == pytest.approx(0.67, abs=0.005)
    for label, (mean, std) in enumerate(((-1.0, 0.255), (2.0, 1.415))):
        mine = numbers[labels == label]
        assert mine.mean().item() == pytest.approx(mean, abs=0.01)
        assert mine.std().item() == pytest.approx(std, rel=0.01)


def test_splits_differ_and_a_seed_repeats_them():
    one, other, again = (
        Univariate(**LAW, n_test=50),
        Univariate(**LAW, n_test=50, points_seed=1),
        Univariate(**LAW, n_test=50),
    )
    assert torch.equal(one.split("test").images, again.split("test").images)
    assert not torch.equal(one.split("test").images, other.split("test").images)
    assert not torch.equal(one.split("train").images[:50], one.split("test").images)
    assert len(Univariate(**LAW, n_validation=0).split("validation").images) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"means": [0.0]}, "data.weights, data.means, data.stds: 2, 1 and 2 values were given"),
        ({"stds": [0.0, 1.0]}, "positive numbers are needed"),
        ({"weights": [-1.0, 1.0]}, "positive numbers are needed"),
        ({"channels": 2}, "data.channels=2: data=univariate has channels=1"),
    ],
)
def test_bad_settings_are_one_line(options, message):
    with pytest.raises(GenzooError, match=message):
        Univariate(**{**LAW, **options})

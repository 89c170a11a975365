import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.noise import Noise


@pytest.mark.parametrize("levels", [2, 5, 256])
def test_all_levels_are_equally_likely_and_independent(levels):
    data = Noise(size=8, channels=1, levels=levels, n_train=2000)
    images = data.split("train").images
    assert images.shape == (2000, 1, 8, 8)
    assert images.dtype == torch.uint8
    shares = images.flatten().long().bincount(minlength=levels) * levels / images.numel()
    assert len(shares) == levels
    assert (shares - 1).abs().max() < 5 * (levels / images.numel()) ** 0.5
    correlations = torch.corrcoef(images.flatten(1).float().T).fill_diagonal_(0)
    assert correlations.abs().max() < 5 / 2000**0.5
    assert data.spec.levels == levels


def test_splits_differ_and_the_same_seed_gives_the_same():
    one, same, other = (Noise(size=4, n_train=5, n_validation=5, n_test=5, noise_seed=s) for s in (0, 0, 1))
    images = {split: one.split(split).images for split in ("train", "validation", "test")}
    assert images["train"].shape == (5, 3, 4, 4)
    assert not torch.equal(images["train"], images["test"])
    assert not torch.equal(images["validation"], images["test"])
    assert torch.equal(images["test"], same.split("test").images)
    assert not torch.equal(images["test"], other.split("test").images)
    assert set(one.split("test").labels.tolist()) == {-1}


@pytest.mark.parametrize(
    ("key", "value"), [("levels", 1), ("levels", 257), ("levels", 2.5), ("n_train", 0), ("n_test", -1), ("classes", 2)]
)
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=f"^data.{key}={value}: "):
        Noise(**{key: value})

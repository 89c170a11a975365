import numpy as np
import pytest
import torch

from genzoo.core.capabilities import Encodes
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.core.latent import Latent, Normal
from genzoo.metrics.active_units import THRESHOLD, ActiveUnits, Variance
from genzoo.metrics.evaluation import Evaluation, capable
from support.likelihoods import Images, Linear, Pixels


class Scaled(Inference):
    """A pixel a unit, 1 or -1, times a scale a unit: of balanced pixels its variance is the scale's square."""

    device = torch.device("cpu")
    scales = torch.tensor([1.0, 0.0, 0.05, 0.2, 0.0, 0.3])

    def __init__(self):
        super().__init__()
        self.latent = Latent(top=Normal(2), middle=Normal(1), bottom=Normal(3))
        self.batches = []

    def capabilities(self):
        return frozenset({Encodes})

    def encode(self, images):
        self.batches.append(len(images))
        return 5 + images.flatten(1)[:, :6] * self.scales


def test_units_that_vary_are_counted_in_all_and_in_each_part():
    found = ActiveUnits()(Scaled(), Images(), "test")
    assert found.values == {
        "active_units": 3,
        "active_units/top": 1,
        "active_units/middle": 0,
        "active_units/bottom": 2,
    }
    assert (found.protocol["units"], found.protocol["threshold"]) == (6, 0.01)
    assert (found.protocol["images"], found.protocol["of_images"]) == (60, 60)


@pytest.mark.parametrize("scale", [0.0, 0.098, 0.102, 3.0])
def test_the_threshold_lies_between_variances_of_one_hundredth(scale):
    means = torch.cat([torch.ones(50, 1), -torch.ones(50, 1)]) * scale + 1000
    variance = Variance()
    for batch in means.split(30):
        variance.add(batch)
    assert variance.value().item() == pytest.approx(np.var(means.double().numpy()), abs=1e-12)
    assert (variance.value() > THRESHOLD).item() == (scale > 0.1)


def test_of_a_linear_model_a_unit_is_active_if_the_data_move_its_mean():
    found = ActiveUnits()(Linear(idle=2), Images(), "test").values
    assert found == {"active_units": 3, "active_units/top": 2, "active_units/bottom": 1}


def test_images_are_encoded_in_equal_batches_and_counted_once():
    class Counting(Scaled):
        def encode(self, images):
            code = torch.zeros(len(images), 6)
            code[:, 0] = torch.arange(len(images)) == 5  # in the last batch one of those that fill it up
            return code if len(self.batches) == 3 else super().encode(images) * 0

    module = Counting()
    found = ActiveUnits(batch_size=19)(module, Images(), "test")
    assert module.batches == [19, 19, 19]
    assert found.values["active_units"] == 0


def test_of_fewer_images_the_names_tell_how_many():
    found = ActiveUnits(images=20)(Scaled(), Images(), "test")
    assert set(found.values) == {f"active_units{part}_n20" for part in ("", "/top", "/middle", "/bottom")}
    assert (found.protocol["images"], found.protocol["of_images"]) == (20, 60)


def test_a_code_that_is_not_finite_is_an_error():
    module = Scaled()
    module.scales = torch.full((6,), torch.inf)
    with pytest.raises(GenzooError, match=r"^metrics.active_units: the code is not finite for 60 of 60 images"):
        ActiveUnits()(module, Images(), "test")


def test_an_empty_split_has_none_and_a_model_that_does_not_encode_is_passed_over():
    assert ActiveUnits()(Scaled(), Images(validation=0), "validation") == Evaluation()
    assert capable({"active_units": ActiveUnits()}, Pixels()) == {}


@pytest.mark.parametrize("key", ["images", "batch_size"])
def test_settings_are_checked(key):
    with pytest.raises(GenzooError, match=f"^metrics.active_units.{key}=0: a positive integer is needed.$"):
        ActiveUnits(**{key: 0})

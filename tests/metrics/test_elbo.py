import math

import pytest
import torch
from scipy.stats import sem

from genzoo.core.errors import GenzooError
from genzoo.metrics.elbo import EvidenceLowerBound
from genzoo.metrics.evaluation import Evaluation, capable
from support.likelihoods import Images, Linear, Pixels


def test_its_terms_are_those_in_closed_form():
    data, module = Images(test=4000), Linear(off=0.3)
    found = EvidenceLowerBound(batch_size=1000)(module, data, "test").values
    log_likelihood, kl = module.expected_bound(data.split("test").images)
    expected = {f"kl/{layer}": divergence.mean().item() for layer, divergence in kl.items()}
    assert {name: value for name, value in found.items() if name.startswith("kl/")} == pytest.approx(expected, rel=1e-5)
    assert found["reconstruction_nll"] == pytest.approx(-log_likelihood.mean().item(), abs=0.1)  # the draws' error
    assert found["kl"] == pytest.approx(sum(expected.values()), rel=1e-5)
    assert found["negative_elbo"] == pytest.approx(found["reconstruction_nll"] + found["kl"], rel=1e-6)
    assert found["elbo_bits_per_dim"] == pytest.approx(found["negative_elbo"] / 9 / math.log(2))
    assert set(found) == {
        *expected, "kl", "reconstruction_nll", "negative_elbo", "negative_elbo_standard_error", "elbo_bits_per_dim"
    }  # fmt: skip


def test_its_standard_error_is_that_over_images():
    module, seen = Linear(), []
    bound = module.bound
    module.bound = lambda *args: seen.append(bound(*args)) or seen[-1]
    found = EvidenceLowerBound()(module, Images(), "test").values
    (terms,) = seen
    negative = (terms.kl["top"] + terms.kl["bottom"] - terms.log_likelihood).numpy()
    assert found["negative_elbo"] == pytest.approx(negative.mean(), rel=1e-5)
    assert found["negative_elbo_standard_error"] == pytest.approx(sem(negative, ddof=0), rel=1e-5)


def test_the_same_settings_give_the_same_and_no_global_random_state_is_touched():
    data, module = Images(), Linear()
    state = torch.get_rng_state()
    first, again, other = (EvidenceLowerBound(seed=s)(module, data, "test") for s in (0, 0, 1))
    assert first == again
    assert first.values["reconstruction_nll"] != other.values["reconstruction_nll"]
    assert torch.equal(torch.get_rng_state(), state)


def test_of_fewer_images_the_names_tell_how_many():
    found = EvidenceLowerBound(images=20, seed=4)(Linear(), Images(), "test")
    assert {"negative_elbo_n20", "kl_n20", "kl/top_n20", "elbo_bits_per_dim_n20"} < set(found.values)
    assert (found.protocol["images"], found.protocol["of_images"], found.protocol["seed"]) == (20, 60, 4)
    assert found.protocol["draws"] == 1


@pytest.mark.parametrize("layer", ["top", "bottom"])
def test_a_layer_whose_divergence_is_not_finite_is_named(layer):
    module = Linear()
    bound = module.bound

    def sick(levels, generator=None):
        found = bound(levels, generator)
        found.kl[layer][3] = math.nan
        return found

    module.bound = sick
    message = f"^metrics.elbo: the KL divergence of layer {layer} is not finite for 1 of 60 images"
    with pytest.raises(GenzooError, match=message):
        EvidenceLowerBound()(module, Images(), "test")


def test_a_reconstruction_that_is_not_finite_is_named():
    module = Linear()
    module.log_likelihood = lambda x, z: torch.full((len(x),), -math.inf)
    with pytest.raises(GenzooError, match=r"^metrics.elbo: log p\(x\|z\) is not finite for 60 of 60 images"):
        EvidenceLowerBound()(module, Images(), "test")


def test_points_and_empty_splits_are_not_measured():
    data = Images(validation=0)
    assert EvidenceLowerBound()(Linear(), data, "validation") == Evaluation()
    data.spec = data.spec._replace(levels=None)
    assert EvidenceLowerBound()(Linear(), data, "test") == Evaluation()


def test_it_needs_a_bound():
    assert capable({"elbo": EvidenceLowerBound()}, Pixels()) == {}
    assert capable({"elbo": EvidenceLowerBound()}, Linear())


@pytest.mark.parametrize("key", ["images", "batch_size"])
@pytest.mark.parametrize("value", [0, 1.5])
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=f"^metrics.elbo.{key}={value}: a positive integer is needed.$"):
        EvidenceLowerBound(**{key: value})

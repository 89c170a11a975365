import math

import numpy as np
import pytest
import torch
from scipy.stats import bernoulli, sem

from genzoo.core.errors import GenzooError
from genzoo.data.binarized_mnist import DynamicBinarizedMNIST
from genzoo.metrics import scored
from genzoo.metrics.evaluation import Evaluation, capable
from genzoo.metrics.likelihood import Likelihood
from genzoo.metrics.samples import SampleGrid
from support.likelihoods import Images, Linear, Pixels


@pytest.mark.parametrize("batch_size", [7, 60, 1000])
def test_an_exact_likelihood_is_that_of_scipy_whatever_the_batches(batch_size):
    data, module = Images(), Pixels()
    found = Likelihood(batch_size=batch_size)(module, data, "test")
    pixels = data.split("test").images.flatten(1).numpy()
    nll = -bernoulli(np.linspace(0.1, 0.9, 9)).logpmf(pixels).sum(1)
    assert found.values == pytest.approx(
        {
            "nll": nll.mean(),
            "nll_standard_error": sem(nll, ddof=0),
            "bits_per_dim": (nll / np.log(2)).mean() / 9,
        },
        rel=1e-5,
    )


def test_many_draws_come_to_the_likelihood_in_closed_form():
    data, module = Images(), Linear(off=0.3)
    found = Likelihood(n_importance=3000)(module, data, "test").values
    assert found["nll"] == pytest.approx(-module.exact(data.split("test").images).mean().item(), abs=0.01)


def test_one_draw_is_the_evidence_lower_bound_and_more_draws_are_nearer_to_the_likelihood():
    data, module = Images(test=2000), Linear(off=0.3)
    exact = -module.exact(data.split("test").images).mean().item()
    nll = {k: Likelihood(n_importance=k, batch_size=2000)(module, data, "test").values["nll"] for k in (1, 2, 8, 64)}
    log_likelihood, kl = module.expected_bound(data.split("test").images)
    bound = (log_likelihood - sum(kl.values())).mean().item()
    assert nll[1] == pytest.approx(-bound, abs=0.1)  # three standard errors of the draws
    assert nll[1] > nll[2] > nll[8] > nll[64] > exact
    assert nll[1] - exact > 10 * (nll[64] - exact)


def test_the_same_settings_give_the_same_and_no_global_random_state_is_touched():
    data, module = Images(), Linear()
    state = torch.get_rng_state()
    first, again, other = (Likelihood(n_importance=2, seed=s)(module, data, "test") for s in (0, 0, 1))
    assert first == again
    assert first.values["nll"] != other.values["nll"]
    assert torch.equal(torch.get_rng_state(), state)


def test_of_fewer_images_the_names_tell_how_many():
    data, module = Images(), Pixels()
    some, whole = (Likelihood(images=n)(module, data, "test") for n in (20, 60))
    assert set(some.values) == {"nll_n20", "nll_standard_error_n20", "bits_per_dim_n20"}
    assert some.values["nll_n20"] == pytest.approx(-module.log_prob(data.split("test").images[::3]).mean().item())
    assert (some.protocol["images"], some.protocol["of_images"]) == (20, 60)
    assert whole == Likelihood()(module, data, "test")
    assert whole == Likelihood(images=61)(module, data, "test")
    assert (whole.protocol["images"], whole.protocol["of_images"]) == (60, 60)
    assert "nll" in Likelihood(images=7)(module, data, "validation").values


def test_the_protocol_tells_whether_it_is_exact():
    data = Images(test=3)
    exact, sampled = (
        Likelihood(n_importance=5, seed=2)(module, data, "test").protocol for module in (Pixels(), Linear())
    )
    assert exact["estimator"] == "exact"
    assert not {"n_importance", "seed"} & set(exact)
    assert sampled["estimator"] == "importance sampling"
    assert (sampled["n_importance"], sampled["seed"], sampled["batch_size"]) == (5, 2, 100)
    assert (sampled["levels"], sampled["averages"], sampled["drawn_levels"]) == (2, [], None)


class Grey(Images):
    """Binary levels, drawn anew each time from grey ones."""

    augment = DynamicBinarizedMNIST.augment

    def load(self):
        splits = super().load()
        return {name: split._replace(images=split.images * 128) for name, split in splits.items()}


def test_images_that_are_drawn_are_drawn_once_and_for_all():
    data, module = Grey(), Pixels()
    found = Likelihood()(module, data, "test")
    assert found == Likelihood()(module, Grey(), "test")
    levels = data.evaluation_images("test").images
    assert levels.max() == 1
    assert found.values["nll"] == pytest.approx(-module.log_prob(levels).mean().item())
    assert found.protocol["drawn_levels"] == "once, by a fixed seed"


def test_an_image_without_a_finite_likelihood_is_named():
    module = Pixels()
    module.p = torch.zeros_like(module.p)
    module.log_prob = lambda levels, *_: torch.where(levels[:, 0, 0, 0] == 1, math.nan, -1.0)
    data = Images()
    ones = data.split("test").images[:, 0, 0, 0]
    message = (
        rf"^metrics.likelihood: log p\(x\) is not finite for {ones.sum()} of 60 images \(the first: {ones.argmax()}\)"
    )
    with pytest.raises(GenzooError, match=message):
        Likelihood()(module, data, "test")


def test_progress_is_logged(monkeypatch, caplog):
    monkeypatch.setattr(scored, "LOG_INTERVAL", -1.0)
    with caplog.at_level("INFO", "genzoo"):
        Likelihood(batch_size=25)(Pixels(), Images(), "test")
    assert [record.getMessage() for record in caplog.records] == [
        "likelihood of 25 of 60 images",
        "likelihood of 50 of 60 images",
        "likelihood of 60 of 60 images",
    ]


def test_points_and_empty_splits_are_not_measured():
    data = Images(validation=0)
    assert Likelihood()(Pixels(), data, "validation") == Evaluation()
    data.spec = data.spec._replace(levels=None)
    assert Likelihood()(Pixels(), data, "test") == Evaluation()


def test_it_needs_a_likelihood():
    metrics = {"likelihood": Likelihood(), "samples": SampleGrid()}
    assert set(capable(metrics, Pixels())) == {"likelihood"}


@pytest.mark.parametrize("key", ["n_importance", "images", "batch_size"])
@pytest.mark.parametrize("value", [0, -1, 1.5])
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=f"^metrics.likelihood.{key}={value}: a positive integer is needed.$"):
        Likelihood(**{key: value})

import re

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.data.binarise import binarise
from genzoo.metrics.anomaly import AnomalyDetection
from genzoo.metrics.evaluation import Evaluation, capable
from genzoo.metrics.likelihood import Likelihood
from genzoo.runs.build import build_metrics
from genzoo.runs.named_data import NamedData
from support import composed
from support.likelihoods import Images, Linear, Pixels, levels


def against(other, **settings):
    return AnomalyDetection(lambda like: other, **settings)


def area(*scores):
    """The Mann-Whitney count as a fraction: pairs in which the first score is higher, ties as half a pair."""
    known, unknown = scores
    wins = [(a > b) + 0.5 * (a == b) for a in known.tolist() for b in unknown.tolist()]
    return sum(wins) / len(wins)


def likely(n, seed=4):
    """Images that the model ``Pixels`` made."""
    draws = torch.rand(n, 1, 3, 3, generator=torch.Generator().manual_seed(seed))
    return (draws < Pixels().p).to(torch.uint8)


def test_it_counts_the_pairs_in_the_right_order_and_ties_as_half():
    own, other = likely(40), levels(30, seed=8)
    other[:10] = own[:10]
    found = against(Images(other, name="other"))(Pixels(), Images(own), "test")
    scores = [Pixels().log_prob(x) for x in (own, other)]
    assert (scores[0][:, None] == scores[1]).any()
    assert found.values == {"anomaly_auroc_other": pytest.approx(area(*scores), abs=1e-12)}


def test_images_that_the_model_made_are_likelier_than_noise_and_noise_is_not():
    own, noise = Images(likely(500)), Images(500, name="noise")
    (there,) = against(noise)(Pixels(), own, "test").values.values()
    (back,) = against(own)(Pixels(), noise, "test").values.values()
    assert 0.85 < there < 1
    assert back == pytest.approx(1 - there)


def test_an_estimated_likelihood_scores_as_well_as_the_exact_one():
    module, own, other = Linear(), Images(30), Images(torch.ones(20, 1, 3, 3, dtype=torch.uint8), name="other")
    other.given["test"][:, 0, 0, :2] = levels(20, seed=5)[:, 0, 0, :2]
    asked, log_prob = [], module.log_prob
    module.log_prob = lambda levels, n, draws: asked.append(n) or log_prob(levels, n, draws)
    found = against(other, n_importance=200, seed=3)(module, own, "test")
    assert asked == [200, 200]
    exact = area(*(module.exact(d.split("test").images) for d in (own, other)))
    assert 0.1 < exact < 0.9
    assert found.values["anomaly_auroc_other"] == pytest.approx(exact, abs=0.03)
    assert (found.protocol["estimator"], found.protocol["n_importance"], found.protocol["seed"]) == (
        "importance sampling",
        200,
        3,
    )


def test_each_set_gives_so_many_images_evenly_spaced_of_the_split():
    own, other = Images(likely(60)), Images(50, name="other")
    found = against(other, images=20)(Pixels(), own, "test")
    picked = own.split("test").images[::3], other.split("test").images[torch.arange(20) * 5 // 2]
    assert found.values["anomaly_auroc_other"] == pytest.approx(area(*map(Pixels().log_prob, picked)))
    assert (found.protocol["images"], found.protocol["of_images"]) == (20, 60)
    assert (found.protocol["against_images"], found.protocol["against_of_images"]) == (20, 50)
    assert found.protocol["against"] == "other"
    everything = against(other, images=None)(Pixels(), own, "test").protocol
    assert (everything["images"], everything["against_images"]) == (60, 50)
    assert against(other)(Pixels(), own, "validation").protocol["against_images"] == 7


def test_grey_images_are_binarised_for_a_binary_model():
    own, grey = Images(likely(60)), Images(50, values=256, name="grey")
    found = against(grey, seed=2)(Pixels(), own, "test")
    drawn = binarise(grey.split("test").images, generator(2, "binarised", "grey"))
    scores = [Pixels().log_prob(x) for x in (own.split("test").images, drawn)]
    assert found.values == {"anomaly_auroc_grey": pytest.approx(area(*scores))}
    assert found.protocol["against_levels"] == "binarised, 1 with probability level / 255"
    assert against(Images())(Pixels(), own, "test").protocol["against_levels"] == "its own"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"shape": (3, 3, 3)},
            "its images are (3, 3, 3) (channels, height, width), but those of the model's data=images are (1, 3, 3); "
            "choose a set of that shape, or noise or shapes.",
        ),
        ({"shape": (1, 4, 4)}, "its images are (1, 4, 4) (channels, height, width), but those of"),
        ({"levels": 5}, "its pixels have 5 levels, but those of the model's data=images have 2; choose a set"),
        ({"levels": None}, "its pixels have no levels, but those of the model's data=images have 2; choose a set"),
    ],
)
def test_a_set_that_does_not_fit_is_refused_before_it_is_loaded(change, message):
    other = Images(name="other")
    other.spec = other.spec._replace(**change)
    with pytest.raises(GenzooError, match=f"^metrics.against=other: {re.escape(message)}") as caught:
        against(other)(Pixels(), Images(), "test")
    assert "\n" not in str(caught.value)
    assert other._splits is None


def test_binary_images_are_refused_for_a_grey_model():
    with pytest.raises(GenzooError, match=r"^metrics.against=other: its pixels have 2 levels, but those .* have 256"):
        against(Images(name="other"))(Pixels(), Images(values=256), "test")


def test_a_set_whose_likelihood_is_not_finite_is_named():
    module = Pixels()
    module.log_prob = lambda levels, *_: levels.flatten(1).float().sum(1).log()  # -∞ of images of nothing
    own, nothing = (Images(fill(60, 1, 3, 3, dtype=torch.uint8), name="other") for fill in (torch.ones, torch.zeros))
    message = r"^metrics.anomaly: log p\(x\) of other is not finite for 60 of 60 images"
    with pytest.raises(GenzooError, match=message):
        against(nothing)(module, own, "test")


def test_the_same_settings_give_the_same_and_no_global_random_state_is_touched():
    state = torch.get_rng_state()
    values = [
        against(Images(name="other"), n_importance=1, seed=s)(Linear(), Images(), "test").values for s in (0, 0, 1)
    ]
    assert values[0] == values[1] != values[2]
    assert torch.equal(torch.get_rng_state(), state)


def test_empty_splits_are_not_measured():
    assert against(Images(name="other"))(Pixels(), Images(validation=0), "validation") == Evaluation()
    assert against(Images(name="other", validation=0))(Pixels(), Images(), "validation") == Evaluation()


@pytest.mark.parametrize("key", ["n_importance", "images", "batch_size"])
def test_settings_are_checked(key):
    with pytest.raises(GenzooError, match=f"^metrics.anomaly.{key}=0: a positive integer is needed.$"):
        against(Images(), **{key: 0})


# The command line.


def configured(*overrides):
    return composed("ckpt=x", *overrides, name="evaluate")


def test_the_other_set_is_named_on_the_command_line():
    metrics = build_metrics(configured("metrics=anomaly", "metrics.against=noise"))
    assert list(metrics) == ["anomaly"]
    assert capable(metrics, Pixels())
    other = metrics["anomaly"].data(Images().spec)
    assert (other.name, other.spec[:3]) == ("noise", ("noise", (1, 3, 3), 2))
    assert list(metrics["anomaly"](Pixels(), Images(), "test").values) == ["anomaly_auroc_noise"]


def test_it_stands_beside_other_metrics():
    metrics = build_metrics(configured("metrics=[likelihood,anomaly]", "metrics.against=shapes"))
    assert {name: type(metric) for name, metric in metrics.items()} == {
        "likelihood": Likelihood,
        "anomaly": AnomalyDetection,
    }
    assert isinstance(metrics["anomaly"].data, NamedData)


def test_a_name_that_is_none_is_answered_with_near_ones_before_anything_is_loaded():
    with pytest.raises(GenzooError, match=r"^metrics.against=omniglott: .*Did you mean 'omniglot'\?$"):
        build_metrics(configured("metrics=anomaly", "metrics.against=omniglott"))

import pytest
import torch

from genzoo.core.capabilities import Decodes, Features
from genzoo.core.distances import Pixels, PixelsAndFeatures
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.latent_search import LatentSearch
from genzoo.metrics.anomaly_search import SearchedAnomalyDetection
from genzoo.metrics.evaluation import Evaluation, capable
from genzoo.runs.build import build_metrics
from support import composed
from support.decoders import Affine
from support.likelihoods import Images

SEARCH = LatentSearch(PixelsAndFeatures(), steps=60, restarts=2)


def made(module, n, seed=0):
    """Levels of images of the model."""
    return to_levels(module.decode(module.latent.sample(n, torch.Generator().manual_seed(seed))))


def against(other, search=SEARCH, **settings):
    return SearchedAnomalyDetection(lambda like: other, search, **settings)


def with_square(levels):
    """The images with a white square in the corner."""
    changed = levels.clone()
    changed[:, :, :2, :2] = 255
    return changed


def test_images_of_the_model_are_told_from_the_same_images_with_a_square():
    module = Affine()
    own = Images(made(module, 20), values=256)
    other = Images(with_square(made(module, 15, seed=1)), values=256, name="squares")
    found = against(other)(module, own, "test")
    assert found.values == {"anomaly_search_auroc_squares": 1.0}
    assert (found.protocol["images"], found.protocol["against_images"]) == (20, 15)
    assert (found.protocol["steps"], found.protocol["restarts"], found.protocol["seed"]) == (60, 2, 0)
    assert against(own)(module, other, "test").values == {"anomaly_search_auroc_images": 0.0}


def test_equal_sets_have_a_score_of_chance_and_settings_choose_the_images():
    module = Affine()
    own, same = (Images(made(module, 20), values=256, name=name) for name in ("own", "same"))
    found = against(same, images=10, batch_size=4)(module, own, "test")
    assert found.values == {"anomaly_search_auroc_same": 0.5}
    assert (found.protocol["images"], found.protocol["of_images"]) == (10, 20)


def test_the_seed_decides_alone():
    module = Affine()
    own, other = (Images(made(module, 12, seed), values=256, name=f"set {seed}") for seed in (0, 1))
    search = LatentSearch(Pixels(), steps=1)
    state = torch.get_rng_state()
    values = [against(other, search, seed=seed)(module, own, "test").values for seed in (0, 0, 1)]
    assert values[0] == values[1] != values[2]
    assert torch.equal(torch.get_rng_state(), state)


def test_it_needs_what_its_search_needs():
    metrics = {"anomaly_search": against(Images())}
    assert capable(metrics, Affine((Decodes, Features)))
    assert not capable(metrics, Affine((Decodes,)))
    assert capable({"anomaly_search": against(Images(), LatentSearch())}, Affine((Decodes,)))
    assert against(Images(name="other"))(Affine(), Images(validation=0), "validation") == Evaluation()


@pytest.mark.parametrize("key", ["images", "batch_size"])
def test_settings_are_checked(key):
    with pytest.raises(GenzooError, match=f"^metrics.anomaly_search.{key}=0: a positive integer is needed.$"):
        against(Images(), **{key: 0})


def test_the_other_set_may_be_other_classes_of_the_same_data():
    metrics = build_metrics(
        composed(
            "ckpt=x",
            "metrics=anomaly_search",
            "metrics.against=mnist",
            "+metrics.anomaly_search.data.options.only_classes=[1,2]",
            "metrics.anomaly_search.search.steps=7",
            name="evaluate",
        )
    )
    metric = metrics["anomaly_search"]
    other = metric.data(Images().spec)
    assert (other.name, other.only_classes) == ("mnist", (1, 2))
    assert (metric.search.steps, metric.search.distance.weight) == (7, 0.1)


def test_a_wrong_setting_of_the_other_set_is_named_with_its_key():
    metrics = build_metrics(
        composed(
            "ckpt=x",
            "metrics=anomaly_search",
            "metrics.against=mnist",
            "+metrics.anomaly_search.data.options.only_clases=[1]",
            name="evaluate",
        )
    )
    with pytest.raises(GenzooError, match=r"^metrics.against=mnist: .*only_clases.*only_classes"):
        metrics["anomaly_search"].data(Images().spec)

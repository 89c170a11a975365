"""Fidelity on real digits, by the shipped classifier."""

import logging
import random

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.data.mnist import MNIST
from genzoo.data.module import ImageData, split_of
from genzoo.metrics import fidelity
from genzoo.metrics.fidelity import Fidelity
from genzoo.runs.train import train

SMALL = {"kid_subsets": 4, "kid_subset_size": 50}


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> ImageSet:
    """Real digits, the ten classes in turn."""
    data = MNIST(tmp_path_factory.mktemp("nothing"), offline=True)
    images, labels, *_ = data.split("train")
    return ImageSet(images[:1000], labels[:1000])


class Digits(ImageData):
    """Some digits as all splits."""

    name, classifier = "digits", "mnist"

    def __init__(self, images, levels=256):
        super().__init__(28, 1, levels)
        self._splits = {"train": split_of(images), "validation": split_of(images[:0]), "test": split_of(images)}


class Drawing(Inference):
    """Samples stored images, drawn by the generator, or in turn."""

    device = torch.device("cpu")

    def __init__(self, levels, shuffled=False):
        super().__init__()
        self.images, self.shuffled, self.at = from_levels(levels), shuffled, 0
        self.layer = torch.nn.BatchNorm1d(2)

    def sample(self, n, labels=None, generator=None):
        if self.shuffled:
            return self.images[torch.randint(len(self.images), (n,), generator=generator)]
        self.at += n
        return self.images[self.at - n : self.at]


@pytest.fixture
def logged(caplog):
    """The log's lines so far."""
    caplog.set_level(logging.INFO, "genzoo")
    return lambda: [record.getMessage() for record in caplog.records]


def test_halves_of_the_digits_are_near_and_damage_moves_them_apart(digits, tmp_path):
    real, other, labels = digits.images[:500], digits.images[500:], digits.labels[500:]

    def noise(std):
        return torch.from_numpy(np.random.default_rng(0).normal(0, std, other.shape))

    damaged = {
        "none": other,
        "noise": (other + noise(10)).round().clamp(0, 255).byte(),
        "blur": torch.from_numpy(gaussian_filter(other.numpy().astype(float), (0, 0, 0.6, 0.6))).round().byte(),
        "seven classes": other[labels >= 3].repeat(2, 1, 1, 1)[:500],
        "four classes": other[labels >= 6].repeat(3, 1, 1, 1)[:500],
    }
    metric, data = Fidelity(["fid"], samples=500, cache=tmp_path), Digits(real)
    fids = [metric(Drawing(images), data, "test").values["fid_classifier_n500"] for images in damaged.values()]
    assert fids == sorted(fids)
    assert all(2 * fids[0] < fid for fid in fids[2:])
    assert fids[0] < 0.1 * fids[-2]


def test_names_and_protocol_tell_how_it_was_measured(digits, tmp_path):
    module, data = Drawing(digits.images), Digits(digits.images[:60])
    module.batch_norm = "batch"
    found = Fidelity(samples=50, seed=3, cache=tmp_path, **SMALL)(module, data, "test")
    names = ("fid", "inception_score", "inception_score_std", "kid", "precision", "recall")
    assert set(found.values) == {f"{name}_classifier_n50" for name in names}
    told = found.protocol
    assert (told["samples"], told["seed"], told["batch_size"], told["batch_norm"]) == (50, 3, 128, "batch")
    assert {key: told["reference"][key] for key in ("data", "source", "split", "images")} == {
        "data": "digits",
        "source": "official",
        "split": "train",
        "images": 60,
    }
    assert told["extractor"]["weights_sha256"].startswith("88a68c40")
    assert told["implementation"].startswith("torch-fidelity 0.")
    assert (told["isc_splits"], told["samples_shuffle"], told["kid_subset_size"]) == (10, False, 50)
    found = Fidelity(["fid"], samples=50, reference="test", cache=tmp_path)(Drawing(digits.images), data, "test")
    assert list(found.values) == ["fid_classifier_vs_test_60_n50"]


def test_the_reference_is_the_same_however_many_are_trained_on(digits, tmp_path):
    class Split(Digits):
        def __init__(self, n):
            super().__init__(digits.images[:60])
            self._splits |= {"train": split_of(digits.images[:n]), "validation": split_of(digits.images[n:60])}

    def measured(n, reference=None):
        metric = Fidelity(["fid", "inception_score"], samples=50, reference=reference, cache=tmp_path)
        found = metric(Drawing(digits.images[100:]), Split(n), "test")
        return found.values, found.protocol["reference"]

    (forty, protocol), (fifty, other), (whole, _) = measured(40), measured(50), measured(60)
    assert forty == fifty == whole
    assert (protocol["images"], protocol["split"]) == (60, "train + validation")
    assert protocol["hash"] == other["hash"]
    alone = {"inception_score_classifier_n50", "inception_score_std_classifier_n50"}
    assert set(forty) == {"fid_classifier_n50"} | alone
    (trained, protocol), (validation, _) = measured(40, "train"), measured(40, "validation")
    assert set(trained) == {"fid_classifier_vs_train_40_n50"} | alone
    assert set(validation) == {"fid_classifier_vs_validation_20_n50"} | alone
    assert (protocol["images"], protocol["split"]) == (40, "train")
    assert trained["fid_classifier_vs_train_40_n50"] != forty["fid_classifier_n50"]


def test_a_part_of_the_reference_is_named_with_its_count(digits, tmp_path):
    data = Digits(digits.images[:60])
    data.count = {"train": 1000, "validation": 0, "test": 60}.get  # as streamed images, of which a part is held
    found = Fidelity(["fid"], samples=50, cache=tmp_path)(Drawing(digits.images), data, "test")
    assert list(found.values) == ["fid_classifier_vs_60_n50"]


def test_as_many_samples_as_the_protocol_has_need_no_count(digits, tmp_path, monkeypatch):
    asked = []

    def measure(metrics, draw, n, *others):
        asked.append((n, others[-1]["rng_seed"]))
        return {"fid": 1.0}

    monkeypatch.setattr(fidelity, "measure", measure)
    found = Fidelity(["fid"], seed=7, cache=tmp_path)(Drawing(digits.images), Digits(digits.images), "test")
    assert found.values == {"fid_classifier": 1.0}
    assert asked == [(10_000, 7)]


def test_the_seed_gives_the_same_numbers_and_nothing_else_is_touched(digits, tmp_path):
    data, module = Digits(digits.images[:60]), Drawing(digits.images, shuffled=True)
    module.train()

    def measured(seed):
        return Fidelity(samples=60, seed=seed, cache=tmp_path, **SMALL)(module, data, "test").values

    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    first = measured(0)
    assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == states
    assert all(m.training for m in module.modules())
    torch.manual_seed(1)
    assert measured(0) == first
    assert measured(1)["fid_classifier_n60"] != first["fid_classifier_n60"]


def test_measuring_while_training_changes_no_weight(configured, tmp_path):
    def weights(name, *overrides):
        train(configured("metrics=none", "callbacks.pictures=null", f"paths.runs={tmp_path}/{name}", *overrides))
        (path,) = (tmp_path / name).glob("*/*/last.ckpt")
        return torch.load(path, weights_only=True)["state_dict"], (path.parent / "run.log").read_text()

    plain, _ = weights("plain")
    metric = f"{{_target_: genzoo.metrics.fidelity.Fidelity, metrics: [fid], samples: 20, cache: {tmp_path}/cache}}"
    measured, log = weights("measured", f"+callbacks.validation.metrics.fidelity={metric}")
    assert log.count("fidelity is measured with the classifier extractor: not comparable with papers") == 1
    assert all(torch.equal(plain[key], measured[key]) for key in plain)


def test_binary_images_are_spread_over_the_range(tmp_path, monkeypatch):
    given = {}

    def measure(metrics, draw, n, reference, *_):
        given.update(drawn=draw(2), reference=reference)
        return {"fid": 0.0}

    monkeypatch.setattr(fidelity, "measure", measure)
    binary = torch.tensor([[0, 1], [1, 0]], dtype=torch.uint8).repeat(1, 392).view(2, 1, 28, 28)
    module = Drawing(binary)
    module.images = from_levels(binary, 2) * 0.2  # the nearest level counts
    Fidelity(["fid"], cache=tmp_path)(module, Digits(binary, levels=2), "test")
    assert torch.equal(given["reference"], binary * 255)
    assert torch.equal(given["drawn"], binary * 255)


def test_the_choice_is_logged_once_per_run(digits, tmp_path, logged):
    module, metric = Drawing(digits.images), Fidelity(["fid"], samples=20, cache=tmp_path)
    for _ in range(2):
        metric(module, Digits(digits.images[:20]), "test")
    assert logged() == ["fidelity is measured with the classifier extractor: not comparable with papers"]
    metric(Drawing(digits.images), Digits(digits.images[:20]), "test")
    assert len(logged()) == 2


def test_without_an_extractor_a_line_says_what_to_do(digits, tmp_path):
    data = Digits(digits.images[:20])
    data.classifier = None
    with pytest.raises(GenzooError, match=r"data=digits has no labels.*pip install 'genzoo\[imagenet-features\]'"):
        Fidelity(cache=tmp_path)(Drawing(digits.images), data, "test")


def test_what_a_small_reference_does_not_allow_is_left_out_and_logged(digits, tmp_path, logged):
    metric = Fidelity(["fid", "kid", "inception_score"], samples=60, kid_subset_size=50, cache=tmp_path)
    found = metric(Drawing(digits.images), Digits(digits.images[:30]), "test")
    assert [name.removesuffix("_classifier_n60") for name in found.values] == [
        "fid",
        "inception_score",
        "inception_score_std",
    ]
    assert logged()[1] == ("kid not measured: the reference, data=digits, has 30 images, but 50 are needed.")


def test_two_channels_are_refused(digits, tmp_path):
    data = Digits(digits.images)
    data.spec = data.spec._replace(shape=(2, *data.spec.shape[1:]))
    with pytest.raises(GenzooError, match="data=digits are not grey or colour images; leave fidelity out"):
        Fidelity(cache=tmp_path)(Drawing(digits.images), data, "test")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metrics": ["fdi"]}, r"metrics\.fidelity\.metrics=fdi: unknown\. Did you mean 'fid'"),
        ({"extractor": "inceptoin"}, r"extractor=inceptoin: unknown\. Did you mean 'inception'"),
        ({"reference": "tain"}, r"reference=tain: unknown\. Did you mean 'train'"),
        ({"samples": 0}, r"samples=0: an integer of at least 1"),
        ({"samples": 2.5}, r"samples=2\.5: an integer"),
        ({"kid_subset_size": 1}, r"kid_subset_size=1: an integer of at least 2"),
        ({"neighbourhood": 0}, r"neighbourhood=0: an integer of at least 1"),
        ({"samples": 999}, r"samples=999: kid needs at least 1000"),
        ({"samples": 9, "metrics": ["inception_score"]}, r"samples=9: inception_score needs at least 10"),
        ({"samples": 3, "metrics": ["precision_recall"]}, r"samples=3: precision_recall needs at least 4"),
        ({"samples": 1, "metrics": ["fid"]}, r"samples=1: fid needs at least 2"),
        ({"weights": "w.pth", "extractor": "classifier"}, r"weights=w\.pth: extractor=classifier needs no file"),
    ],
)
def test_wrong_settings_are_named_before_anything_is_loaded(settings, message):
    with pytest.raises(GenzooError, match=message):
        Fidelity(**settings)


def test_a_cache_that_cannot_be_created_is_refused(digits, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(GenzooError, match=r"metrics\.fidelity\.cache=.*/file/cache: cannot be created"):
        Fidelity(cache=tmp_path / "file" / "cache")(Drawing(digits.images), Digits(digits.images), "test")


def test_the_cache_lies_where_the_system_keeps_caches(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Fidelity().cache == tmp_path / "genzoo"

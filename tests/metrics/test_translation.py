"""Metrics of translations: of digits to their negatives, by maps that are known."""

import math

import numpy as np
import pytest
import torch

from genzoo.core.capabilities import Samples, Translates
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.data.digit_pairs import DigitPairs
from genzoo.data.two_domains import OneDomain
from genzoo.metrics.cycle import Cycle
from genzoo.metrics.fidelity import Fidelity
from genzoo.metrics.image_errors import image_errors
from genzoo.metrics.paired import Paired
from genzoo.metrics.transfer_accuracy import TransferAccuracy
from genzoo.metrics.translation_fidelity import TranslationFidelity
from genzoo.metrics.translations import Translations
from support.translators import images


class Maps(Inference):
    """x -> gain x, to domain A and to domain B."""

    device = torch.device("cpu")

    def __init__(self, **gains):
        super().__init__()
        self.gains = gains
        self.directions = tuple(("A" if to == "B" else "B", to) for to in gains)

    def capabilities(self):
        return frozenset({Translates})

    def translate(self, images, source="A", target="B", generator=None):
        assert images.abs().max() <= 1
        return self.gains[target] * images


@pytest.fixture(scope="module")
def digits():
    data = DigitPairs("none", "negatives", train_size=3000, offline=True)
    data.setup()
    return data


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where the classifiers of both domains are trained once."""
    return tmp_path_factory.mktemp("classifiers")


def test_errors_are_those_of_the_definitions():
    found, wanted = images(0) * 1.2, images(1)
    a, b = (found.clamp(-1, 1).double().numpy() + 1) / 2, (wanted.double().numpy() + 1) / 2
    errors = image_errors(found, wanted)
    assert errors["l1"] == pytest.approx(abs(a - b).mean(), rel=1e-5)
    ratios = [10 * math.log10(1 / ((x - y) ** 2).mean()) for x, y in zip(a, b, strict=True)]
    assert errors["psnr"] == pytest.approx(np.mean(ratios), rel=1e-5)
    assert errors.keys() == {"l1", "psnr"}  # of 4 pixels there is no window
    flat = torch.zeros(2, 1, 16, 16)  # of constant images the similarity depends on the means alone
    similarity = (2 * 0.5 * 0.75 + 0.01**2) / (0.5**2 + 0.75**2 + 0.01**2)
    assert image_errors(flat, flat)["ssim"] == pytest.approx(1)
    assert image_errors(flat, flat + 0.5)["ssim"] == pytest.approx(similarity, rel=1e-3)  # rounding


def test_translations_are_compared_with_their_partners(digits):
    found = Paired(images=50)(Maps(B=-1.0, A=-0.5), digits, "test")
    assert found.values["l1_ab"] == pytest.approx(0, abs=1e-6)
    assert found.values["psnr_ab"] > 100
    chosen = digits.split("test").images[torch.arange(50) * digits.count("test") // 50]
    expected = (chosen / 127.5 - 1).abs().mean() / 4  # |(-x / 2) - (-x)| / 2
    assert found.values["l1_ba"] == pytest.approx(expected.item(), rel=1e-4)
    assert found.protocol["images"] == 50


def test_there_are_no_partners_in_a_split_without_pairs(digits):
    unpaired = DigitPairs("none", "negatives", train_size=3000, offline=True, paired=False)
    assert Paired(images=5)(Maps(B=-1.0), unpaired, "train").values == {}
    assert Paired(images=5)(Maps(B=-1.0), unpaired, "test").values.keys() == {"l1_ab", "psnr_ab", "ssim_ab"}


def test_cycles_are_measured_against_the_images(digits):
    values = Cycle(images=250)(Maps(A=-1.0, B=-0.5), digits, "test").values
    chosen = digits.split("test").images[torch.arange(250) * digits.count("test") // 250]
    expected = (chosen / 127.5 - 1).abs().mean() / 4
    assert values == {name: pytest.approx(expected.item(), rel=1e-4) for name in ("cycle_ab", "cycle_ba")}
    assert Cycle(images=5)(Maps(B=-1.0), digits, "test").values == {}


def test_only_translations_that_keep_the_digit_have_its_class(digits, cache):
    right = TransferAccuracy(images=200, cache=cache)(Maps(A=-1.0, B=-1.0), digits, "test")
    assert right.values["transfer_accuracy_ab"] > 0.9
    assert right.values["transfer_accuracy_ba"] > 0.97
    assert right.protocol["ba"]["accuracy_of_real_images"] > 0.97
    wrong = TransferAccuracy(images=200, cache=cache)(Maps(A=0.0), digits, "test")
    assert wrong.values.keys() == {"transfer_accuracy_ba"}
    assert wrong.values["transfer_accuracy_ba"] < 0.2


class Stored(Inference):
    """Samples images in their order."""

    device = torch.device("cpu")

    def __init__(self, levels):
        super().__init__()
        self.rest = list(from_levels(levels))

    def capabilities(self):
        return frozenset({Samples})

    def sample(self, n, generator=None):
        found, self.rest = self.rest[:n], self.rest[n:]
        return torch.stack(found)


def test_fidelity_of_translations_is_that_of_the_same_images_as_samples(digits, cache):
    of = {"extractor": "classifier", "metrics": ["fid", "precision_recall"], "samples": 150, "cache": cache}
    found = TranslationFidelity(Fidelity(**of))(Maps(A=-1.0, B=-1.0), digits, "test")
    for domain, suffix in (("digits", "ba"), ("negatives", "ab")):
        real = OneDomain(digits, domain)
        real.setup()
        images = real.split("test").images[torch.arange(150) * digits.count("test") // 150]
        for name, value in Fidelity(**of)(Stored(images), real, "test").values.items():
            assert name.endswith("_classifier_n150")
            assert found.values[f"{name}_{suffix}"] == pytest.approx(value, rel=1e-3)
        assert found.protocol[suffix]["samples"] == 150
    dark = TranslationFidelity(Fidelity(**of))(Maps(B=-0.1), digits, "test").values
    assert dark["fid_classifier_n150_ab"] > 3 * found.values["fid_classifier_n150_ab"]


def test_pictures_show_images_translations_the_way_back_and_partners(digits):
    found = Translations(columns=4)(Maps(A=-1.0, B=-1.0), digits, "test").pictures
    assert found.keys() == {"translations_digits_to_negatives", "translations_negatives_to_digits"}
    sheet = np.asarray(found["translations_digits_to_negatives"])
    zoom = 64 // 28
    rows = sheet[:, -((28 + 2) * 4 + 2) * zoom :][::zoom, ::zoom][2:, 2:].reshape(4, 30, 4, 30)[:, :28, :, :28]
    image, there, back, partner = rows.transpose(0, 2, 1, 3)
    assert (image == digits.split("test").images[torch.arange(4) * digits.count("test") // 4, 0].numpy()).all()
    assert (there == 255 - image).all()
    assert (back == image).all()
    assert (partner == there).all()


@pytest.mark.parametrize("metric", [Paired, Cycle, TransferAccuracy])
def test_no_images_are_refused(metric):
    with pytest.raises(GenzooError, match=r"images=0: a positive integer is needed"):
        metric(images=0)

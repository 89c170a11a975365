"""The tab of likelihoods beside those of test images."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from genzoo.app.explored import Explored
from genzoo.app.tabs import anomaly
from genzoo.core.errors import GenzooError
from support.decoders import Affine
from support.likelihoods import Images, Linear, Pixels


def of(module, **splits):
    return Explored(module, Images(**splits), "a model", Path())


def test_images_are_uploads_or_test_images(tmp_path):
    model = of(Pixels())
    Image.new("L", (9, 9), 255).save(tmp_path / "white.png")
    assert torch.equal(anomaly.given(model, [tmp_path / "white.png"], "5"), torch.ones(1, 1, 3, 3))
    test = model.images("test", 60)
    assert torch.equal(anomaly.given(model, None, "3, 1 7"), test[[3, 1, 7]])


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (" ", "no image is chosen: upload one to 10 images"),
        ("60", "test image 60: give numbers from 0 to 59"),
        ("-1", "test image -1: give numbers"),
        ("a b", "test image a: give numbers"),
        ("0 " * 11, "too many images are chosen"),
    ],
)
def test_numbers_of_no_test_image_are_one_line(numbers, message):
    with pytest.raises(GenzooError, match=f"^{message}") as error:
        anomaly.given(of(Pixels()), None, numbers)
    assert "\n" not in str(error.value)


def test_scores_are_log_likelihoods():
    model = of(Pixels())
    levels = model.data.evaluation_images("test").images
    p = model.module.p.double()
    exact = torch.where(levels == 1, p, 1 - p).log().sum((1, 2, 3))
    assert torch.allclose(anomaly.scores(model, levels), exact, atol=1e-5)
    assert torch.allclose(anomaly.reference(model), exact, atol=1e-5)


def test_estimates_are_the_same_each_time_and_near_the_likelihood():
    model = of(Linear())
    levels = model.data.evaluation_images("test").images
    found = anomaly.scores(model, levels)
    assert torch.equal(found, anomaly.scores(model, levels))
    assert torch.allclose(found.float(), model.module.exact(levels), atol=1.0)


def test_the_reference_is_at_most_200_images_of_the_whole_split():
    model = of(Pixels(), test=1000)
    levels = model.data.evaluation_images("test").images[::5]
    assert torch.equal(anomaly.reference(model), anomaly.scores(model, levels))


def test_the_share_of_less_likely_images_is_told():
    compared = torch.tensor([-9.0, -6.0, -4.0, -1.0])
    assert anomaly.described(-0.5, compared) == "log p = -0.5 nats, above 100 % of test images"
    assert anomaly.described(-10, compared) == "log p = -10.0 nats, above 0 % of test images"
    assert anomaly.described(-10, None) == "log p = -10.0 nats"


def test_the_histogram_counts_all_images_and_marks_the_scores():
    axes = anomaly.histogram(torch.linspace(-9, 0, 50), [-3.0, -20.0]).axes[0]
    assert sum(bar.get_height() for bar in axes.patches) == 50
    assert [line.get_xdata()[0] for line in axes.lines] == [-3, -20]
    assert [text.get_text() for text in axes.texts] == ["1", "2"]


def test_the_tab_needs_likelihoods_of_images():
    assert anomaly.offered(of(Pixels()))
    assert not anomaly.offered(of(Affine()))

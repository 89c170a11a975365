"""Maps of the likelihood and completions, of a model whose answers are known."""

import numpy as np
import pytest
import torch

from genzoo.core.capabilities import Completes, MapsLikelihood
from genzoo.core.completion import upper_half
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.metrics.completion import Completions
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.likelihood_map import LikelihoodMap
from genzoo.runs.evaluate import evaluate
from genzoo.runs.train import train
from support import SHAPES, composed
from support.likelihoods import SIZE, Images

ZOOM = 64 // SIZE


class Ordered(Inference):
    """Expects a pixel the less the further down it is; draws noise."""

    device = torch.device("cpu")
    typical_mask = upper_half(SIZE, SIZE)

    def capabilities(self):
        return frozenset({MapsLikelihood, Completes})

    def log_prob_map(self, levels):
        return -torch.arange(1.0, SIZE + 1).view(SIZE, 1).expand(len(levels), SIZE, SIZE) * levels[:, 0]

    def complete(self, images, mask, generator=None):
        drawn = torch.rand(images.shape, generator=generator).round() * 2 - 1
        return torch.where(mask, images, drawn)


def cells(sheet, rows, columns, height=SIZE):
    """The pixels of each image of a grid, (rows, columns, SIZE, SIZE)."""
    pixels = np.array(sheet)[ZOOM // 2 :: ZOOM, :][:, -(columns * (SIZE + 2) + 2) * ZOOM + ZOOM // 2 :: ZOOM]
    starts = [2 + i * (height + 2) for i in range(rows)], [2 + i * (SIZE + 2) for i in range(columns)]
    return torch.tensor(np.array([[pixels[a : a + SIZE, b : b + SIZE] for b in starts[1]] for a in starts[0]]))


def test_the_map_is_white_where_the_model_is_surprised():
    data = Images(test=7)
    sheet = LikelihoodMap(5)(Ordered(), data, "test").pictures["likelihood_map"]
    levels = data.split("test").images[[0, 1, 2, 4, 5], 0]  # evenly spaced over the seven
    strip = -(-14 // ZOOM)
    images, maps = cells(sheet, 2, 5, height=SIZE + strip)
    assert torch.equal(images, levels * 255)
    expected = levels * torch.arange(1.0, SIZE + 1).view(SIZE, 1) / SIZE * 255
    assert (maps.float() - expected).abs().max() <= 0.5


def test_white_is_the_least_expected_pixel_of_all_and_captions_are_in_nats(monkeypatch):
    whole, above = torch.ones(2, 1, SIZE, SIZE, dtype=torch.uint8)
    above[:, 1:] = 0
    given = {}
    monkeypatch.setattr("genzoo.metrics.likelihood_map.picture", lambda *args: given.update(args=args))
    LikelihoodMap()(Ordered(), Images(test=torch.stack([whole, above])), "test")
    images, _, _, captions = given["args"]
    assert images[2, 0, :, 0].tolist() == pytest.approx([-1 / 3, 1 / 3, 1])
    assert images[3, 0, :, 0].tolist() == pytest.approx([-1 / 3, -1, -1])
    assert captions == ["18", "3", "3", "1"]


def test_what_is_missing_is_kept_from_the_model():
    class Noting(Ordered):
        def complete(self, images, mask, generator=None):
            self.asked = images, mask
            return super().complete(images, mask, generator)

    module, half = Noting(), SIZE // 2
    Completions(images=4, completions=3)(module, Images(test=7), "test")
    images, mask = module.asked
    assert mask[:, :, :half].all()
    assert not mask[:, :, half:].any()
    assert (images[:, :, half:] == 0).all()


def test_completions_keep_the_upper_half_and_differ_below():
    data = Images(test=7)
    sheet = Completions(images=4, completions=3)(Ordered(), data, "test").pictures["completion"]
    found, levels = cells(sheet.crop((0, 16, *sheet.size)), 4, 5), data.split("test").images[[0, 1, 3, 5], 0]
    assert torch.equal(found[:, 0], levels * 255)
    half = SIZE // 2
    assert (found[:, :, :half] == (levels * 255)[:, None, :half]).all()
    assert (found[:, 1, half:] == 128).all(), "what is missing is grey"
    assert not torch.equal(found[:, 2, half:], found[:, 3, half:])
    again, other = (
        np.array(Completions(4, 3, seed)(Ordered(), data, "test").pictures["completion"]) for seed in (0, 1)
    )
    assert (again == np.array(sheet)).all()
    assert (other != np.array(sheet)).any()


@pytest.mark.parametrize("metric", [LikelihoodMap(), Completions()])
def test_without_images_there_is_no_picture(metric):
    assert metric(Ordered(), Images(test=0), "test") == Evaluation()


@pytest.mark.parametrize(
    "make",
    [
        lambda: LikelihoodMap(0),
        lambda: Completions(images=0),
        lambda: Completions(completions=0),
    ],
)
def test_nothing_to_show_is_refused(make):
    with pytest.raises(GenzooError, match="a positive integer is needed"):
        make()


def test_evaluation_writes_pictures_and_an_animation(tmp_path):
    small = ["model=gated_pixelcnn", "data.size=8", "trainer=smoke", "recipe.batch_size=16", "metrics=none"]
    train(composed(*SHAPES, *small, "logger=none", "callbacks.pictures=null", f"paths.runs={tmp_path}"))
    (run,) = tmp_path.glob("*/*")
    evaluate(composed(f"ckpt={run}", "metrics=[likelihood_map,completion,canvases]", name="evaluate"))
    (folder,) = (run / "evaluation").glob("test/*")
    assert {p.name for p in folder.iterdir()} >= {
        "likelihood_map.png",
        "completion.png",
        "canvases.png",
        "canvases.gif",
    }

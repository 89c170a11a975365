"""The picture of a receptive field, of a model whose field is known."""

import numpy as np
import pytest
import torch

from genzoo.core.capabilities import HasReceptiveField
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.receptive_field import ReceptiveField
from genzoo.runs.evaluate import evaluate
from genzoo.runs.train import train
from support import SHAPES, composed
from support.likelihoods import SIZE, Images

BLACK, GREY, WHITE, RED = [0, 0, 0], [128, 128, 128], [255, 255, 255], [255, 0, 0]


class Seeing(Inference):
    """Sees two of the four pixels before the middle one, one weakly, and one after it."""

    device = torch.device("cpu")

    def capabilities(self):
        return frozenset({HasReceptiveField})

    def receptive_field(self, levels, row, column, generator=None):
        self.asked = levels, row, column, torch.rand(1, generator=generator)
        return torch.tensor([[2.0, 0.0, 0.02], [0.0, 5.0, 0.0], [0.0, 0.0, 2e-9]])


def cells(sheet):
    """The colour of each pixel of both maps, (2, SIZE, SIZE, 3)."""
    pixels, zoom, gap = np.array(sheet), -(-128 // SIZE), 2
    middles = gap + zoom // 2 + np.arange(SIZE) * zoom
    return [pixels[middles][:, middles + i * (SIZE * zoom + gap)] for i in range(2)]


def test_what_is_seen_is_white_and_the_blind_spot_grey():
    found = ReceptiveField()(Seeing(), Images(), "test")
    assert found.values == {"receptive_field": 3, "blind_spot": 2}
    seen, gradient = cells(found.pictures["receptive_field"])
    assert seen.tolist() == [[WHITE, GREY, WHITE], [GREY, RED, BLACK], [BLACK, BLACK, WHITE]]
    half = [128, 128, 128]  # two decades below the strongest, its own pixel aside
    assert gradient.tolist() == [[WHITE, BLACK, half], [BLACK, RED, BLACK], [BLACK, BLACK, BLACK]]


def test_the_middle_pixel_of_evenly_spaced_images_is_asked_for():
    module, data = Seeing(), Images(test=7)
    draws = []
    for seed in (0, 0, 1):
        ReceptiveField(3, seed)(module, data, "test")
        levels, row, column, draw = module.asked
        draws.append(draw)
        assert (row, column) == (1, 1)
        assert torch.equal(levels, data.split("test").images[[0, 2, 4]])
    assert draws[0] == draws[1] != draws[2]


def test_a_model_that_sees_nothing_is_drawn():
    module = Seeing()
    module.receptive_field = lambda *_: torch.zeros(SIZE, SIZE)
    found = ReceptiveField()(module, Images(), "test")
    assert found.values == {"receptive_field": 0, "blind_spot": 4}
    assert cells(found.pictures["receptive_field"])[1].tolist() == [[BLACK] * 3, [BLACK, RED, BLACK], [BLACK] * 3]


def test_without_images_there_is_no_picture():
    assert ReceptiveField()(Seeing(), Images(test=0), "test") == Evaluation()


def test_no_images_to_average_over_are_refused():
    with pytest.raises(GenzooError, match=r"metrics.receptive_field.images=0: a positive integer is needed"):
        ReceptiveField(0)


def test_evaluation_writes_the_picture(tmp_path):
    small = ["model=pixelcnn", "data.size=8", "data.levels=2", "trainer=smoke", "metrics=none", "logger=none"]
    train(composed(*SHAPES, *small, "callbacks.pictures=null", f"paths.runs={tmp_path}"))
    (run,) = tmp_path.glob("*/*")
    evaluate(composed(f"ckpt={run}", "metrics=receptive_field", name="evaluate"))
    (folder,) = (run / "evaluation").glob("test/*")
    assert (folder / "receptive_field.png").exists()

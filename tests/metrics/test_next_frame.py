"""Errors of predicted frames by hand, and the choice of an option by them."""

import math

import pytest
import torch

from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.data.diagrams import Diagrams
from genzoo.data.module import split_of
from genzoo.metrics.choice import Choice, solved
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.next_frame import NextFrame, errors

LEVELS = torch.randint(256, (7, 1, 4, 3, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


class Films:
    spec = DataSpec("films", (1, 4, 3, 3), axes="thw")

    def count(self, split):
        return len(LEVELS) if split == "test" else 0

    def evaluation_images(self, split, limit):
        return split_of(LEVELS[:limit])


class Model(Inference):
    """Predicts by a function of the frames so far and the number of frames."""

    device = torch.device("cpu")

    def __init__(self, predict):
        super().__init__()
        self.predict = predict


def grey(past, steps=1):
    return torch.zeros(len(past), 1, steps, *past.shape[3:])


def test_the_errors_are_those_of_the_formula():
    found = NextFrame()(Model(grey), Films(), "test")
    x = LEVELS[:, 0, 3].double() / 255
    assert found.values["next_frame_error"] == pytest.approx((x - 0.5).square().mean().item(), rel=1e-5)
    assert found.values["next_frame_cross_entropy"] == pytest.approx(9 * math.log(2), rel=1e-6)
    before = LEVELS[:, 0, 2].double() / 255
    assert found.values["next_frame_error_repeat"] == pytest.approx((x - before).square().mean().item(), rel=1e-5)
    p = before.clamp(1 / 510, 1 - 1 / 510)
    entropy = -(x * p.log() + (1 - x) * (1 - p).log()).sum((1, 2)).mean().item()
    assert found.values["next_frame_cross_entropy_repeat"] == pytest.approx(entropy, rel=1e-5)
    assert found.values["next_frame_cross_entropy_data"] < min(entropy, 9 * math.log(2))
    assert len(found.values) == 5
    assert found.pictures["predicted"].height > 2 * 7 * 3


def test_a_perfect_prediction_has_no_error_and_the_entropy_of_the_data():
    def perfect(past, steps):
        return from_levels(LEVELS[:5])[:, :, -steps:]

    found = NextFrame(images=5, steps=2, rows=1)(Model(perfect), Films(), "test")
    assert found.values["next_frame_error_s2"] == 0
    assert found.values["next_frame_cross_entropy_s2"] == found.values["next_frame_cross_entropy_data_s2"]
    assert found.protocol["videos"] == 5
    repeated = LEVELS[:5, :, 1:2].expand(-1, -1, 2, -1, -1)
    expected = errors(from_levels(repeated), from_levels(LEVELS[:5, :, 2:]))["next_frame_error"]
    assert found.values["next_frame_error_repeat_s2"] == pytest.approx(expected)


def test_too_few_frames_and_no_videos_are_not_measured():
    assert NextFrame(steps=4)(Model(grey), Films(), "test") == Evaluation()
    assert NextFrame()(Model(grey), Films(), "validation") == Evaluation()


def test_the_answer_is_found_by_a_right_prediction_and_not_by_that_of_another_problem():
    data = Diagrams(n_train=1, n_validation=0, n_test=300)
    answers = from_levels(data.split("test").images[:, :, 5:], 2)
    parts = iter(answers.split(100))
    found = Choice()(Model(lambda past: next(parts)), data, "test")
    assert found.values["choice"] == 1
    assert found.values["choice_chance"] == 0.2
    assert found.pictures["choices"].width > 11 * 32
    options = from_levels(data.choices("test"), 2)
    assert found.values["choice_shuffled"] == solved(answers[:, :, 0].roll(1, 0), options) < 0.2
    last = from_levels(data.split("test").images[:, :, 4], 2)
    assert found.values["choice_repeat"] == solved(last, options)
    assert Choice()(Model(grey), data, "validation") == Evaluation()
    assert Choice()(Model(grey), Films(), "test") == Evaluation()


def test_equally_near_options_share_the_point():
    options = torch.tensor([[1.0, -1.0, 5.0], [4.0, 0.0, 0.0], [0.5, 1.0, 2.0]]).view(3, 3, 1, 1, 1)
    assert solved(torch.zeros(3, 1, 1, 1), options) == pytest.approx((0.5 + 0 + 1) / 3)


@pytest.mark.parametrize(
    ("metric", "key"),
    [
        (NextFrame, "next_frame.images"),
        (NextFrame, "next_frame.steps"),
        (NextFrame, "next_frame.rows"),
        (Choice, "choice.rows"),
    ],
)
def test_zeros_are_refused(metric, key):
    with pytest.raises(
        GenzooError, match=rf"^metrics\.{key.replace('.', chr(92) + '.')}=0: a positive integer is needed"
    ):
        metric(**{key.split(".")[1]: 0})


def test_brightness_is_in_the_unit_interval():
    assert errors(torch.ones(1, 1, 1, 1, 1), -torch.ones(1, 1, 1, 1, 1))["next_frame_error"] == 1

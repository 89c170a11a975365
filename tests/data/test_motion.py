"""Observables of videos made by hand."""

import pytest
import torch

from genzoo.data.motion import observables
from genzoo.data.moving_digits import MovingDigits


def found(frames):
    """Observables of one video of frames (T, H, W) in [0, 1]."""
    return {name: value.item() for name, value in observables(2 * frames[None, None] - 1).items()}


def test_a_point_that_turns_a_corner():
    frames = torch.zeros(4, 10, 10)
    for t, (row, column) in enumerate([(1, 1), (1, 4), (1, 7), (5, 7)]):
        frames[t, row, column] = 1
    values = found(frames)
    assert values["brightness"] == pytest.approx(0.01)
    assert values["flicker"] == pytest.approx(0)
    assert values["change"] == pytest.approx(0.02)
    assert values["speed"] == pytest.approx((3 + 3 + 4) / 3, rel=1e-3)
    assert values["turn"] == pytest.approx((0 + 5) / 2, rel=1e-3)
    assert values["extent"] == pytest.approx(0, abs=0.02)


def test_two_points_that_fade():
    frames = torch.zeros(3, 8, 8)
    frames[:, 0, 0] = frames[:, 6, 0] = torch.tensor([1.0, 0.5, 0.25])
    values = found(frames)
    assert values["brightness"] == pytest.approx(2 * 1.75 / 3 / 64)
    assert values["flicker"] == pytest.approx(0.75 / 64)
    assert values["change"] == pytest.approx(0.75 / 64)
    assert values["speed"] == pytest.approx(0, abs=1e-4)
    assert values["turn"] == pytest.approx(0, abs=1e-4)
    assert values["extent"] == pytest.approx(3, rel=1e-3)


def test_dark_videos_have_finite_observables():
    assert torch.stack([*observables(-torch.ones(2, 1, 3, 4, 4)).values()]).isfinite().all()


def test_single_digits_have_the_speed_of_their_factors():
    """Between borders: |step| of the range of places, up to rounding to pixels."""
    data = MovingDigits("nowhere", size=64, digits=1, frames=4, n_train=50, n_validation=0, n_test=0, offline=True)
    train = data.split("train")
    start, step = train.factors.split(2, 1)
    within = ((start + 3 * step - 0.5).abs() < 0.5).all(1)
    values = data.observables(train.images[within].float() / 127.5 - 1)
    assert within.sum() > 10
    torch.testing.assert_close(values["speed"], torch.full((int(within.sum()),), 3.6), atol=0.75, rtol=0)
    assert values["speed"].mean().item() == pytest.approx(3.6, abs=0.15)
    assert values["flicker"].max() < 1e-6

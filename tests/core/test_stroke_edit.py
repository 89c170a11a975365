"""Codes near a given one whose images have the colours of strokes: of a linear generator in closed form."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical, Latent, Normal
from genzoo.core.randomness import generator
from genzoo.core.stroke_edit import StrokeEdit
from support.decoders import SHAPE, Affine, images

ORIGIN = torch.tensor([0.5, -1.0])
STROKES = images(1)[0]
MASK = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.25, 0.0], [1.0, 0.0, 0.0]])[None]


def cost(module, z, smoothness):
    """Σ m (G(z) - c)² / Σ m + λ mean (z - z₀)² of codes (n, 2), in numbers."""
    errors = (module.decode(z) - STROKES).square() * MASK
    return errors.sum((1, 2, 3)) / MASK.sum() + smoothness * (z - ORIGIN).square().mean(1)


def solution(module, smoothness):
    """The minimum of ``cost``: its gradient in z is linear."""
    w, rows = module.w.detach(), (MASK.flatten() / MASK.sum())[:, None]
    left = w.T @ (rows * w) + smoothness / 2 * torch.eye(2)
    right = w.T @ (rows[:, 0] * (STROKES.flatten() - module.b.detach())) + smoothness / 2 * ORIGIN
    return torch.linalg.solve(left, right)


@pytest.mark.parametrize("smoothness", [0.0, 0.1, 5.0])
def test_of_a_linear_generator_it_finds_the_solution_in_closed_form(smoothness):
    module = Affine()
    edit = StrokeEdit(candidates=4, steps=900, optimizer=partial(Adam, lr=0.05), smoothness=smoothness)
    found = edit(module, ORIGIN, STROKES, MASK, generator(0))
    expected = solution(module, smoothness)
    assert found.codes.shape == (4, 2)
    torch.testing.assert_close(found.codes, expected.expand(4, 2), atol=5e-3, rtol=0)
    torch.testing.assert_close(found.distances, cost(module, expected[None], smoothness).expand(4), atol=1e-5, rtol=0)
    assert not found.codes.requires_grad
    assert all(parameter.grad is None and parameter.requires_grad for parameter in module.parameters())


def test_costs_are_those_of_the_codes_and_the_best_is_first():
    module = Affine()
    found = StrokeEdit(candidates=6, steps=3)(module, ORIGIN, STROKES, MASK, generator(0))
    torch.testing.assert_close(found.distances, cost(module, found.codes, 5.0))
    assert found.distances.tolist() == sorted(found.distances.tolist())
    assert found.distances[0] < cost(module, ORIGIN[None], 5.0)
    assert len(set(found.distances.tolist())) == 6


def test_colours_where_there_is_no_stroke_have_no_effect():
    module, edit = Affine(), StrokeEdit(candidates=3)
    other = STROKES.where(MASK > 0, -STROKES)
    found, same, new = (edit(module, ORIGIN, c, MASK, generator(0)) for c in (STROKES, other, -STROKES))
    assert torch.equal(found.codes, same.codes)
    assert not torch.equal(found.codes, new.codes)


def test_it_follows_the_generator_alone():
    module, edit, state = Affine(), StrokeEdit(candidates=3, steps=2), torch.get_rng_state()
    first, second, other = (edit(module, ORIGIN, STROKES, MASK, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(first.codes, second.codes)
    assert not torch.equal(first.codes, other.codes)
    assert torch.equal(torch.get_rng_state(), state)


def test_starts_are_the_code_itself_and_others_within_the_noise():
    still = StrokeEdit(candidates=500, steps=1, optimizer=partial(SGD, lr=0.0), noise=0.3, smoothness=0.0)
    codes = still(Affine(), ORIGIN, STROKES, MASK, generator(0)).codes
    away = (codes - ORIGIN).abs()
    assert (away == 0).all(1).sum() == 1
    assert 0.29 < away.max() <= 0.3
    assert away.mean().item() == pytest.approx(0.15, abs=0.01)
    assert (codes - ORIGIN).mean().abs() < 0.02


def test_categories_keep_their_values():
    latent = Latent(digit=Categorical(2), style=Normal(2))
    origin = torch.tensor([0.0, 1.0, 0.3, 0.3])
    codes = StrokeEdit(candidates=5)(Affine(latent=latent), origin, STROKES, MASK, generator(0)).codes
    assert torch.equal(codes[:, :2], origin[:2].expand(5, 2))
    assert (codes[:, 2:] != 0.3).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"candidates": 0}, r"^edit\.candidates=0: a positive integer is needed\.$"),
        ({"steps": 0}, r"^edit\.steps=0: a positive integer is needed\.$"),
        ({"noise": -0.1}, r"^edit\.noise=-0\.1: a number of at least 0 is needed\.$"),
        ({"smoothness": float("nan")}, r"^edit\.smoothness=nan: a number of at least 0 is needed\.$"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(GenzooError, match=message):
        StrokeEdit(**settings)


def test_no_stroke_and_a_diverged_model_are_one_line():
    with pytest.raises(GenzooError, match=r"^strokes: no pixel has a stroke; draw one\.$"):
        StrokeEdit()(Affine(), ORIGIN, STROKES, torch.zeros(1, *SHAPE[1:]))
    module = Affine()
    nn.init.constant_(module.b, torch.nan)
    with pytest.raises(GenzooError, match=r"^search: no distance is finite for 1 of 1 images; [^\n]*$"):
        StrokeEdit(steps=2)(module, ORIGIN, STROKES, MASK)


def test_the_protocol_names_every_setting():
    settings = {"candidates": 3, "steps": 7, "noise": 0.2, "smoothness": 1.0}
    assert StrokeEdit(**settings).protocol() == {**settings, "optimizer": "Adam(lr=0.1)"}

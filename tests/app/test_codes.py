"""The tab of codes: controls, and what they change."""

from pathlib import Path

import pytest
import torch

from genzoo.app.explored import Explored
from genzoo.app.tabs import codes
from genzoo.core.capabilities import Decodes
from genzoo.core.latent import Categorical, Latent, Normal, Uniform
from support.decoders import Affine
from support.likelihoods import Images

LATENT = Latent(noise=Normal(12), digit=Categorical(3), style=Uniform(2))


@pytest.fixture
def model():
    return Explored(Affine((Decodes,), LATENT), Images(), "a model", Path("nowhere"))


@pytest.fixture
def code():
    return LATENT.sample(1, torch.Generator().manual_seed(5))[0]


def test_each_part_has_its_controls(model):
    found = codes.controls(model)
    wide, rest = found[: codes.DIRECTIONS], found[codes.DIRECTIONS :]
    assert [control.name for control in wide] == [f"noise, principal direction {i}" for i in (1, 2, 3, 4)]
    assert [(control.name, control.limit) for control in rest] == [("digit", 0.0), ("style 0", 2.0), ("style 1", 2.0)]


def test_at_the_first_values_the_code_is_unchanged(model, code):
    ways = codes.controls(model)
    assert torch.allclose(codes.changed(LATENT, code, ways, codes.initial(LATENT, code, ways)), code)


def test_each_value_changes_its_own_part_alone(model, code):
    ways = codes.controls(model)
    values = codes.initial(LATENT, code, ways)
    for i, control in enumerate(ways):
        moved = [*values]
        moved[i] = (values[i] + 1) % 3 if control.direction is None else 0.25
        before, after = LATENT.split(code), LATENT.split(codes.changed(LATENT, code, ways, moved))
        assert {name for name in before if not torch.allclose(before[name], after[name])} == {control.part}
        if control.part == "digit":
            assert after["digit"].tolist() == [float(j == moved[i]) for j in range(3)]
        if control.part == "style":
            assert after["style"][int(control.name[-1])] == 0.25


def test_principal_directions_are_those_of_a_linear_decoder(model):
    ways = codes.principal_directions(model, "noise")
    exact = torch.linalg.svd(model.module.w.detach()[:, :12], full_matrices=False).Vh[: codes.DIRECTIONS]
    assert torch.allclose((torch.nn.functional.normalize(ways, dim=1) * exact).sum(1).abs(), torch.ones(4), atol=1e-3)
    assert ways.norm(dim=1) == pytest.approx(torch.ones(4), rel=0.05)  # one standard deviation


def test_it_is_there_for_models_that_decode(model):
    assert codes.offered(model)
    assert not codes.offered(Explored(Affine(()), Images(), "a model", Path("nowhere")))

"""The tab of codes: controls, and what they change."""

from pathlib import Path

import pytest
import torch

from genzoo.app import controls
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


def test_each_part_has_its_controls():
    found = controls.controls(LATENT)
    assert [control.name for control in found[:4]] == [f"noise, direction {i}" for i in (1, 2, 3, 4)]
    assert [(one.name, one.limit) for one in found[4:]] == [("digit", 0.0), ("style 0", 2.0), ("style 1", 2.0)]


@pytest.mark.parametrize("kind", controls.KINDS)
def test_at_the_first_values_the_code_is_unchanged(model, code, kind):
    ways = controls.directions(model, kind)
    assert torch.allclose(controls.changed(LATENT, code, ways, controls.initial(LATENT, code)), code)


@pytest.mark.parametrize("kind", controls.KINDS)
def test_each_value_changes_its_own_part_alone(model, code, kind):
    ways, values = controls.directions(model, kind), controls.initial(LATENT, code)
    for i, control in enumerate(controls.controls(LATENT)):
        moved = [*values]
        moved[i] = (values[i] + 1) % 3 if control.index is None else 0.25
        before, after = LATENT.split(code), LATENT.split(controls.changed(LATENT, code, ways, moved))
        assert {name for name in before if not torch.allclose(before[name], after[name])} == {control.part}
        if control.part == "digit":
            assert after["digit"].tolist() == [float(j == moved[i]) for j in range(3)]
        if control.part == "style":
            assert after["style"][control.index] == 0.25
        if control.part == "noise":
            assert torch.allclose(after["noise"] - before["noise"], 0.25 * ways["noise"][control.index], atol=1e-6)


def test_the_kinds_of_directions_differ(model):
    ways = {kind: controls.directions(model, kind)["noise"][:4] for kind in controls.KINDS}
    assert torch.equal(ways["first dimensions"], torch.eye(12)[:4])
    assert not torch.allclose(ways["principal"], ways["random"], atol=0.1)


def test_it_is_there_for_models_that_decode(model):
    assert codes.offered(model)
    assert not codes.offered(Explored(Affine(()), Images(), "a model", Path("nowhere")))

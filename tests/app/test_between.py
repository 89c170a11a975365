"""The tab of paths: their ends and the images between them."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from genzoo.app.explored import Explored
from genzoo.app.tabs import between
from genzoo.core.capabilities import Decodes, Encodes
from genzoo.core.images import to_levels
from support.decoders import Affine
from support.likelihoods import Images


def explored(*able):
    return Explored(Affine(able), Images(values=256), "a model", Path("nowhere"))


@pytest.fixture
def file(tmp_path):
    """A picture of an image that a code gives, up to its 256 levels, and its pixels."""
    levels = to_levels(Affine().decode(torch.tensor([[0.7, -0.4]])))
    Image.fromarray(levels[0, 0].numpy()).save(tmp_path / "a.png")
    return tmp_path / "a.png", levels.float() / 127.5 - 1


def test_the_encoder_gives_the_code_of_an_upload_and_its_distance(file):
    path, image = file
    model = explored(Decodes, Encodes)
    found = between.found(model, str(path))
    assert torch.allclose(found.code, model.module.encode(image)[0], atol=1e-5)
    error = (model.module.decode(found.code[None]) - image).square().mean().sqrt() * 127.5
    assert found.distance == pytest.approx(error.item(), rel=1e-4)


def test_without_an_encoder_a_search_finds_the_nearest_code(file):
    path, image = file
    model = explored(Decodes)
    assert torch.allclose(between.found(model, str(path)).code, model.module.solve(image)[0], atol=0.05)


@pytest.mark.parametrize("arc", [True, False])
def test_a_path_begins_and_ends_in_its_codes(arc):
    model, start, end = explored(Decodes), torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    images = between.path(model, start, end, arc)
    assert len(images) == between.STEPS
    assert torch.allclose(images[[0, -1]], model.module.decode(torch.stack([start, end])), atol=1e-5)
    ninth = torch.tensor(torch.pi / 18)
    second = torch.stack([ninth.cos(), ninth.sin()]) if arc else torch.tensor([8 / 9, 1 / 9])
    assert torch.allclose(images[1], model.module.decode(second[None])[0], atol=1e-5)


def test_a_seed_gives_the_same_code_each_time():
    model = explored(Decodes)
    assert torch.equal(between.drawn(model, 3).code, between.drawn(model, 3).code)
    assert not torch.equal(between.drawn(model, 3).code, between.drawn(model, 4).code)

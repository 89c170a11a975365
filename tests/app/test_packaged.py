"""The model that comes with the package."""

import torch

from genzoo.app import server
from genzoo.app.explored import explored
from genzoo.core.capabilities import Decodes, Samples
from genzoo.core.files import read_json
from support import ROOT, composed


def test_without_a_checkpoint_the_packaged_model_is_shown(monkeypatch):
    shown = []
    monkeypatch.setattr(server, "show", lambda checkpoints, *rest: shown.append(checkpoints))
    server.explore(composed("port=null", "browser=false", name="explore"))
    assert shown == [[str(server.PACKAGED)]]


def test_it_is_small_and_draws_digits():
    assert sum(path.stat().st_size for path in server.PACKAGED.iterdir()) < 2_000_000
    model = explored(str(server.PACKAGED), composed("device=cpu", name="explore"))
    assert {Decodes, Samples} <= model.offers
    assert model.name == "infogan_dcgan on mnist, 5,000 rounds"
    images = model.module.sample(100, generator=torch.Generator().manual_seed(0))
    ink = (images > 0).float().mean((1, 2, 3))
    assert 0.05 < ink.mean() < 0.25  # MNIST's is 0.13
    assert images.flatten(1).std(0).mean() > 0.3  # not all alike


def test_its_record_is_published():
    record = read_json(ROOT / "results" / "infogan" / "mnist_dcgan" / "seed0.json")
    config = read_json(server.PACKAGED / "config.json")
    assert record["trained_by"] == config["genzoo"]["trained_by"]

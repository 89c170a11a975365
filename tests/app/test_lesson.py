"""The lesson: its models train, are trained once, and are shown together."""

import pytest
from omegaconf import OmegaConf

from genzoo.api import configured
from genzoo.app import lesson
from genzoo.core.errors import GenzooError
from genzoo.runs.build import build_data, build_module
from genzoo.runs.conf import CONF
from support import composed

MODELS = OmegaConf.to_container(OmegaConf.load(CONF / "lesson.yaml").models)
SMOKE = {"model": "gan", "data": "shapes", "data.size": 28, "trainer": "smoke", "logger": "csv"}


@pytest.mark.parametrize("name", MODELS)
def test_each_model_fits_its_data(name):
    with configured(MODELS[name]) as cfg:
        config = OmegaConf.to_container(cfg, resolve=True)
    module, spec = build_module(config), build_data(config).spec
    module.check_data(spec)
    assert (spec.shape, spec.classes) == ((1, 28, 28), 10)
    assert sum(parameter.numel() for parameter in module.parameters()) < 2_000_000


def test_models_are_trained_once_and_then_shown(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(lesson, "show", lambda checkpoints, cfg, port: shown.append((checkpoints, cfg["browser"])))
    cfg = composed("browser=false", "port=null", f"paths.runs={tmp_path}", name="lesson")
    cfg.models = {"first": SMOKE, "second": {**SMOKE, "seed": 1}}
    for _ in range(2):
        lesson.teach(cfg)
    (folders, browser), again = shown
    assert again == (folders, browser)
    assert not browser
    assert [folder.split("/")[-3:-1] for folder in folders] == [["first", "gan-shapes"], ["second", "gan-shapes"]]
    assert len(list(tmp_path.glob("lesson/*/*/*/metrics.json"))) == 2


def test_nothing_is_trained_for_a_page_that_cannot_be_shown(monkeypatch):
    monkeypatch.setattr("genzoo.app.server.find_spec", lambda name: None)
    monkeypatch.setattr(lesson, "train", None)
    with pytest.raises(GenzooError, match=r"^the explorer needs gradio"):
        lesson.teach(composed("browser=false", "port=null", name="lesson"))

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from genzoo.core.batches import DataSpec
from genzoo.core.capabilities import Classifies, Decodes, Samples
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.core.parts import Parts
from genzoo.metrics.evaluation import KINDS, Evaluation, capable, evaluate
from genzoo.runs.build import build_metrics
from support import resolved

SPECS = {
    "images": DataSpec("images", (1, 8, 8)),
    "volumes": DataSpec("volumes", (1, 8, 8, 8), levels=2, axes="dhw"),
    "videos": DataSpec("videos", (1, 4, 8, 8), axes="thw"),
    "points": DataSpec("points", (2, 1, 1), levels=None),
    "sequences": DataSpec("sequences", (1, 8), levels=3, axes="t", vocabulary=("a", "b", "c")),
    "tunes": DataSpec("tunes", (4, 8), levels=None, axes="e"),
    "showers": DataSpec("showers", (6,), levels=None, axes="", parts=Parts({"first": (2, 2), "second": (1, 2)})),
}
SHOWN = ("interpolation", "neighbours", "reconstructions", "samples", "traversal")  # metrics of what is shown
OF_IMAGES = (  # metrics
    *("am_score", "anomaly", "anomaly_search", "arithmetic", "attribute_strips", "completion", "completion_search"),
    *("fidelity", "human", "likelihood_map", "parzen", "projection", "receptive_field"),
    *("restoration", "transfer_accuracy", "translation_fidelity"),
)
OTHERS = {  # metric -> kind of data
    **dict.fromkeys(("choice", "films", "next_frame"), "videos"),
    **dict.fromkeys(("oracle", "oracle_classes", "sentences", "validity"), "sequences"),
    **dict.fromkeys(("energy_response", "jet_maps", "shower_maps"), "showers"),
    "overlap": "volumes",
    "tunes": "tunes",
}


class Capable(Inference):
    def capabilities(self):
        return frozenset({Samples, Decodes})


class Probe:
    """Answers by a value and a picture of its name, and notes how it was asked."""

    def __init__(self, name, *needs):
        self.name, self.needs, self.asked = name, frozenset(needs), []

    def __call__(self, module, data, split):
        self.asked.append((data, split, module.training, torch.is_grad_enabled()))
        picture = Image.new("L", (1, 1))
        found = Evaluation({self.name: torch.tensor(0.5)}, {self.name: picture}, files={self.name: b"content"})
        return replace(found, animations={self.name: [picture]})


def test_metrics_are_asked_in_inference_and_their_findings_put_together():
    one, two = Probe("one", Samples), Probe("two", Samples, Decodes)
    data = SimpleNamespace(spec=SPECS["images"])
    found = evaluate({"a": one, "b": two}, Capable(), data, "validation")
    assert found.values == {"validation/one": 0.5, "validation/two": 0.5}
    assert all(isinstance(value, float) for value in found.values.values())
    assert list(found.pictures) == list(found.animations) == list(found.files) == ["one", "two"]
    assert one.asked == two.asked == [(data, "validation", False, False)]


@pytest.mark.parametrize("needs", [(Classifies,), (Samples, Classifies)])
def test_metrics_that_the_module_is_not_capable_of_are_passed_over(needs):
    probe = Probe("x", *needs)
    assert evaluate({"x": probe}, Capable(), None, "test") == Evaluation()
    assert probe.asked == []


@pytest.mark.parametrize("kind", SPECS)
@pytest.mark.parametrize("name", [*SHOWN, *OF_IMAGES, *OTHERS])
def test_metrics_of_a_kind_of_data_are_passed_over_for_others(name, kind):
    metrics = build_metrics(resolved(f"metrics={name}"))
    able = SimpleNamespace(capabilities=lambda: metrics[name].needs - KINDS)
    found = capable(metrics, able, SimpleNamespace(spec=SPECS[kind]))
    wanted = {"images", "tunes", "videos", "volumes"} if name in SHOWN else {OTHERS.get(name, "images")}
    assert bool(found) == (kind in wanted)
    assert capable(metrics, able) == metrics


def test_a_metric_without_needs_is_always_asked():
    assert evaluate({"x": Probe("x")}, Capable(), None, "test").values == {"test/x": 0.5}


class Failing(Probe):
    def __call__(self, module, data, split):
        raise GenzooError("no validation images")


def test_a_metric_that_cannot_measure_costs_nobody_the_others():
    found = evaluate({"failing": Failing("x"), "fine": Probe("fine")}, Capable(), None, "test")
    assert found.values == {"test/fine": 0.5}
    assert {name: str(error) for name, error in found.errors.items()} == {"failing": "no validation images"}

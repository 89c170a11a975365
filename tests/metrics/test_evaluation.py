from dataclasses import replace

import pytest
import torch
from PIL import Image

from genzoo.core.capabilities import Classifies, Decodes, Samples
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.metrics.evaluation import Evaluation, evaluate


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
    found = evaluate({"a": one, "b": two}, Capable(), "data", "validation")
    assert found.values == {"validation/one": 0.5, "validation/two": 0.5}
    assert all(isinstance(value, float) for value in found.values.values())
    assert list(found.pictures) == list(found.animations) == list(found.files) == ["one", "two"]
    assert one.asked == two.asked == [("data", "validation", False, False)]


@pytest.mark.parametrize("needs", [(Classifies,), (Samples, Classifies)])
def test_metrics_that_the_module_is_not_capable_of_are_passed_over(needs):
    probe = Probe("x", *needs)
    assert evaluate({"x": probe}, Capable(), None, "test") == Evaluation()
    assert probe.asked == []


def test_a_metric_without_needs_is_always_asked():
    assert evaluate({"x": Probe("x")}, Capable(), None, "test").values == {"test/x": 0.5}


class Failing(Probe):
    def __call__(self, module, data, split):
        raise GenzooError("no validation images")


def test_a_metric_that_cannot_measure_costs_nobody_the_others():
    found = evaluate({"failing": Failing("x"), "fine": Probe("fine")}, Capable(), None, "test")
    assert found.values == {"test/fine": 0.5}
    assert {name: str(error) for name, error in found.errors.items()} == {"failing": "no validation images"}

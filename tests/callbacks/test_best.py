"""The best checkpoint: kept, compared with after a resume, and reported beside the last."""

import json

import pytest
import torch

from genzoo.callbacks.best import Best
from genzoo.core.capabilities import Classifies, Samples
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.metrics.evaluation import Evaluation
from genzoo.runs.train import train

BEST = ("+callbacks.best._target_=genzoo.callbacks.best.Best", "+callbacks.best.times=null", "+callbacks.best.every=1")


@register
class Given:
    """A metric that gives ``values[round]``."""

    needs = frozenset({Samples})

    def __init__(self, values):
        self.values = values

    def __call__(self, module, data, split):
        return Evaluation({"given": self.values[module.progress.rounds - 1]})


@register
class Impossible(Given):
    """A metric that no model is capable of."""

    needs = frozenset({Classifies})


def with_metric(values, name="Given"):
    return (*BEST, f"+callbacks.best.metric._target_={__name__}.{name}", f"+callbacks.best.metric.values={values}")


def rounds_of(path):
    return torch.load(path, weights_only=True)["progress"]["rounds"]


def test_the_checkpoint_of_the_lowest_value_is_kept_and_reported_beside_the_last(configured, only_run):
    train(configured(*with_metric([3, 1, 2, 1])))
    assert rounds_of(only_run() / "best.ckpt") == 2
    assert rounds_of(only_run() / "last.ckpt") == 4
    report = json.loads((only_run() / "metrics.json").read_text())
    assert report["best"]["rounds"] == 2
    assert report["best"]["metrics"].keys() == report["metrics"].keys() != set()


def test_the_weights_of_the_best_are_those_that_are_measured(configured, only_run, tmp_path):
    train(configured(*with_metric([3, 1, 2, 1])))
    train(configured("trainer.rounds=2", f"paths.runs={tmp_path}/short"))
    (short,) = (tmp_path / "short").glob("*/*")
    best = json.loads((only_run() / "metrics.json").read_text())["best"]["metrics"]
    assert best == json.loads((short / "metrics.json").read_text())["metrics"]


@pytest.mark.parametrize(("later", "kept"), [(0.5, 5), (2, 2)])
def test_a_resumed_run_goes_on_comparing_with_the_best_so_far(configured, only_run, later, kept, monkeypatch):
    from genzoo.callbacks.losses import Losses

    original = Losses.act

    def stop(self, trainer, module):
        original(self, trainer, module)
        trainer.should_stop = module.progress.rounds == 4

    metric = with_metric([3, 1, 2, 2, later])
    with monkeypatch.context() as patch:
        patch.setattr(Losses, "act", stop)
        train(configured("trainer.rounds=5", *metric))
    assert rounds_of(only_run() / "last.ckpt") == 4
    train(configured(f"resume={only_run()}", f"trust=[{__name__}]"))
    assert rounds_of(only_run() / "last.ckpt") == 5
    assert rounds_of(only_run() / "best.ckpt") == kept


def test_a_metric_that_the_model_is_not_capable_of_is_refused_before_training(configured, tmp_path):
    with pytest.raises(GenzooError, match=r"callbacks\.best: the model lacks the capability Classifies"):
        train(configured(*with_metric([1], "Impossible")))
    assert not (tmp_path / "runs").exists()


def test_a_metric_is_needed():
    with pytest.raises(GenzooError, match=r"callbacks\.best\.metric: expected a metric"):
        Best(metric=None)

"""Measuring a checkpoint with the configuration it carries."""

import json
import math
import pickle
import sys

import pytest
import torch

from genzoo.core.checkpoints import load_checkpoint
from genzoo.core.errors import GenzooError
from genzoo.data.shapes import Shapes
from genzoo.metrics.evaluation import Evaluation
from genzoo.runs.evaluate import _restored, evaluate
from genzoo.runs.train import train
from support import SHAPES, composed


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished smoke run."""
    runs = tmp_path_factory.mktemp("evaluate") / "runs"
    train(composed(*SHAPES, "trainer=smoke", "recipe.batch_size=16", "logger=none", f"paths.runs={runs}"))
    (folder,) = runs.glob("*/*")
    return folder


def evaluation(*overrides: str) -> dict[str, float]:
    return evaluate(composed(*overrides, name="evaluate"))


def test_it_finds_what_training_found_and_writes_it_with_pictures(run):
    trained = json.loads((run / "metrics.json").read_text())["metrics"]
    assert evaluation(f"ckpt={run}", "metrics=smoke") == trained
    (folder,) = (run / "evaluation").glob("test/*")
    assert json.loads((folder / "metrics.json").read_text())["metrics"] == trained
    assert {p.name for p in folder.glob("*.png")} == {"grid.png", "traversal.png"}


def test_a_split_and_a_metric_are_chosen(run):
    values = evaluation(
        f"ckpt={run}/last.ckpt", "split=validation", "metrics=code_error", "metrics.code_error.limit=16"
    )
    assert set(values) >= {"validation/code_error_one_to_one", "validation/code_error_majority"}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "+model.temperature=0.8",
            r"model: an evaluation does not read it, .* checkpoint\. Accepted: ckpt, data",
        ),
        ("++model.sampler._target_=x", r"model: an evaluation does not read it"),
        ("+trainer.devices=2", r"trainer: an evaluation does not read it"),
        ("+data.levels=2", r"data\.levels: an evaluation does not read it"),
        ("+devise=cpu", r"devise: .* Did you mean device\?"),
    ],
)
def test_what_an_evaluation_does_not_read_is_refused(override, message, tmp_path):
    with pytest.raises(GenzooError, match=message) as caught:
        evaluation(f"ckpt={tmp_path}", override)
    assert "\n" not in str(caught.value)


def test_metrics_that_the_model_is_not_capable_of_are_named_with_those_it_is_capable_of(tmp_path):
    train(
        composed(*SHAPES, "model=gan", "trainer=smoke", "recipe.batch_size=16", "logger=none", f"paths.runs={tmp_path}")
    )
    (folder,) = tmp_path.glob("*/*")
    lacks = "gan lacks the capability, or data=shapes is of another kind"
    with pytest.raises(GenzooError, match=rf"metrics=code_error: {lacks}; available: .*samples, traversal"):
        evaluation(f"ckpt={folder}", "metrics=code_error")
    assert not (folder / "evaluation").exists()


def test_a_model_with_a_likelihood_is_measured_by_it_and_against_other_data(tmp_path):
    binary = (*SHAPES, "data.levels=2", "model=vae", "trainer=smoke", "recipe.batch_size=16", "logger=none")
    trained = train(composed(*binary, f"paths.runs={tmp_path}")).metrics
    assert trained["test/negative_elbo"] == pytest.approx(trained["test/reconstruction_nll"] + trained["test/kl"])
    assert trained["test/kl/z"] == trained["test/kl"]
    assert trained["test/bits_per_dim"] == pytest.approx(trained["test/nll"] / 784 / math.log(2))
    assert trained["test/active_units"] == trained["test/active_units/z"]
    (folder,) = tmp_path.glob("*/*")
    assert (folder / "samples" / "reconstructions-000004.png").is_file()
    found = evaluation(f"ckpt={folder}", "metrics=anomaly", "metrics.against=noise", "metrics.anomaly.n_importance=1")
    assert found == {"test/anomaly_auroc_noise": pytest.approx(1, abs=0.2)}
    with pytest.raises(GenzooError, match=r"metrics.against=cifar10: its images are \(3, 32, 32\)"):
        evaluation(f"ckpt={folder}", "metrics=anomaly", "metrics.against=cifar10")
    with pytest.raises(GenzooError, match=r"available: active_units, .*anomaly, .*elbo, .*likelihood"):
        evaluation(f"ckpt={folder}", "metrics=code_error")


class Page:
    """A metric that writes a page and says how it measured."""

    needs = frozenset()

    def __call__(self, module, data, split):
        return Evaluation({"x": 1.0}, protocol={"samples": 3}, pages={"page": "<p>é</p>"})


def test_pages_and_protocols_are_kept(run):
    values = evaluation(f"ckpt={run}", "metrics=none", f"+metrics.mine._target_={__name__}.Page", "split=validation")
    assert values == {"validation/x": 1.0}
    folder = max((run / "evaluation").glob("validation/*"), key=lambda path: path.stat().st_mtime_ns)
    assert (folder / "page.html").read_text(encoding="utf-8") == "<p>é</p>"
    report = json.loads((folder / "metrics.json").read_text())
    assert report["protocol"] == {"mine": {"samples": 3}}
    assert (report["checkpoint"], report["state"], report["rounds"]) == ("last.ckpt", "finished", 4)


class Failing(Page):
    """A metric that cannot measure."""

    def __call__(self, module, data, split):
        raise GenzooError("too few images")


def test_a_metric_that_cannot_measure_costs_nobody_the_others(run):
    failing, page = (f"+metrics.{name}._target_={__name__}.{name}" for name in ("Failing", "Page"))
    assert evaluation(f"ckpt={run}", "metrics=none", failing, page) == {"test/x": 1.0}
    with pytest.raises(GenzooError, match="too few images"):
        evaluation(f"ckpt={run}", "metrics=none", failing)


def edited(run, tmp_path, edit):
    checkpoint = torch.load(run / "last.ckpt", weights_only=True)
    edit(checkpoint)
    torch.save(checkpoint, tmp_path / "edited.ckpt")
    return tmp_path / "edited.ckpt"


def test_a_configuration_that_names_a_forbidden_function_through_a_re_export_is_refused(run, tmp_path):
    def forge(checkpoint):
        checkpoint["genzoo"]["config"]["model"]["objective"] = {
            "_target_": "genzoo.runs.train.os.system",
            "command": f"touch {tmp_path}/harm",
        }

    with pytest.raises(GenzooError, match=r"names 'genzoo\.runs\.train\.os\.system'.*refused"):
        evaluation(f"ckpt={edited(run, tmp_path, forge)}")
    assert not (tmp_path / "harm").exists()


def test_a_pickle_payload_is_refused_and_never_run(tmp_path):
    class Payload:
        def __reduce__(self):
            return open, (f"{tmp_path}/harm", "w")

    torch.save({"genzoo": {}, "state_dict": {}, "payload": Payload()}, tmp_path / "forged.ckpt")
    with pytest.raises(GenzooError, match="could run code when loaded; refused"):
        evaluation(f"ckpt={tmp_path}/forged.ckpt")
    with open(tmp_path / "plain.ckpt", "wb") as file:
        pickle.dump(Payload(), file)
    with pytest.raises(GenzooError, match="truncated or damaged"):
        evaluation(f"ckpt={tmp_path}/plain.ckpt")
    assert not (tmp_path / "harm").exists()


def test_missing_truncated_and_foreign_checkpoints_are_named(run, tmp_path):
    with pytest.raises(GenzooError, match=r"ckpt=.*nothing.ckpt: there is no checkpoint"):
        evaluation(f"ckpt={tmp_path}/nothing.ckpt")
    (tmp_path / "cut.ckpt").write_bytes((run / "last.ckpt").read_bytes()[:1000])
    with pytest.raises(GenzooError, match=r"cut.ckpt: the checkpoint is truncated or damaged \(1000 bytes"):
        evaluation(f"ckpt={tmp_path}/cut.ckpt")
    torch.save({"state_dict": {}}, tmp_path / "foreign.ckpt")
    with pytest.raises(GenzooError, match="not a checkpoint of genzoo"):
        evaluation(f"ckpt={tmp_path}/foreign.ckpt")


def test_weights_of_another_model_are_refused(run, tmp_path):
    def widen(checkpoint):
        checkpoint["genzoo"]["config"]["model"]["generator"]["hidden"] = 17

    with pytest.raises(GenzooError, match=r"state_dict\.generator\.\S+ has shape \(16, .* where \(17, "):
        evaluation(f"ckpt={edited(run, tmp_path, widen)}")


def test_a_restored_module_gives_samples_without_moving_its_running_averages(run):
    checkpoint = load_checkpoint(run / "last.ckpt")
    _, _, module = _restored(checkpoint, run / "last.ckpt", composed(f"ckpt={run}", name="evaluate"))
    with torch.no_grad():
        module.generator(module.latent.sample(8))
    assert all(torch.equal(value, checkpoint["state_dict"][name]) for name, value in module.state_dict().items())


def test_the_users_own_classes_are_built_once_trusted(run, tmp_path, monkeypatch):
    (tmp_path / "my_objectives.py").write_text(
        "from genzoo.nn.objectives import NonSaturating\n"
        "from genzoo.core.registry import register\n"
        "@register\nclass Mine(NonSaturating):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def mine(checkpoint):
        checkpoint["genzoo"]["config"]["model"]["objective"] = {"_target_": "my_objectives.Mine"}

    path = edited(run, tmp_path, mine)
    with pytest.raises(GenzooError, match="not registered"):
        evaluation(f"ckpt={path}")
    assert "my_objectives" not in sys.modules
    assert evaluation(f"ckpt={path}", "trust=[my_objectives]", "metrics=[code_error]")


def test_an_unknown_split_is_named_before_anything_is_made(run):
    with pytest.raises(GenzooError, match=r"split=tset: unknown\. Did you mean 'test'"):
        evaluation(f"ckpt={run}", "split=tset")
    assert not (run / "evaluation" / "tset").exists()


def test_numbers_of_other_images_are_marked(run, monkeypatch):
    monkeypatch.setattr(Shapes, "source", "elsewhere")
    evaluation(f"ckpt={run}", "metrics=[samples]")
    newest = max((run / "evaluation").glob("test/*/metrics.json"), key=lambda path: path.stat().st_mtime_ns)
    assert json.loads(newest.read_text())["marks"] == ["smoke", "data.source=elsewhere", "other images"]


def test_a_device_that_is_not_there_is_named(run):
    with pytest.raises(GenzooError, match="device=cuda:99: not available"):
        evaluation(f"ckpt={run}", "device=cuda:99")

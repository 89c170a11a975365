"""Measuring a checkpoint with the configuration it carries."""

import json
import pickle
import sys

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.tasks import evaluate, train
from support import composed


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished smoke run."""
    from support import SHAPES

    runs = tmp_path_factory.mktemp("evaluate") / "runs"
    train(composed(*SHAPES, "trainer=smoke", "recipe.batch_size=16", "logger=none", f"paths.runs={runs}"))
    (folder,) = runs.glob("*/*")
    return folder


def evaluation(*overrides: str) -> dict[str, float]:
    return evaluate(composed(*overrides, name="evaluate"))


def test_it_finds_what_training_found_and_writes_it_with_pictures(run):
    trained = json.loads((run / "metrics.json").read_text())["metrics"]
    assert evaluation(f"ckpt={run}") == trained
    (folder,) = (run / "evaluation").glob("test/*")
    assert json.loads((folder / "metrics.json").read_text())["metrics"] == trained
    assert {p.name for p in folder.glob("*.png")} == {"grid.png", "traversal.png"}


def test_a_split_and_a_metric_are_chosen(run):
    values = evaluation(f"ckpt={run}/last.ckpt", "split=validation", "metrics.code_error.limit=16")
    assert set(values) >= {"validation/code_error_one_to_one", "validation/code_error_majority"}


def edited(run, tmp_path, edit):
    checkpoint = torch.load(run / "last.ckpt", weights_only=True)
    edit(checkpoint)
    torch.save(checkpoint, tmp_path / "edited.ckpt")
    return tmp_path / "edited.ckpt"


def test_a_configuration_that_names_a_forbidden_function_through_a_re_export_is_refused(run, tmp_path):
    def forge(checkpoint):
        checkpoint["genzoo"]["config"]["model"]["objective"] = {
            "_target_": "genzoo.tasks.os.system",
            "command": f"touch {tmp_path}/harm",
        }

    with pytest.raises(GenzooError, match=r"names 'genzoo\.tasks\.os\.system'.*refused"):
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

    with pytest.raises(GenzooError, match="the weights do not fit the model"):
        evaluation(f"ckpt={edited(run, tmp_path, widen)}")


def test_the_users_own_classes_are_built_once_trusted(run, tmp_path, monkeypatch):
    (tmp_path / "my_objectives.py").write_text(
        "from genzoo.adversarial.objectives import NonSaturating\n"
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
    assert evaluation(f"ckpt={path}", "trust=[my_objectives]")


def test_a_device_that_is_not_there_is_named(run):
    with pytest.raises(GenzooError, match="device=cuda:99: not available"):
        evaluation(f"ckpt={run}", "device=cuda:99")

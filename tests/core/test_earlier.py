"""Checkpoints of earlier versions."""

import pytest
import torch

from genzoo.core.checkpoints import load_checkpoint, load_weights
from genzoo.core.earlier import ALIASES, renamed, renamed_paths, renamed_settings, with_seen
from genzoo.core.registry import check_targets
from genzoo.runs.build import build_module
from support import checkpoint_content
from support.zoo import built


def test_every_alias_leads_to_a_registered_object():
    loggers = {target for target in ALIASES.values() if target.lower().endswith("logger")}
    check_targets([{"_target_": target} for target in {*ALIASES.values()} - loggers])
    check_targets([{"_target_": target} for target in loggers], among_loggers=True)


def test_paths_of_classes_are_renamed_wherever_they_stand():
    old = {"a": [{"_target_": "genzoo.named_data.NamedData", "name": "noise"}], "b": "genzoo.named_data"}
    new = {"a": [{"_target_": "genzoo.runs.named_data.NamedData", "name": "noise"}], "b": "genzoo.named_data"}
    assert renamed_paths(old) == new


def test_settings_of_a_model_are_renamed():
    old = {"decay": 0.97, "recognition": {"hidden": 3}, "decoding_batch": 7}
    assert renamed_settings(old) == {"gae_lambda": 0.97, "q_head": {"hidden": 3}, "sampling_batch": 7}


def test_the_classes_of_a_causal_network_become_its_condition():
    causal = {"_target_": "genzoo.autoregressive.networks.gated_pixelcnn.GatedPixelCNN", "classes": 10}
    other = {"_target_": "genzoo.variational.networks.mlp.MLPEncoder", "classes": 10}
    assert renamed_settings({"network": causal})["network"] == {"_target_": causal["_target_"], "condition": 10}
    assert renamed_settings({"network": other}) == {"network": other}


ROUNDS = "genzoo.adversarial.rounds."


@pytest.mark.parametrize(
    ("flags", "round"),
    [
        ({"simultaneous": True}, {"_target_": ROUNDS + "Simultaneous"}),
        ({"shared_images": True}, {"_target_": ROUNDS + "Shared"}),
        ({"shared_images": True, "simultaneous": True}, {"_target_": ROUNDS + "Shared", "at_once": True}),
        (
            {"discriminator_steps": 5, "generator_batches": 2},
            {"_target_": ROUNDS + "Alternating", "discriminator_steps": 5, "generator_batches": 2},
        ),
        ({"discriminator_steps": 1, "generator_batches": 1, "simultaneous": False}, None),
        ({}, None),
    ],
)
def test_the_flags_of_a_game_become_its_round(flags, round):
    expected = {"_target_": "x"} if round is None else {"_target_": "x", "round": round}
    assert renamed_settings({"_target_": "x", **flags}) == expected


@pytest.mark.parametrize("malformed", [{}, {"progress": 3}, {"progress": None}, {"progress": {"rounds": 1}}])
def test_a_malformed_progress_is_left_to_the_check(malformed):
    assert with_seen(malformed) == malformed


@pytest.mark.parametrize("name", ["infogan", "gan", "dcgan", "trpo"])
def test_a_checkpoint_with_earlier_names_gives_the_same_model(name, tmp_path):
    path = tmp_path / "last.ckpt"
    config, _, module = built(name)
    content = checkpoint_content(state_dict=module.state_dict())
    content["genzoo"]["config"]["model"] = config["model"]
    torch.save(aged(content), path)
    checkpoint = load_checkpoint(path)
    assert checkpoint["genzoo"]["config"]["model"] == config["model"]
    assert checkpoint["progress"].keys() == {"rounds", "seen"}
    other = build_module(checkpoint["genzoo"]["config"])
    load_weights(other, checkpoint, path)
    assert all(
        torch.equal(a, b) for a, b in zip(module.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_a_users_own_model_keeps_its_settings_and_weights():
    content = checkpoint_content(state_dict={"recognition.weight": torch.zeros(1)})
    content["genzoo"]["config"]["model"] = {"_target_": "mine.Encoder", "decay": 0.5, "simultaneous": True}
    assert renamed(content) == content


def aged(checkpoint: dict) -> dict:
    """A checkpoint with the names of earlier versions, written out by hand."""
    progress, model = checkpoint["progress"], dict(checkpoint["genzoo"]["config"]["model"])
    for old, new in (("decay", "gae_lambda"), ("recognition", "q_head")):
        if new in model:
            model[old] = model.pop(new)
    match model.pop("round", {}).get("_target_"):
        case "genzoo.adversarial.rounds.Simultaneous":
            model["simultaneous"] = True
        case "genzoo.adversarial.rounds.Shared":
            model["shared_images"] = True
    return {
        **checkpoint,
        "progress": {"rounds": progress["rounds"], "images": progress["seen"]},
        "state_dict": {k.replace("q_head.", "recognition."): v for k, v in checkpoint["state_dict"].items()},
        "genzoo": {**checkpoint["genzoo"], "config": {**checkpoint["genzoo"]["config"], "model": model}},
    }

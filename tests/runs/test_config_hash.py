"""Hashes of configurations do not change with the names of classes."""

from genzoo.core.earlier import MOVED, as_published
from genzoo.runs.config_hash import config_hash
from support import resolved


def test_a_run_from_before_a_class_moved_has_the_same_hash():
    config = resolved("model=gan", "data=mnist")
    assert config["model"]["objective"]["_target_"] in MOVED.values()
    before = {**config, "model": as_published(config["model"])}
    assert before["model"] != config["model"]
    assert config_hash(before) == config_hash(config)
    other = {**config, "model": {**config["model"], "sampling_batch": 7}}
    assert config_hash(other) != config_hash(config)

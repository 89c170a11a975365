import re

import pytest

from genzoo.core.errors import GenzooError
from genzoo.core.signatures import check_settings, settings_of
from genzoo.data.mnist import MNIST

ADAM = {"_target_": "torch.optim.Adam", "_partial_": True, "lr": 1e-3, "betas": [0.5, 0.999], "fused": True}
MNIST_DATA = {"_target_": "genzoo.data.mnist.MNIST", "root": "data"}


def test_a_class_that_hands_on_its_options_takes_those_of_its_bases():
    parameters, closed = settings_of(MNIST)
    assert closed
    assert {"root", "train_size", "offline", "batch_size", "labels_per_class"} <= set(parameters)


@pytest.mark.parametrize(
    "config",
    [ADAM, MNIST_DATA, {"a": [ADAM, None, 3]}, {"_target_": "no.such.thing", "x": 1}, {**ADAM, "lr": 1}, 3, None],
)
def test_right_settings_pass(config):
    check_settings(config, "model")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({**ADAM, "lr": "fast"}, "model.lr=fast: a number"),
        ({"optimizers": {"generator": {**ADAM, "fused": "no"}}}, "model.optimizers.generator.fused=no: true or false"),
        ({**ADAM, "learning": 3}, "model.learning: Adam has no such setting."),
        ({**MNIST_DATA, "offline": "off"}, "model.offline=off: true or false is needed."),
        ({**MNIST_DATA, "keep": 3}, "model.keep: MNIST has no such setting. Accepted: .*offline, only_classes, root"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_is_built(config, message):
    with pytest.raises(GenzooError) as told:
        check_settings(config, "model")
    assert re.match(message, str(told.value))


def test_what_is_given_beside_the_configuration_is_no_suggestion():
    config = {"_target_": "pytorch_lightning.loggers.CSVLogger", "saved_dir": "x"}
    with pytest.raises(GenzooError, match=r"logger\.saved_dir: CSVLogger has no such setting") as told:
        check_settings(config, "logger", ["save_dir"])
    assert "'save_dir'" not in str(told.value)

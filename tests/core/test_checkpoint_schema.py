"""Forged checkpoints: each gets one line that names the entry, before anything is loaded."""

import copy
import math
from functools import partial

import pytest
import torch
from torch import nn

from genzoo.core.adam import InnerEpsilonAdam
from genzoo.core.averages import Polyak
from genzoo.core.checkpoint_schema import check_entries, check_optimizers, check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from support import checkpoint_content

ADAM = partial(torch.optim.Adam, lr=0.1, fused=True)


class Pair(ImageModule):
    """Two players, one of whom is averaged."""

    def __init__(self, left=ADAM):
        right = partial(torch.optim.SGD, lr=0.1, momentum=0.5)
        schedules = {"right": {"lr": lambda round: 0.1 / (1 + round)}}
        super().__init__({"left": left, "right": right}, schedules, {"left": Polyak()})
        self.left, self.right = nn.Linear(3, 2), nn.Linear(2, 1)

    def players(self):
        return {"left": [self.left], "right": [self.right]}


def played(**options):
    """A module after a step of each player, and its checkpoint."""
    module = Pair(**options).ready()
    optimizers = module.configure_optimizers()
    (module.right(module.left(torch.ones(4, 3))) ** 2).mean().backward()
    for optimizer in optimizers:
        optimizer.step()
    states = [optimizer.state_dict() for optimizer in optimizers]
    return module, copy.deepcopy(checkpoint_content(rounds=1, state_dict=module.state_dict(), optimizer_states=states))


def check(checkpoint, module):
    checkpoint = check_entries(checkpoint, "x.ckpt")
    check_weights(checkpoint, module, "x.ckpt")
    check_optimizers(checkpoint, module, "x.ckpt")
    return checkpoint


@pytest.mark.parametrize(
    "left",
    [
        ADAM,
        partial(torch.optim.Adam, lr=0.1, amsgrad=True),
        partial(torch.optim.AdamW, lr=0.1),
        partial(torch.optim.Adamax, lr=0.1),
        partial(torch.optim.RMSprop, lr=0.1),
        partial(torch.optim.Adafactor, lr=0.1),
        partial(torch.optim.SGD, lr=0.1),
        partial(InnerEpsilonAdam, lr=0.1),
    ],
)
def test_a_healthy_checkpoint_is_read_whole(left):
    module, checkpoint = played(left=left)
    assert check(checkpoint, Pair(left=left).ready()).keys() == checkpoint.keys()
    check(checkpoint, module)


def test_entries_that_nobody_reads_are_left_out():
    assert "loops" not in check_entries(checkpoint_content(loops={}), "x.ckpt")


@pytest.mark.parametrize("missing", ["global_batch_norm", "experiment", "marks"])
def test_older_checkpoints_lack_some_entries(missing):
    checkpoint = checkpoint_content()
    assert missing not in checkpoint["genzoo"]["config"]
    assert check_entries(checkpoint, "x.ckpt") == checkpoint


def put(*path_and_value):
    """A forgery: the value stands at the path; without one the entry is missing."""

    def forge(checkpoint):
        *path, last, value = path_and_value
        for name in path:
            checkpoint = checkpoint[name]
        if value is Missing:
            del checkpoint[last]
        else:
            checkpoint[last] = value

    return forge


class Missing:
    """No value."""


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def itself():
    value = {}
    value["a"] = [value] * 10
    return value


def doubled(times):
    """A small list that holds 2 ** times values."""
    value = [1]
    for _ in range(times):
        value = [value, value]
    return value


MOMENT = ("optimizer_states", 0, "state", 0, "exp_avg")
GROUP = ("optimizer_states", 0, "param_groups", 0)
CONFIG = ("genzoo", "config")
FORGED = {
    "a meter without its count": (put("meters", {"loss": [1.0]}), r"meters\.loss is .* where a sum and a count"),
    "a count of nothing": (put("meters", {"loss": (1.0, 0)}), r"meters\.loss is .* where a sum and a count"),
    "a sum as a text": (put("meters", {"loss": ("1", 1)}), r"meters\.loss is .* where a sum and a count"),
    "one element": (put(*MOMENT, torch.zeros(1)), r"optimizer_states\.left\.state\.0\.exp_avg has shape \(1,\)"),
    "wrong shape": (put(*MOMENT, torch.zeros(3)), r"state\.0\.exp_avg has shape \(3,\) .* \(2, 3\)"),
    "shared memory": (put(*MOMENT, torch.zeros(1, 1).expand(2, 3)), r"state\.0\.exp_avg .* share their memory"),
    "wrong type": (put(*MOMENT, torch.zeros(2, 3).double()), r"state\.0\.exp_avg .* torch\.float64"),
    "sparse": (put(*MOMENT, torch.zeros(2, 3).to_sparse()), r"state\.0\.exp_avg .*sparse"),
    "nan": (put(*MOMENT, torch.full((2, 3), math.nan)), r"state\.0\.exp_avg contains values that are not finite"),
    "a number": (put(*MOMENT, 1.0), r"state\.0\.exp_avg is 1\.0 where a tensor is needed"),
    "steps": (put(*MOMENT[:-1], "step", torch.tensor(-1.0)), r"state\.0\.step is -1"),
    "no moment": (put(*MOMENT, Missing), r"state\.0 contains other values than step, exp_avg, exp_avg_sq"),
    "more state": (put(*MOMENT[:-1], "more", 1), r"state\.0 contains other values"),
    "another parameter": (put(*MOMENT[:-2], 9, {}), r"left\.state has an entry 9, but there are 2 parameters"),
    "a name": (put(*MOMENT[:-2], "x", {}), r"left\.state has an entry 'x'"),
    "no state": (put(*MOMENT[:-2], Missing), r"optimizer_states\.left is not the state of an optimizer"),
    "rate": (put(*GROUP, "lr", "x"), r"optimizer_states\.left\.lr is 'x', but the configuration has 0\.1"),
    "rate tensor": (put(*GROUP, "lr", torch.ones(2)), r"param_groups\.0\.lr contains a Tensor"),
    "other rate": (put(*GROUP, "lr", 1e9), r"optimizer_states\.left\.lr is 1000000000\.0"),
    "other betas": (put(*GROUP, "betas", (2.0, 0.9)), r"optimizer_states\.left\.betas"),
    "no betas": (put(*GROUP, "betas", None), r"optimizer_states\.left\.betas is None"),
    "option": (put(*GROUP, "harm", 1), r"optimizer_states\.left\.harm"),
    "parameters": (put(*GROUP, "params", [0, 10**12]), r"optimizer_states\.left\.params"),
    "no parameters": (put(*GROUP, "params", Missing), r"optimizer_states\.left\.params is missing"),
    "scheduled rate": (
        put("optimizer_states", 1, "param_groups", 0, "lr", math.inf),
        r"optimizer_states\.right\.lr is inf",
    ),
    "no groups": (put("optimizer_states", 0, "param_groups", []), r"left\.param_groups is not 1 groups"),
    "one optimizer": (
        put("optimizer_states", [{}]),
        "optimizer_states are 1, but .* left, right",
    ),
    "optimizers as texts": (put("optimizer_states", ["x", "y"]), r"optimizer_states\.left is not the state"),
    "no optimizers": (put("optimizer_states", Missing), "optimizer_states is missing"),
    "average": (
        put("state_dict", "averages.left.network.weight", torch.zeros(1)),
        r"state_dict\.averages\.left\.network\.weight has shape \(1,\)",
    ),
    "no weights": (put("state_dict", Missing), "state_dict is missing"),
    "weights as a list": (put("state_dict", [1]), "state_dict is a list where Mapping is needed"),
    "no progress": (put("progress", Missing), r"progress\.rounds is missing"),
    "progress as a text": (put("progress", "x"), r"progress\.rounds is missing"),
    "rounds as a text": (put("progress", "rounds", "x"), r"progress\.rounds is 'x' where int is needed"),
    "rounds as a switch": (put("progress", "rounds", True), r"progress\.rounds is True"),
    "rounds as a tensor": (put("progress", "rounds", torch.ones(())), r"progress\.rounds contains a Tensor"),
    "too many rounds": (put("progress", "rounds", 10**9), r"progress\.rounds is 1000000000, but .* trainer\.rounds=10"),
    "more than rounds and images": (put("progress", "more", 10), r"progress\.more is 10"),
    "fewer than none": (put("progress", "rounds", -1), r"progress\.rounds is -1"),
    "images": (put("progress", "seen", -1), r"progress\.seen is -1"),
    "digits": (put("progress", "seen", 10**5000), r"progress\.seen contains a int"),
    "no seed": (put(*CONFIG, "seed", Missing), r"genzoo\.config\.seed is missing"),
    "no length": (put(*CONFIG, "trainer", "rounds", Missing), r"genzoo\.config\.trainer\.rounds is missing"),
    "no trainer": (put(*CONFIG, "trainer", 5), r"genzoo\.config\.trainer\.rounds is missing"),
    "no configuration": (put(*CONFIG, None), r"genzoo\.config\.seed is missing"),
    "length as a text": (put(*CONFIG, "trainer", "rounds", "9"), r"genzoo\.config\.trainer\.rounds is '9'"),
    "switch": (put(*CONFIG, "channels_last", "no"), r"genzoo\.config\.channels_last is 'no' where bool is needed"),
    "options": (put(*CONFIG, "trainer", "options", []), r"genzoo\.config\.trainer\.options is a list"),
    "source": (put("genzoo", "data", "source", 5), r"genzoo\.data\.source is 5"),
    "choices": (put("genzoo", "choices", "x"), r"genzoo\.choices is 'x'"),
    "shown": (put("genzoo", "shown", {"logger": "x"}), r"genzoo\.shown\.logger is 'x'"),
    "refers to itself": (put(*CONFIG, "recipe", "more", itself()), "nested too deeply"),
    "deep": (put(*CONFIG, "recipe", "more", nested(10_000)), "nested too deeply"),
    "many": (put(*CONFIG, "recipe", "more", doubled(25)), "too many values"),
    "long": (put(*CONFIG, "recipe", "more", "x" * 1_000_000), r"genzoo\.config\.recipe\.more contains"),
    "half a letter": (put(*CONFIG, "recipe", "more", "\ud800"), r"recipe\.more contains a str"),
    "control": (put(*CONFIG, "recipe", "more", "\x1b[2J"), r"recipe\.more contains a str"),
    "a tensor": (put(*CONFIG, "recipe", "more", torch.ones(1)), r"recipe\.more contains a Tensor"),
    "key": (put(*CONFIG, "recipe", None, 1), r"genzoo\.config\.recipe has the key None"),
    "callbacks": (put("callbacks", []), "callbacks is a list"),
    "other version": (put("pytorch-lightning_version", "0.1"), "pytorch-lightning_version is '0.1'"),
    "strange version": (put("pytorch-lightning_version", "../x"), "pytorch-lightning_version is '../x'"),
    "state of a callback": (put("callbacks", {"Curve": 5}), r"callbacks\.Curve is 5 where Mapping is needed"),
    "version": (put("pytorch-lightning_version", Missing), "pytorch-lightning_version is missing"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_checkpoint_gets_one_line_that_names_the_entry(name):
    forge, message = FORGED[name]
    _, checkpoint = played()
    forge(checkpoint)
    with pytest.raises(GenzooError, match=message) as caught:
        check(checkpoint, Pair().ready())
    assert str(caught.value).startswith("x.ckpt: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500

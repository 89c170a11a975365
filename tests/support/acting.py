"""Small models that act."""

from genzoo.runs.build import build_data, build_module
from support import cpu_trainer, resolved

SMALL = ("trainer=smoke", "recipe.batch_size=60")


def built(*overrides):
    """The environment and the module of a configuration, as a run begins with them."""
    config = resolved(*SMALL, *overrides)
    data, module = build_data(config), build_module(config)
    module.check_data(data.spec)
    module.initialise(data.initial())
    return data, module


def kept_rollouts(module):
    """The episodes of each round that the module will play."""
    found, play = [], module.play
    module.play = lambda: (found.append(play()), found[-1])[1]
    return found


def play(data, module, rounds=1, callbacks=()):
    """The module after so many rounds."""
    data.rounds = rounds
    cpu_trainer(callbacks=list(callbacks)).fit(module, datamodule=data)
    return module

"""A game of two scalars on white images, whose losses can be worked out by hand."""

from functools import partial

import pytorch_lightning as pl
import torch
from torch import nn

from genzoo.core.batches import ImageSet, Stream
from genzoo.core.image_module import ImageModule
from genzoo.core.rounds import Turn
from genzoo.data.module import ImageData
from support import cpu_trainer

REAL = (Stream("real"),)
SGD = partial(torch.optim.SGD, lr=0.1)


class White(ImageData):
    """Twelve white pixels; the i-th has label i, or -1 where ``unknown`` says so."""

    name = "white"

    def __init__(self, batch_size=4, unknown=0, **options):
        super().__init__(size=1, channels=1, classes=12, batch_size=batch_size, **options)
        self.unknown = unknown

    def load(self):
        labels = torch.arange(12).where(torch.arange(12) >= self.unknown, -1)
        images = ImageSet(torch.full((12, 1, 1, 1), 255, dtype=torch.uint8), labels)
        return {"train": images, "validation": images, "test": images}


class Scalar(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))


class Game(ImageModule):
    """Two scalars, first = 1 and second = 2, and white images x = 1.

    The first player loses first · (second + mean x), the second one second · first. ``seen`` collects the labels that
    each call of a loss was given.
    """

    def __init__(self, alternating=True, turns=None, optimizers=None, **options):
        super().__init__({"first": SGD, "second": SGD} if optimizers is None else optimizers, **options)
        self.first, self.second = Scalar(1.0), Scalar(2.0)
        self.alternating, self.declared, self.seen = alternating, turns, []

    def players(self):
        return {"first": [self.first], "second": [self.second]}

    def turns(self):
        if self.declared is not None:
            return self.declared
        losses = {"first": self.first_loss, "second": self.second_loss}
        if self.alternating:
            return tuple(Turn({player: loss}, REAL) for player, loss in losses.items())
        return (Turn(losses, REAL),)

    def first_loss(self, real):
        self.seen.append(real.labels.tolist())
        return self.first.value * (self.second.value + real.images.mean())

    def second_loss(self, **streams):
        (drawn,) = streams.values()
        self.seen.append(drawn.labels.tolist())
        return self.second.value * self.first.value


def play(module, rounds=1, data=None, callbacks=()):
    """Plays up to ``rounds`` rounds by a real trainer."""
    data = data or White()
    data.rounds = rounds
    trainer = cpu_trainer(callbacks=list(callbacks))
    trainer.fit(module.ready(), datamodule=data)
    return module


class AfterEachRound(pl.Callback):
    def __init__(self, act):
        self.act = act

    def on_train_batch_end(self, trainer, module, *_):
        self.act(trainer, module)


def values(module):
    return module.first.value.item(), module.second.value.item()

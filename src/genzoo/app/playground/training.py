"""A training that is played some rounds at a time."""

import time
from collections.abc import Mapping

import torch
from lightning_fabric import Fabric
from omegaconf import OmegaConf
from torch import Tensor

from genzoo.api import configured
from genzoo.app.playground.settings import ROUNDS, Settings, overrides
from genzoo.core.capabilities import ScoresRealism
from genzoo.core.randomness import derive_seed, generator, seed_all
from genzoo.data.source import Data
from genzoo.metrics.modes import Mixture, reached
from genzoo.runs.build import build_data, build_module

CPU = torch.device("cpu")
SAMPLES = 2500  #: as many as ``genzoo.metrics.modes.Modes`` draws


class Training:
    """A game on points between two rounds. It shares nothing with others but the global generator of random numbers,
    which every round seeds: rounds of two trainings must not be played at the same time.

    Args:
        settings: chosen by a person.

    Raises:
        GenzooError: a setting is wrong.

    Attributes:
        losses: name -> mean over the last rounds that were played together.
        ended: why there are no further rounds; empty while there are.
    """

    def __init__(self, settings: Settings):
        self.settings = settings
        with configured(overrides(settings)) as cfg:
            config = OmegaConf.to_container(cfg, resolve=True)
        self.data: Data = build_data(config)
        self.module = build_module(config)
        self.module.check_data(self.data.spec)
        seed_all(derive_seed(settings.seed, "data-dependent initialisation"), CPU)
        self.module.initialise(self.data.initial())
        self.module.follow_averages()
        Fabric(accelerator="cpu", devices=1).setup(self.module, *self.module.configure_optimizers())
        self.module.train()
        self._rounds = enumerate(self.data.loader(self.module, CPU))
        self.losses: Mapping[str, float] = {}
        self.ended = ""

    @property
    def rounds(self) -> int:
        """Number of completed rounds."""
        return self.module.progress.rounds

    def play(self, seconds: float) -> None:
        """Plays rounds for some seconds, at least one, or until the training ends; 0 seconds are one round."""
        until = time.monotonic() + seconds
        while not self.ended:
            self._round()
            if time.monotonic() >= until:
                break
        if means := self.module.meters.means():
            self.losses = {name: value.item() for name, value in means.items()}
            self._check()

    def samples(self) -> Tensor:
        """Points (2500, 2) in the source's units, of the same codes at each call."""
        drawn = self.module.sample(SAMPLES, generator=generator(0, "modes"))
        return drawn.flatten(1) * self.data.extent

    def points(self, n: int) -> Tensor:
        """The first training points, (n, 2) in the source's units."""
        return self.data.split("train").images[:n].flatten(1) * self.data.extent

    def coverage(self, samples: Tensor) -> str:
        """How many modes samples (N, 2) reach, by the rule of ``metrics=modes``; empty for data without modes."""
        if not isinstance(self.data, Mixture):
            return ""
        found = reached(samples, self.data)
        modes = f"{found['modes_covered']} of {len(self.data.centres)}"
        return f"modes covered: **{modes}** · samples near a mode: {found['high_quality']:.0%}"

    @torch.no_grad()
    def field(self, points: Tensor) -> Tensor:
        """What the discriminator says of points (N, 2) in the source's units: from -1, generated, to 1, real, (N,).

        Of a probability D(x) it is 2 D(x) - 1. A score is taken relative to the middle of its range over the points.
        """
        outputs = self.module.discriminator((points / self.data.extent).view(-1, 2, 1, 1))
        if ScoresRealism in self.module.capabilities():
            return 2 * outputs.sigmoid() - 1
        low, high = outputs.aminmax()
        return (2 * outputs - low - high) / (high - low).clamp(min=1e-9)

    def _round(self) -> None:
        index, batch = next(self._rounds)
        self.module.training_step(batch, index)
        if self.rounds == ROUNDS:
            self.ended = f"The training ends after {ROUNDS:,} rounds."

    def _check(self) -> None:
        bad = {name: int(round) for name, round in self.module.meters.first_bad().items() if round >= 0}
        if bad:
            name, round = min(bad.items(), key=lambda one: one[1])
            self.ended = f"The training diverged: {name} was not finite in round {round}; lower a learning rate."

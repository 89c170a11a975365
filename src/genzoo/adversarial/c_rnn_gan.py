"""C-RNN-GAN: a GAN of sequences of events, by recurrent networks."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.rounds import Made
from genzoo.adversarial.waiting import WaitingGAN
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_first_phase, check_integer, check_positive, check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Uniform
from genzoo.core.ranks import average_over_ranks
from genzoo.core.registry import register
from genzoo.core.rounds import Turn


@register
class CRNNGAN(WaitingGAN):
    """A GAN of tunes; D is updated only if its loss on the last batch was at least ``gate`` times that of G.

    In the first rounds, G learns to predict each event from those before it, by the squared error, in excerpts at
    random places. There are ``stages`` of these rounds; the excerpts of stage k have ``growth`` k events, at most T.

    The losses compared are L_D = -E log D(x) - E log(1 - D(G(z))) and L_G = -E log D(G(z)), also where G minimises
    ``matching``. G's loss has the term ``decay_weight`` / 2 Σ θ², of all its parameters.

    Args:
        discriminator: network on sequences (B, numbers of an event, T).
        pretraining_rounds: number of rounds of the first phase.
        stages, growth: see above.
        gate: smallest ratio of the losses at which D is updated; 0 = always.
        decay_weight: see above.
        kwargs: of ``WaitingGAN``; the generator also predicts (``networks.recurrent``).

    Raises:
        GenzooError: a number is out of range, or penalties or another order are given.

    Source: Mogren 2016, arXiv 1611.09904; olofmogren/c-rnn-gan, rnn_gan.py, in which the players are confused where
        one of them is to wait.
    """

    unit = "tunes"
    axes = "e"

    def __init__(
        self,
        discriminator: nn.Module,
        pretraining_rounds: int,
        stages: int = 6,
        growth: int = 4,
        gate: float = 0.7,
        decay_weight: float = 0.1,
        **kwargs: Any,
    ):
        numbers, events = discriminator.shape
        latent = Latent(before=Uniform(numbers), noise=Uniform(numbers * events))  # the generator maps them to [0, 1]
        super().__init__(discriminator=discriminator, latent=latent, **kwargs)
        check_integer("model.pretraining_rounds", pretraining_rounds, 0)
        check_positive("model.stages", stages)
        check_positive("model.growth", growth)
        check_weights({"decay": decay_weight})
        if not gate >= 0:
            raise GenzooError(f"model.gate={gate}: a ratio of losses, at least 0, is needed; 0 = D never waits.")
        self.pretraining_rounds, self.stages, self.growth = pretraining_rounds, stages, growth
        self.gate, self.decay_weight = gate, decay_weight
        self.ratio: Tensor
        self.register_buffer("ratio", torch.ones(()))  # of D's loss on the last batch to G's

    def turns(self) -> tuple[Turn, ...]:
        """The turn of the first phase, and those of the game."""
        first = self.pretraining_rounds
        alone = Turn({"generator": self.prediction_loss}, (self.real_stream(),), draws=self.excerpts)
        return (alone.in_rounds(end=first), *(turn.in_rounds(first) for turn in super().turns()))

    def on_fit_start(self) -> None:
        """Raises a GenzooError, too, if the run has no rounds for the game."""
        super().on_fit_start()
        rounds = self.trainer.datamodule.rounds
        check_first_phase("model.pretraining_rounds", self.pretraining_rounds, rounds, "the game")

    def excerpt(self, round: int) -> int:
        """Number of events of the excerpts of the round that follows ``round`` completed ones."""
        stage = round * self.stages // max(self.pretraining_rounds, 1) + 1
        return min(self.growth * stage, self.discriminator.shape[1])

    def excerpts(self, real: ImageBatch) -> Iterator[dict[str, Tensor]]:
        """Yields consecutive events (B, numbers, n) of each tune, from a random one on."""
        n, (batch, numbers, events) = self.excerpt(self.progress.rounds), real.images.shape
        first = torch.randint(events - n + 1, (batch, 1, 1), device=self.device)
        places = (first + torch.arange(n, device=self.device)).expand(-1, numbers, -1)
        yield {"events": real.images.gather(2, places)}

    def prediction_loss(self, events: Tensor) -> Tensor:
        """The mean squared error of predictions of events (B, numbers, n), and the decay."""
        predicted = self.generator.predict(self.latent.sample(len(events), device=self.device), events)
        return F.mse_loss(predicted, events) + self.decayed()

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """That of a GAN, and the decay."""
        return super().generator_loss(real, made) + self.decayed()

    def decayed(self) -> Tensor:
        """``decay_weight`` / 2 Σ θ², of the generator's parameters."""
        return self.decay_weight / 2 * sum(parameter.square().sum() for parameter in self.generator.parameters())

    def waits(self) -> bool:
        """Whether the ratio of the losses on the last batch was below the gate."""
        return bool(self.ratio < self.gate)

    def measure(self, of_real: Tensor, of_fake: Tensor) -> None:
        """Computes the ratio of the losses."""
        losses = torch.stack([self.objective.discriminator(of_real, of_fake), self.objective.generator(of_fake)])
        of_discriminator, of_generator = average_over_ranks(losses)
        self.ratio.copy_(of_discriminator / of_generator)
        self.meters.log("loss_ratio", self.ratio.clone())

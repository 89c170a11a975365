"""SeqGAN: a generator of tokens, trained by the policy gradient of the discriminator's judgement."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.networks.sentences import check_sentences
from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.checks import check_first_phase, check_integer, check_positive
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.core.sequence_module import SequenceModule


@register
class SequenceGAN(SequenceModule):
    """Sentences y of a generator G that maximises E Σ_t Q(y_1 .. y_t), of a discriminator D, the probability of "real".

    Q(y_1 .. y_t) is the mean of D over completions of y_1 .. y_t by G, and D(y_1 .. y_T) at the end. The rounds have
    three phases: ``likelihood_rounds`` in which G learns the training sentences by maximum likelihood,
    ``discriminator_rounds`` in which D learns to distinguish G's sentences from them, and the game: one update of G,
    then ``refreshes`` sets of new sentences for D. With each set, as many as training sentences, D passes ``passes``
    times through both.

    Args:
        generator: language network.
        discriminator: maps tokens (B, T) to the logits (B, 2) of "generated" and "real".
        likelihood_rounds, discriminator_rounds: number of rounds of the first two phases.
        set_batches: number of batches of training sentences per round of likelihood, and per set for D.
        sentences: number of sentences whose Q G's loss is the sum of.
        roll_outs: number of completions of each prefix.
        refreshes, passes: see above.
        output_decay: weight of the halved squares of D's last layer in its loss.
        kwargs: of ``SequenceModule``; the players are ``discriminator`` and ``generator``.

    Raises:
        GenzooError: a number is out of range, or both networks are for other sentences.

    Source: Yu et al. 2017, arXiv 1609.05473, algorithm 1; LantaoYu/SeqGAN, sequence_gan.py, rollout.py. The completions
        are those of the current generator: the original's update rate has no effect on what its graph computes.
    """

    clipped = frozenset({"generator"})

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        likelihood_rounds: int,
        discriminator_rounds: int,
        set_batches: int,
        sentences: int,
        roll_outs: int = 16,
        refreshes: int = 5,
        passes: int = 3,
        output_decay: float = 0.2,
        **kwargs: Any,
    ):
        super().__init__(generator, **kwargs)
        counts = {"set_batches": set_batches, "sentences": sentences, "roll_outs": roll_outs}
        for key, value in {**counts, "refreshes": refreshes, "passes": passes}.items():
            check_positive(f"model.{key}", value)
        check_integer("model.likelihood_rounds", likelihood_rounds, 0)
        check_integer("model.discriminator_rounds", discriminator_rounds, 0)
        check_sentences("discriminator", generator, discriminator)
        self.discriminator = discriminator
        self.game = likelihood_rounds + discriminator_rounds  #: round in which the game begins
        self.likelihood_rounds, self.set_batches, self.sentences = likelihood_rounds, set_batches, sentences
        self.roll_outs, self.refreshes, self.passes, self.output_decay = roll_outs, refreshes, passes, output_decay

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], "generator": [self.network]}

    def critics(self) -> dict[str, Callable[..., Tensor]]:
        """The losses of the players who judge sentences."""
        return {"discriminator": self.discriminator_loss}

    def turns(self) -> tuple[Turn, ...]:
        """The turns of all phases; those of the other phases have 0 repeats."""
        first, game, real = self.likelihood_rounds, self.game, Stream("real", self.pool)
        return (
            Turn({"generator": self.likelihood_loss}, (real,), self.set_batches).in_rounds(end=first),
            Turn({}, draws=self.forget_likelihood).in_rounds(game, game + 1),
            Turn({"generator": self.policy_loss}, (real,), draws=self.judged).in_rounds(game),
            Turn(
                self.critics(),
                (real._replace(batches=self.set_batches),),
                lambda round: int(round >= first) if round < game else self.refreshes,
                draws=self.mixed,
            ),
        )

    def on_fit_start(self) -> None:
        """Raises a GenzooError, too, if the run has no rounds for the game."""
        super().on_fit_start()
        rounds = self.trainer.datamodule.rounds
        check_first_phase("model.likelihood_rounds + model.discriminator_rounds", self.game, rounds, "the game")

    def forget_likelihood(self, **streams: ImageBatch) -> tuple[()]:
        """Gives the generator a new state of its optimizer; the original has one for each of its losses."""
        self.trainer.optimizers[[*self.players()].index("generator")].state.clear()
        return ()

    @torch.no_grad()
    def judged(self, real: ImageBatch) -> Iterator[Mapping[str, Tensor]]:
        """Yields as many sentences of the generator as there are real ones, and Q of their prefixes."""
        given = self.given(real)
        tokens = self.network.draw(len(real.images), **given)
        yield {"tokens": tokens, "values": self.values(tokens, **given), **given}

    def values(self, tokens: Tensor, **given: Tensor) -> Tensor:
        """Q(y_1 .. y_t), (B, T), of sentences (B, T): means over completions, and D of the whole sentences."""
        paths = self.network.complete_prefixes(tokens, self.roll_outs, **given)
        for_each = {name: value.expand(paths.shape[:3]).flatten() for name, value in given.items()}
        of_prefixes = self.reward(paths.flatten(0, 2), **for_each).view(paths.shape[:3]).mean(1)
        return torch.cat([of_prefixes, self.reward(tokens, **given)[None]]).T

    @in_inference
    def reward(self, tokens: Tensor, **given: Tensor) -> Tensor:
        """D, the probability (n,) that sentences (n, T) are real."""
        return torch.cat([self.discriminator(part).softmax(1)[:, 1] for part in tokens.split(self.sampling_batch)])

    def policy_loss(self, tokens: Tensor, values: Tensor, **given: Tensor) -> Tensor:
        """-Σ_t Q(y_1 .. y_t) log G(y_t | y_1 .. y_{t-1}), the sum over ``sentences`` sentences.

        Its gradient is that of -E Σ_t Q, by the score function; it has no baseline.
        """
        log_prob = at_least_float32(self.network.log_prob(tokens, **given))
        return -self.sentences * (values * log_prob).sum(1).mean()

    @torch.no_grad()
    def mixed(self, real: ImageBatch) -> Iterator[Mapping[str, Tensor]]:
        """Yields batches of training sentences, label 1, and as many new ones, 0, in one random order for all."""
        n, given = len(real.images), self.given(real)
        tokens = torch.cat([real.images.squeeze(1), self.network.draw(n, **given)])
        labels = (torch.arange(2 * n, device=tokens.device) < n).long()
        order = torch.randperm(2 * n, device=tokens.device)
        for chosen in self.passes * order.chunk(2 * self.set_batches):
            of_each = {name: value[chosen % n] for name, value in given.items()}
            yield {"tokens": tokens[chosen], "labels": labels[chosen], **of_each}

    def discriminator_loss(self, tokens: Tensor, labels: Tensor, **given: Tensor) -> Tensor:
        """-E log p(label), and ``output_decay`` / 2 times the squares of the last layer's weights and biases."""
        squares = sum(parameter.square().sum() for parameter in self.discriminator.output.parameters())
        return F.cross_entropy(self.discriminator(tokens), labels) + self.output_decay / 2 * squares

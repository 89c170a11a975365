"""Training as rounds of turns: the only place with manual optimization.

A module declares its players (each an optimizer of some networks) and its turns (which players are updated, how often,
on which streams of images, by which loss). One ``training_step`` runs one round; the loader yields exactly the images
of one round. Modules implement losses and never step an optimizer. Progress is counted in rounds and in images (or
steps of an environment) of all ranks, as plain integers, because Lightning's ``global_step`` counts every optimizer's
step.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from genzoo.core.averages import Average
from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch, Stream, part_of
from genzoo.core.errors import GenzooError, near
from genzoo.core.inference import Inference
from genzoo.core.meters import Meters
from genzoo.core.randomness import derive_seed, seed_all
from genzoo.core.strategy import TurnStrategy, average_gradients

Optimizers = Mapping[str, Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]]
Schedules = Mapping[str, Mapping[str, Callable[[int], float]]]


def unchanged(**given: Any) -> Iterator[dict[str, Any]]:
    """Yields its keyword arguments, once."""
    yield given


class Turn(NamedTuple):
    """One turn of a round.

    Args:
        losses: player -> its loss, a function of the keyword arguments that ``draws`` yields; it returns a scalar.
        streams: the images of one repeat. Turns with the same stream share its images, starting from the first.
        repeats: number of repeats of the turn in a round, each on new images; or a function from the number of
            completed rounds to it.
        draws: called in each repeat with the turn's streams (name -> ``ImageBatch``) and the values of ``collect``;
            yields keyword arguments of the losses. The players are updated once per item, before the next one is
            computed. By default, it yields its own arguments once.
        at_once: whether the gradients of all players are computed before any update; otherwise each player is updated
            before the next one's loss is computed.
    """

    losses: Mapping[str, Callable[..., Tensor]]
    streams: tuple[Stream, ...] = ()
    repeats: int | Callable[[int], int] = 1
    draws: Callable[..., Iterable[Mapping[str, Any]]] = unchanged
    at_once: bool = True

    def repeats_in(self, round: int) -> int:
        """Number of repeats of the turn in the round that follows ``round`` completed ones."""
        return self.repeats if isinstance(self.repeats, int) else self.repeats(round)

    def in_rounds(self, first: int = 0, end: float = math.inf) -> "Turn":
        """The turn in the rounds that follow at least ``first`` and less than ``end`` completed ones, and in no others.

        Examples:
            >>> turn = Turn({}, repeats=2).in_rounds(1, 3)
            >>> [turn.repeats_in(round) for round in range(4)]
            [0, 2, 2, 0]
        """
        return self._replace(repeats=lambda round: self.repeats_in(round) if first <= round < end else 0)


class Progress:
    """Progress of training: number of completed rounds, and of images (or the module's ``unit``) of all ranks."""

    def __init__(self, rounds: int = 0, seen: int = 0):
        self.rounds, self.seen = rounds, seen

    def state_dict(self) -> dict[str, int]:
        """Both counts, as plain integers."""
        return {"rounds": self.rounds, "seen": self.seen}


class RoundModule(Inference, pl.LightningModule):
    """Base class of all models that are trained in rounds.

    Subclasses implement ``players``, ``turns`` and ``capabilities``. After construction, ``ready`` must be called (as
    ``genzoo.runs.build`` does for every configuration).

    Args:
        optimizers: player -> optimizer factory (Hydra's ``_partial_``), called with the player's parameters.
        schedules: player -> option of its optimizer (``lr``, ``momentum`` ...) -> function of the number of completed
            rounds.
        averages, batch_norm: see ``genzoo.core.inference.Inference``.
    """

    unit: str  #: unit of ``progress.seen``
    accumulates = True  #: whether the losses may be computed on parts of a batch (gradient accumulation)
    accumulate: int = 1  #: number of parts that a turn's images are split into; their gradients are averaged
    gradient_clip: float | None = None  #: maximum Euclidean norm of each player's gradient; None = no clipping
    clipped: frozenset[str] | None = None  #: players whose gradient is clipped; None = all

    def __init__(
        self,
        optimizers: Optimizers,
        schedules: Schedules | None = None,
        averages: Mapping[str, Average] | None = None,
        batch_norm: str = "running",
    ):
        super().__init__(averages=averages, batch_norm=batch_norm)
        self.automatic_optimization = False
        self.progress = Progress()
        self.meters = Meters()
        self.seed = 0
        self.on_checkpoint: dict[str, Any] = {}  # plain containers that are added to every checkpoint
        self.optimizer_factories = dict(optimizers)
        self.schedules = {player: dict(options) for player, options in (schedules or {}).items()}

    # Methods that a family of models implements.

    def players(self) -> Mapping[str, list[nn.Module]]:
        """Player -> the networks whose parameters its optimizer updates. No parameter belongs to two players."""
        raise NotImplementedError

    def turns(self) -> tuple[Turn, ...]:
        """The turns of one round, in order."""
        raise NotImplementedError

    def capabilities(self) -> frozenset[type]:
        """The protocols of ``genzoo.core.capabilities`` that this instance implements."""
        return frozenset()

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Checks, before the data is loaded, that the model can be trained on it.

        Raises:
            GenzooError: it cannot.
        """
        raise NotImplementedError

    def seen_in(self, batch: Any, **collected: Any) -> int:
        """Number of images (or the module's ``unit``) of all ranks in a round.

        Args:
            batch: the round's streams.
            collected: see ``collect``.
        """
        raise NotImplementedError

    def initialise(self, data: Any) -> None:
        """Data-dependent initialisation, once, before the first round.

        Args:
            data: first training data, the result of the data module's ``initial``.
        """

    def collect(self) -> Mapping[str, Any]:
        """Values that all turns of a round share in addition to its streams, computed before the first turn."""
        return {}

    def after_step(self, player: str) -> None:
        """Called after each step of a player's optimizer, for example for weight clipping."""

    # Methods that are the same for all models.

    def ready(self) -> "RoundModule":
        """Checks that players, optimizers, schedules and averages fit each other; starts the averages.

        Raises:
            GenzooError: a name without a player, a player without an optimizer, an average without a network.
        """
        players = self.players()
        for kind, names in (("optimizers", self.optimizer_factories), ("schedules", self.schedules)):
            for name in names:
                if name not in players:
                    raise GenzooError(
                        f"model.{kind}.{name}: no such player. The model's players: {', '.join(players)}."
                    )
        if missing := [name for name in players if name not in self.optimizer_factories]:
            raise GenzooError(f"model.optimizers: {', '.join(missing)} has no optimizer; give each player one.")
        self.follow_averages()
        for name in self.averages:
            if not any(getattr(self, name) is network for networks in players.values() for network in networks):
                raise GenzooError(
                    f"model.averages.{name}: no player trains this network, so its average would not change."
                )
        return self

    def compile_networks(self) -> None:
        """Compiles the forward pass of each player's networks."""
        for networks in self.players().values():
            for network in networks:
                network.compile()

    def check_losses(self) -> None:
        """Checks that every loss was finite in every round so far, on all ranks; synchronises with the device.

        Raises:
            GenzooError: a loss was not finite; names loss, round and seed.
        """
        first_bad = self.meters.first_bad()
        if first_bad:
            rounds = self.trainer.strategy.reduce(torch.stack(list(first_bad.values())), reduce_op="max").tolist()
            for name, bad in zip(first_bad, rounds, strict=True):
                if bad >= 0:
                    raise self._diverged(f"{name} was not finite in round {bad}")

    def check_health(self) -> None:
        """Checks, before a checkpoint is saved, that all losses so far and all that it will hold are finite.

        Raises:
            GenzooError: one is not; names the loss, the round and the seed.
        """
        self.check_losses()
        states = (state for optimizer in self.trainer.optimizers for state in optimizer.state.values())
        held: dict[str, Iterable[Any]] = {
            "parameter": (p for ps in self._parameters_of.values() for p in ps),
            "buffer": self.buffers(),
            "state of an optimizer": (value for state in states for value in state.values()),
        }
        for what, values in held.items():
            numbers = [v for v in values if isinstance(v, Tensor) and v.is_floating_point()]
            if numbers and not torch.stack([v.isfinite().all().to(self.device) for v in numbers]).all():
                raise self._diverged(f"a {what} was not finite after round {self.progress.rounds - 1}")

    def _diverged(self, what: str) -> GenzooError:
        return GenzooError(
            f"training diverged: {what} (seed {self.seed}). The last healthy checkpoint is unchanged; "
            "lower a learning rate or choose another seed."
        )

    def streams(self, round: int = 0) -> tuple[Stream, ...]:
        """The streams of the round that follows ``round`` completed ones; ``batches`` counts all repeats."""
        streams: dict[str, Stream] = {}
        for turn in self.turns():
            for stream in turn.streams:
                whole = stream._replace(batches=stream.batches * turn.repeats_in(round))
                known = streams.setdefault(stream.name, whole)
                if known._replace(batches=0) != whole._replace(batches=0):
                    raise GenzooError(
                        f"stream {stream.name!r}: two turns draw it from different pools or by different weights."
                    )
                streams[stream.name] = max(known, whole, key=lambda stream: stream.batches)
        return tuple(streams.values())

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """One optimizer per player, in the players' order."""
        self._parameters_of = {
            player: [p for network in networks for p in network.parameters() if p.requires_grad]
            for player, networks in self.players().items()
        }
        optimizers = {}
        for player, parameters in self._parameters_of.items():
            try:
                optimizers[player] = self.optimizer_factories[player](parameters)
            except (ValueError, TypeError) as error:
                raise GenzooError(f"model.optimizers.{player}: {error}; correct the configuration.") from error
        for player, options in self.schedules.items():
            for option in options:
                if option not in optimizers[player].defaults:
                    raise GenzooError(
                        f"model.schedules.{player}.{option}: its optimizer has no such option. "
                        f"{near(option, optimizers[player].defaults)}"
                    )
        return list(optimizers.values())

    def on_fit_start(self) -> None:
        """Sets training mode, which Lightning does not change; a loaded module is in evaluation mode."""
        self.train()

    def training_step(self, batch: Any, batch_idx: int) -> None:
        """Runs one round.

        Args:
            batch: NamedTuple of named streams, each an ``ImageBatch`` with all repeats of its turn.
        """
        # Random numbers and scheduled options are functions of the round alone, so that a resumed run repeats them.
        rounds = self.progress.rounds
        seed_all(derive_seed(self.seed, "round", rounds, self.global_rank), self.device)
        found = self.optimizers()
        optimizers = dict(zip(self._parameters_of, found if isinstance(found, list) else [found], strict=True))
        for player, options in self.schedules.items():
            for option, schedule in options.items():
                for group in optimizers[player].param_groups:
                    group[option] = schedule(rounds)

        in_all = {stream.name: stream.batches for stream in self.streams(rounds)}
        collected = self.collect()
        for turn in self.turns():
            for repeat in range(turn.repeats_in(rounds)):
                images = {
                    s.name: part_of(getattr(batch, s.name), repeat * s.batches, s.batches, in_all[s.name])
                    for s in turn.streams
                }
                for parts in self._drawn(turn, images, collected):
                    self._update(turn, parts, optimizers)

        self.progress.rounds += 1
        self.progress.seen += self.seen_in(batch, **collected)

    def _drawn(
        self, turn: Turn, images: Mapping[str, ImageBatch], collected: Mapping[str, Any]
    ) -> Iterator[tuple[Mapping[str, Any], ...]]:
        """For each update of the turn's players, the losses' arguments for each part of the accumulated gradient."""
        n = self.accumulate
        parts = ({name: part_of(batch, i, 1, n) for name, batch in images.items()} for i in range(n))
        return zip(*(turn.draws(**part, **collected) for part in parts), strict=True)

    def _update(self, turn: Turn, parts: Sequence[Mapping[str, Any]], optimizers: Mapping[str, Any]) -> None:
        players = list(turn.losses)
        for together in [players] if turn.at_once else [[player] for player in players]:
            for player in together:
                self._compute_gradients(player, turn.losses[player], parts, optimizers[player])
            for player in together:
                self._step(player, optimizers[player])

    def _compute_gradients(
        self, player: str, loss_of: Callable[..., Tensor], parts: Sequence[Mapping[str, Any]], optimizer: Any
    ) -> None:
        n = len(parts)
        with self.only(player):
            optimizer.zero_grad()
            losses = []
            for part in parts:
                loss = loss_of(**part)
                self.manual_backward(loss if n == 1 else loss / n)
                losses.append(loss.detach())
        loss = losses[0] if n == 1 else torch.stack(losses).mean()
        if isinstance(self.trainer.strategy, TurnStrategy):
            average_gradients(self._parameters_of[player])
        self.meters.log(f"{player}_loss", loss, self.progress.rounds)

    def _step(self, player: str, optimizer: Any) -> None:
        if self.gradient_clip is not None and (self.clipped is None or player in self.clipped):
            torch.nn.utils.clip_grad_norm_(self._parameters_of[player], self.gradient_clip)
        optimizer.step()
        self.after_step(player)
        self._update_averages(player)

    @contextmanager
    def only(self, player: str) -> Iterator[None]:
        """Inside, only this player's parameters require gradients. May be nested."""
        before = [(p, p.requires_grad) for ps in self._parameters_of.values() for p in ps]
        for name, ps in self._parameters_of.items():
            for p in ps:
                p.requires_grad_(name == player)
        try:
            yield
        finally:
            for p, required in before:
                p.requires_grad_(required)

    def _update_averages(self, player: str) -> None:
        for name, average in self.averages.items():
            network = getattr(self, name)
            if any(network is trained for trained in self.players()[player]):
                average.update(network)

    # Checkpoints contain the progress in addition to Lightning's entries, but not Lightning's loop counters: a resumed
    # fit is a new loop over the remaining rounds.

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the progress, the meters and ``on_checkpoint``."""
        checkpoint["progress"] = self.progress.state_dict()
        checkpoint["meters"] = self.meters.state_dict()
        checkpoint.update(self.on_checkpoint)
        checkpoint.pop("loops", None)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restores the progress and the meters."""
        self.progress = Progress(**checkpoint["progress"])
        self.meters.load_state_dict(checkpoint.get("meters", {}))  # checkpoints of earlier versions have none

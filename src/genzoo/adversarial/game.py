"""The base class of adversarial models: a generator and a discriminator that are trained in turns."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.adversarial.historical import HistoricalAveraging
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Alternating, GameRound, Made
from genzoo.core.averages import Average
from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.capabilities import Decodes, Samples
from genzoo.core.checks import check_labels, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.inference import in_inference, statistics_of
from genzoo.core.latent import Latent
from genzoo.core.protocols import check_network, missing
from genzoo.core.randomness import generator as fixed_generator
from genzoo.core.rounds import Optimizers, Schedules, Turn
from genzoo.nn.data_dependent import INITIAL, initialise_from_data


class Game(ImageModule):
    """Base class of the adversarial models; subclasses implement the two losses.

    Args:
        generator: factory of the network that maps codes (B, latent.width) to images (B, C, H, W) in [-1, 1]; called
            with ``latent``, the width of the codes.
        discriminator: network on images with the protocol ``needs``; called critic if its output is not a logit.
        latent: prior of the codes.
        optimizers: of the players ``discriminator`` and ``generator``.
        schedules, averages, batch_norm: see ``RoundModule``.
        round: the order of the players' updates.
        sampling_batch: images generated per pass. If batch norm uses batch statistics, this is part of the protocol:
            the recipe's batch size.
        historical_averaging: player -> term of its loss, the distance of its parameters from their past mean; logged
            as ``historical_averaging/<player>``.
    """

    pool = "train"  #: pool of the real images
    needs: type = base.Discriminator  #: protocol of the discriminator

    def __init__(
        self,
        generator: Callable[..., nn.Module],
        discriminator: nn.Module,
        latent: Latent,
        optimizers: Optimizers,
        schedules: Schedules | None = None,
        averages: Mapping[str, Average] | None = None,
        batch_norm: str = "running",
        round: GameRound = Alternating(),  # noqa: B008 (it is frozen)
        sampling_batch: int = 128,
        historical_averaging: Mapping[str, HistoricalAveraging] | None = None,
    ):
        super().__init__(optimizers, schedules, averages, batch_norm)
        self.generator, self.discriminator, self.latent = generator(latent=latent.width), discriminator, latent
        self.round, self.sampling_batch = round, sampling_batch
        self.historical_averaging = nn.ModuleDict(dict(historical_averaging or {}))
        check_network(self.generator, base.Generator, "model.generator")
        check_network(discriminator, self.needs, "model.discriminator")
        self.image_shape = tuple(self.generator.shape)
        if tuple(discriminator.shape) != self.image_shape:
            raise GenzooError(
                f"model: the generator's images have the (channels, height, width) {self.image_shape}, but the "
                f"discriminator's {tuple(discriminator.shape)}; set both to the same."
            )

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def turns(self) -> tuple[Turn, ...]:
        """The turns of ``round``."""
        losses = {player: self.loss_of(player) for player in ("discriminator", "generator")}
        return self.round.turns(losses, self.real_stream(), self.make)

    def real_stream(self) -> Stream:
        """The stream of real images."""
        return Stream("real", self.pool)

    def capabilities(self) -> frozenset[type]:
        """It samples and decodes."""
        return frozenset({Samples, Decodes})

    def initialise(self, images: Tensor) -> None:
        """Calls the networks' ``initialise`` with training images; initialises data-dependent layers of the
        discriminator from 500 images and those of the generator from a batch of codes.
        """
        for network in (self.generator, self.discriminator):
            if not missing(network, base.Initialised):
                network.initialise(images)
        initialise_from_data(self.discriminator, lambda: images[:INITIAL])
        initialise_from_data(self.generator, lambda: self.latent.sample(self.sampling_batch, device=self.device))

    def follow_averages(self) -> None:
        """Also starts each historical average from its player's current parameters."""
        super().follow_averages()
        players = self.players()
        for player, history in self.historical_averaging.items():
            if player not in players:
                raise GenzooError(
                    f"model.historical_averaging.{player}: no such player. The model's players: {', '.join(players)}."
                )
            history.follow(players[player])

    def loss_of(self, player: str) -> Callable[..., Tensor]:
        """The loss of a player, including its historical averaging."""
        loss: Callable[..., Tensor] = getattr(self, f"{player}_loss")
        if player not in self.historical_averaging:
            return loss

        def with_history(**arguments: Any) -> Tensor:
            term = self.historical_averaging[player](self.players()[player])
            self.meters.log(f"historical_averaging/{player}", term)
            return loss(**arguments) + term

        return with_history

    def after_step(self, player: str) -> None:
        """Updates the player's historical average with its parameters."""
        if player in self.historical_averaging:
            self.historical_averaging[player].update(self.players()[player])

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The discriminator's loss, a scalar.

        Args:
            real: real images.
            made: generated images that both players share; None: new ones are generated.
        """
        raise NotImplementedError

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The generator's loss, a scalar; the arguments are those of ``discriminator_loss``."""
        raise NotImplementedError

    def codes(self, real: ImageBatch) -> Tensor:
        """Codes (B, latent.width) from the prior, as many as real images."""
        return self.latent.sample(len(real.images), device=self.device)

    def make(self, real: ImageBatch) -> Made:
        """New codes and their images, as many as real images."""
        z = self.codes(real)
        return z, self.generator(z)

    def detached_fakes(self, real: ImageBatch, made: Made | None = None) -> Made:
        """Codes and images for the discriminator's loss, without gradients to the generator."""
        if made is None:
            with torch.no_grad():
                return self.make(real)
        z, images = made
        return z, images.detach()

    def generate(self, z: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] of codes (B, latent.width), in one pass."""
        return self.generator(z)

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n images (n, C, H, W) in [-1, 1] of codes from the prior.

        If batch norm uses batch statistics, the last pass is padded with fixed codes from the prior (as InfoGAN's
        original pads its picture grids), so that the statistics do not depend on n.

        Raises:
            GenzooError: labels are given, or n is not a positive integer.
        """
        check_positive("number of images", n)
        check_labels(labels, n, 0, self.device)
        z = self.latent.sample(n, generator, self.device)
        if self.batch_norm == "batch":
            z = torch.cat([z, self.fixed_codes(-n % self.sampling_batch)])
        return self._in_passes(z)[:n]

    @in_inference
    def decode(self, z: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] of codes (B, latent.width), each independent of the other codes.

        If batch norm uses batch statistics, they are those of ``sampling_batch`` fixed codes from the prior: statistics
        of the given codes would remove what these have in common, such as their category.
        """
        if self.batch_norm == "running":
            return self._in_passes(z)
        with statistics_of(self.fixed_codes(self.sampling_batch), self.generator):
            return self._in_passes(z)

    def fixed_codes(self, n: int) -> Tensor:
        """n codes (n, latent.width) from the prior, the same at each call."""
        return self.latent.sample(n, fixed_generator(0, "filler"), self.device)

    def _in_passes(self, z: Tensor) -> Tensor:
        return torch.cat([self.generate(codes) for codes in z.split(self.sampling_batch)])

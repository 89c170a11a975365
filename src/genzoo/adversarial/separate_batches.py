"""The base class of CaloGAN and LAGAN, whose discriminators compare the data of a batch."""

from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.adversarial.networks.jet_discriminator import JetDiscriminator
from genzoo.adversarial.networks.jet_generator import JetGenerator
from genzoo.adversarial.networks.shower_discriminator import ShowerDiscriminator
from genzoo.adversarial.networks.shower_generator import ShowerGenerator
from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch, Stream
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.randomness import drawing_device
from genzoo.core.rounds import Turn


class SeparateBatches(ImageModule):
    """A round is a step of D on real data, another one on generated data, and two of G: batches are never mixed.

    Data are vectors of parts, made of noise z ~ N(0, I) and of what is asked for, such as an energy, which is new in
    each of the last three steps. The data of D's step are those of G in evaluation mode. Subclasses draw what is asked
    for and state the losses.

    Args:
        generator: maps noise (B, latent) and what is asked for to vectors (B, parts.width).
        discriminator: judges vectors with the same parts.
        kwargs: of ``ImageModule``; the players are ``discriminator`` and ``generator``.

    Raises:
        GenzooError: the networks have other parts.

    Source: hep-lbdl/adversarial-jets, models/train.py; hep-lbdl/CaloGAN, models/train.py.
    """

    axes = ""
    accumulates = False  # the data of a whole batch are compared
    pool = "train"

    def __init__(
        self,
        generator: ShowerGenerator | JetGenerator,
        discriminator: ShowerDiscriminator | JetDiscriminator,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if generator.parts.shapes != discriminator.parts.shapes:
            raise GenzooError("model.generator.layers and model.discriminator.layers differ; give both the same.")
        self.generator, self.discriminator = generator, discriminator
        self.image_shape = (generator.parts.width,)

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def turns(self) -> tuple[Turn, ...]:
        """Two turns of the discriminator, and one of the generator with two updates."""
        real = (Stream("real", self.pool),)
        return (
            Turn({"discriminator": self.real_loss}, real),
            Turn({"discriminator": self.fake_loss}, real, draws=self.fakes),
            Turn({"generator": self.generator_loss}, real, draws=self.asked_twice),
        )

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data with other parts."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        assert data.parts is not None
        if data.parts.shapes != self.generator.parts.shapes:
            raise GenzooError(
                f"data={data.name} has the layers {data.parts.shapes}, but the model is built for "
                f"{self.generator.parts.shapes}; set the same layers for its networks."
            )

    def fakes(self, real: ImageBatch) -> list[dict[str, Tensor]]:
        """As many generated vectors (B, cells) as real ones, by G in evaluation mode, and what was asked for."""
        asked = self.draw_asked(len(real.images))
        self.generator.eval()
        with torch.no_grad():
            made = self.draw(asked)
        self.generator.train()
        return [{"made": made, "asked": asked}]

    def asked_twice(self, real: ImageBatch) -> list[dict[str, Tensor]]:
        """What is asked for in both updates of G."""
        return [{"asked": self.draw_asked(len(real.images))} for _ in range(2)]

    def draw_asked(self, n: int, generator: Generator | None = None) -> Tensor:
        """What n generated vectors are asked for, (n, ...)."""
        raise NotImplementedError

    def real_loss(self, real: ImageBatch) -> Tensor:
        """Of the discriminator, on real data."""
        raise NotImplementedError

    def fake_loss(self, made: Tensor, asked: Tensor) -> Tensor:
        """Of the discriminator, on generated vectors (B, cells) and what was asked for."""
        raise NotImplementedError

    def generator_loss(self, asked: Tensor) -> Tensor:
        """Of the generator."""
        raise NotImplementedError

    def draw(self, asked: Tensor, generator: Generator | None = None) -> Tensor:
        """Vectors (B, cells) of what is asked for, (B, ...), and new noise."""
        place = drawing_device(generator, asked.device)
        z = torch.randn(len(asked), self.generator.latent, generator=generator, device=place)
        return self.generator(z.to(asked.device), asked)

    def draw_in_batches(self, asked: Tensor, generator: Generator | None) -> Tensor:
        """The same of any number, for evaluation."""
        return torch.cat([self.draw(part, generator) for part in asked.split(self.sampling_batch)])

"""A model, a data set, a metric and a callback of one's own; the files in conf/ name them."""

import logging

import torch
from torch import Tensor, nn

from genzoo.callbacks.every import EveryRounds
from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.capabilities import Decodes, Encodes
from genzoo.core.image_module import ImageModule
from genzoo.core.images import from_levels
from genzoo.core.inference import in_inference
from genzoo.core.latent import Latent, Normal
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.data.module import ImageData, split_of
from genzoo.metrics.evaluation import Evaluation


@register
class Stripes(ImageData):
    """Images of one bright row (label 0) or one bright column (label 1)."""

    name = "stripes"

    def __init__(self, size: int, channels: int, n: int, **options):
        super().__init__(size, channels, 256, **options)
        self.n = n

    def load(self):
        return {split: self.draw(seed) for seed, split in enumerate(("train", "validation", "test"))}

    def draw(self, seed: int):
        generator, size = torch.Generator().manual_seed(seed), self.spec.size
        labels = torch.randint(2, (self.n,), generator=generator)
        bright = torch.nn.functional.one_hot(torch.randint(size, (self.n,), generator=generator), size)
        rows = bright.view(-1, 1, size, 1).expand(-1, 1, size, size).to(torch.uint8) * 255
        return split_of(torch.where(labels.view(-1, 1, 1, 1) == 0, rows, rows.mT), labels)


@register
class DenoisingAutoencoder(ImageModule):
    """Reconstructs images from noisy ones through a bottleneck (Vincent et al. 2008), by squared error."""

    def __init__(self, shape: tuple[int, int, int], hidden: int, code: int, noise: float, **options):
        super().__init__(**options)
        self.image_shape, self.noise, pixels = tuple(shape), noise, shape[0] * shape[1] * shape[2]
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, code))
        layers = nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, pixels), nn.Tanh()
        self.decoder = nn.Sequential(*layers, nn.Unflatten(1, self.image_shape))
        self.latent = Latent(code=Normal(code))

    def players(self):
        return {"autoencoder": [self.encoder, self.decoder]}

    def turns(self):
        return (Turn({"autoencoder": self.loss}, (Stream("real"),)),)

    def capabilities(self):
        return frozenset({Encodes, Decodes})

    def loss(self, real: ImageBatch) -> Tensor:
        noisy = real.images + self.noise * torch.randn_like(real.images)
        return (self.decoder(self.encoder(noisy)) - real.images).square().mean()

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        return self.encoder(images)

    @in_inference
    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)


@register
class AbsoluteError:
    """Mean absolute error of reconstructed images."""

    needs = frozenset({Encodes, Decodes})

    def __call__(self, module, data, split):
        images = from_levels(data.split(split).images)
        return Evaluation({"absolute_error": (module.decode(module.encode(images)) - images).abs().mean().item()})


@register
class CodeNorms(EveryRounds):
    """Logs the mean norm of the codes of the validation images."""

    def act(self, trainer, module):
        codes = module.encode(from_levels(trainer.datamodule.split("validation").images).to(module.device))
        logging.getLogger("genzoo").info(
            f"round {module.progress.rounds}: mean norm of codes {codes.norm(dim=1).mean():.2f}"
        )

"""The adversarial autoencoder: codes of images are given the prior's distribution by a discriminator of codes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.networks.base import Generator as Decoder
from genzoo.core.batches import DataSpec, ImageBatch, Stream
from genzoo.core.capabilities import Decodes, Encodes, Samples, SamplesClasses
from genzoo.core.checks import check_classes, check_labels, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.inference import in_inference
from genzoo.core.latent import Categorical, Latent
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.hybrid.checks import check_parts, check_priors
from genzoo.hybrid.networks import base
from genzoo.nn.objectives import Objective


@register
class AdversarialAutoencoder(ImageModule):
    """An autoencoder whose aggregated posterior E_x q(z|x) is matched to a prior by a game about codes.

    A round has three turns, on the same images. Reconstruction: encoder and decoder minimise the squared error.
    Regularisation: each part of the code has a discriminator, which tells draws of the prior ("real") from codes of
    images; then the encoder makes its codes look like draws. q(z|x) is deterministic; a categorical part is a softmax.

    The encoder has one optimizer for all turns, while the paper's has one of its own in each: set the weights of the
    losses in place of several rates.

    Args:
        encoder: factory of the network from images to the numbers of the inferred code, (B, width), logits for
            categorical parts; called with ``width``.
        decoder: factory of the network from codes to images in [-1, 1]; called with ``latent``, the width of the codes.
        discriminators: part of the code -> factory of its discriminator; called with ``width``. If it uses labels
            (``classes`` above 0), it is also given each image's class, -1 = unknown. The prior's draw that is compared
            with the image then comes from the component with the number of its class.
        latent: prior of the codes.
        objective: the losses of discriminators and encoder in the game about codes.
        reconstruction_weight: weight of the reconstruction in the encoder's loss; its unit is the mean over pixels of
            images in [-1, 1].
        adversarial_weight: weight of the game in the encoder's loss.
        sampling_batch: images decoded per pass.
        kwargs: of ``RoundModule``; the players are ``decoder``, ``encoder`` and ``discriminator``, which is all
            discriminators.

    Raises:
        GenzooError: networks, prior and discriminators do not fit each other.

    Source: Makhzani et al. 2015, arXiv 1511.05644, sections 2 and 2.3 (labels). One optimizer of the encoder:
        musyoku/adversarial-autoencoder.
    """

    stream = Stream("real")  #: the images of all three turns

    def __init__(
        self,
        encoder: Callable[..., nn.Module],
        decoder: Callable[..., nn.Module],
        discriminators: Mapping[str, Callable[..., nn.Module]],
        latent: Latent,
        objective: Objective,
        reconstruction_weight: float = 1.0,
        adversarial_weight: float = 1.0,
        sampling_batch: int = 100,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_positive("model.sampling_batch", sampling_batch)
        if min(reconstruction_weight, adversarial_weight) < 0:
            raise GenzooError(
                "model.reconstruction_weight and model.adversarial_weight: numbers of at least 0 are needed."
            )
        self.latent, self.encoded, self.objective = latent, self.encoded_parts(latent), objective
        self.reconstruction_weight, self.adversarial_weight = reconstruction_weight, adversarial_weight
        self.sampling_batch = sampling_batch
        check_parts(self.encoded, discriminators)
        self.encoder, self.decoder = encoder(width=self.encoded.width), decoder(latent=latent.width)
        self.discriminators = nn.ModuleDict(
            {name: build(width=self.encoded.parts[name].size) for name, build in discriminators.items()}
        )

        # The networks must fit each other and the prior.
        check_network(self.encoder, base.Encoder, "model.encoder")
        check_network(self.decoder, Decoder, "model.decoder")
        for name, network in self.discriminators.items():
            check_network(network, base.CodeDiscriminator, f"model.discriminators.{name}")
        self.image_shape = tuple(self.decoder.shape)
        if self.encoder.width != self.encoded.width:
            raise GenzooError(
                f"model.encoder: its codes have {self.encoder.width} numbers, but the prior's {self.encoded.width}; "
                "choose an encoder of that width."
            )
        if tuple(self.encoder.shape) != self.image_shape:
            raise GenzooError(
                f"model: the encoder's images have the (channels, height, width) {tuple(self.encoder.shape)}, but the "
                f"decoder's {self.image_shape}; set both to the same."
            )
        self.labelled = check_priors(self.encoded, self.discriminators)
        self.label_classes = max((self.discriminators[name].classes for name in self.labelled), default=0)

    def encoded_parts(self, latent: Latent) -> Latent:
        """The parts of the code that the encoder infers."""
        return latent

    def players(self) -> dict[str, list[nn.Module]]:
        """Decoder, encoder, and all discriminators as one."""
        return {"decoder": [self.decoder], "encoder": [self.encoder], "discriminator": [self.discriminators]}

    def turns(self) -> tuple[Turn, ...]:
        """Reconstruction, the discriminators' turn, the encoder's."""
        reconstruction = {"decoder": self.decoder_loss, "encoder": self.reconstruction_loss}
        return (
            Turn(reconstruction, (self.stream,), draws=self.coded),
            Turn({"discriminator": self.discriminator_loss}, (self.stream,)),
            Turn({"encoder": self.fooling_loss}, (self.stream,)),
        )

    def capabilities(self) -> frozenset[type]:
        """It samples, decodes and encodes; with labels it draws images of given classes."""
        return frozenset({Samples, Decodes, Encodes} | ({SamplesClasses} if self.label_classes else set()))

    def check_data(self, data: DataSpec) -> None:
        """Raises a GenzooError, too, if labels are used and the data has another number of classes."""
        super().check_data(data)
        for name in self.labelled:
            check_classes(f"model.discriminators.{name}.classes", self.discriminators[name].classes, data)

    def infer(self, images: Tensor) -> dict[str, Tensor]:
        """The parts of the codes of images (B, C, H, W), float32; of a categorical part, probabilities."""
        outputs = self.encoded.split(at_least_float32(self.encoder(images)))
        parts = self.encoded.parts
        return {name: o.softmax(1) if isinstance(parts[name], Categorical) else o for name, o in outputs.items()}

    def codes(self, real: ImageBatch) -> Tensor:
        """The codes (B, latent.width) from which the decoder reconstructs images."""
        return self.latent.join(self.infer(real.images))

    def prior(self, labels: Tensor, generator: Generator | None = None) -> dict[str, Tensor]:
        """Draws of the inferred parts, one per label (B,), of the labels' components where a part has such."""
        n, device = len(labels), labels.device
        return {
            name: part.sample_labelled(labels, generator)
            if name in self.labelled
            else part.sample(n, generator, device)
            for name, part in self.encoded.parts.items()
        }

    def coded(self, real: ImageBatch) -> Iterator[dict[str, Any]]:
        """Yields images and their codes, which encoder and decoder share in the reconstruction."""
        yield {"real": real, "codes": self.codes(real)}

    def error(self, real: ImageBatch, codes: Tensor) -> Tensor:
        """The squared error of reconstructions, a mean over pixels in [-1, 1]."""
        return F.mse_loss(at_least_float32(self.decoder(codes)), at_least_float32(real.images))

    def decoder_loss(self, real: ImageBatch, codes: Tensor) -> Tensor:
        """The error of reconstructions from codes (B, latent.width), without gradients to the encoder."""
        return self.error(real, codes.detach())

    def reconstruction_loss(self, real: ImageBatch, codes: Tensor) -> Tensor:
        """The encoder's loss in the reconstruction, weighted."""
        error = self.error(real, codes)
        self.meters.log("reconstruction", error)
        return self.reconstruction_weight * error

    def judge(self, values: Mapping[str, Tensor], labels: Tensor) -> dict[str, Tensor]:
        """The discriminators' logits (B,) of each part's values."""
        return {name: at_least_float32(network(values[name], labels)) for name, network in self.discriminators.items()}

    def discriminator_loss(self, real: ImageBatch) -> Tensor:
        """The objective, summed over the parts, on draws of the prior ("real") and codes of images ("fake")."""
        with torch.no_grad():
            codes = self.infer(real.images)
        drawn, found = self.judge(self.prior(real.labels), real.labels), self.judge(codes, real.labels)
        return torch.stack([self.objective.discriminator(drawn[name], found[name]) for name in drawn]).sum()

    def fooling_loss(self, real: ImageBatch) -> Tensor:
        """The encoder's objective, summed over the parts, on codes of images, weighted."""
        found = self.judge(self.infer(real.images), real.labels)
        game = torch.stack([self.objective.generator(logits) for logits in found.values()]).sum()
        self.meters.log("fooling", game)
        return self.adversarial_weight * game

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """Codes (B, latent.width) of images (B, C, H, W) in [-1, 1]; of categorical parts, probabilities."""
        return self.latent.join(self.infer(images))

    @in_inference
    def decode(self, z: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] of codes (B, latent.width)."""
        return torch.cat([at_least_float32(self.decoder(codes)) for codes in z.split(self.sampling_batch)])

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n images (n, C, H, W) in [-1, 1] of codes from the prior; with labels, of the classes' components.

        Raises:
            GenzooError: n is not a positive integer; labels are not n integers of the model's classes.
        """
        check_positive("number of images", n)
        labels = check_labels(labels, n, self.label_classes, self.device)
        return self.decode(self.drawn(n, labels, generator))

    def drawn(self, n: int, labels: Tensor | None, generator: Generator | None) -> Tensor:
        """n codes (n, latent.width) from the prior, with labels those of the classes (n,)."""
        if labels is None:
            return self.latent.sample(n, generator, self.device)
        return self.latent.join(self.prior(labels, generator))

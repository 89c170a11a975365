"""DCGAN's networks.

The five guidelines of arXiv 1511.06434, section 3: (1) strided convolutions in the discriminator and transposed ones in
the generator instead of pooling; (2) batch norm in both, but not on the generator's output nor the discriminator's
input; (3) no fully connected hidden layers; (4) ReLU in the generator, tanh on its output; (5) leaky ReLU of slope 0.2
in the discriminator.

Layers before batch norm have no bias, which its shift would make redundant.
"""

from collections.abc import Callable
from itertools import accumulate, chain

from torch import Tensor, nn

from genzoo.adversarial.networks.halving import halving_stages
from genzoo.adversarial.networks.sizes import halvings
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation
from genzoo.nn.normalisation import check_norm, linear, normalisation


@register
class Generator(nn.Module):
    """A projection to 4 x 4 (7 x 7 for 28 pixels) and transposed convolutions of stride 2.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: of the feature map at half resolution; each coarser one has twice as many.
        kernel: 4 or 5.
        norm: ``"batch"``, ``"layer"``, ``"instance"`` or ``"none"``.
        initialisation: sets the initial weights.

    Source: arXiv 1511.06434, section 3; Newmu/dcgan_code, faces/train_uncond_dcgan.py (kernel 5, channels 128).

    Example:
        >>> import torch
        >>> Generator(latent=100, shape=(3, 32, 32), channels=4)(torch.zeros(2, 100)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(
        self,
        latent: int,
        shape: tuple[int, int, int],
        channels: int = 64,
        kernel: int = 4,
        norm: str = "batch",
        initialisation: Callable[[nn.Module], None] = dcgan_initialisation,
    ):
        super().__init__()
        check_norm("model.generator.norm", norm, spectral=False)
        self.shape = tuple(shape)
        doublings, size = halvings(self.shape)
        bias, padding, extra = norm != "batch", (kernel - 1) // 2, kernel % 2  # so that each layer doubles exactly
        width = channels * 2 ** (doublings - 1)
        layers: list[nn.Module] = [
            nn.Linear(latent, width * size * size, bias=bias),
            nn.Unflatten(1, (width, size, size)),
            normalisation(norm, width),
            nn.ReLU(),
        ]
        for _ in range(doublings - 1):
            layers += [
                nn.ConvTranspose2d(width, width // 2, kernel, 2, padding, output_padding=extra, bias=bias),
                normalisation(norm, width // 2),
                nn.ReLU(),
            ]
            width //= 2
        layers += [nn.ConvTranspose2d(width, self.shape[0], kernel, 2, padding, output_padding=extra), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        initialisation(self)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        return self.layers(z)


@register
class Discriminator(nn.Module):
    """Convolutions of stride 2 down to 4 x 4 (7 x 7 for 28 pixels) and a linear output.

    Args:
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: of the feature map at half resolution; each coarser one has twice as many.
        kernel: 4 or 5.
        norm: ``"batch"``, ``"layer"``, ``"instance"``, ``"spectral"`` (of all weights) or ``"none"``.
        initialisation: sets the initial weights.
        minibatch: factory of the layer ``genzoo.nn.minibatch.MinibatchDiscrimination`` on the features, called with
            their number; None = none.

    Source: arXiv 1511.06434, section 3; Newmu/dcgan_code, faces/train_uncond_dcgan.py (kernel 5, channels 128).

    Example:
        >>> import torch
        >>> Discriminator(shape=(3, 32, 32), channels=4)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        channels: int = 64,
        kernel: int = 4,
        norm: str = "batch",
        initialisation: Callable[[nn.Module], None] = dcgan_initialisation,
        minibatch: Callable[[int], nn.Module] | None = None,
    ):
        super().__init__()
        check_norm("model.discriminator.norm", norm)
        self.shape = tuple(shape)
        stages, features = halving_stages(self.shape, channels, kernel, norm)
        self.ends = list(accumulate(map(len, stages)))  # index after each stage
        self.trunk = nn.Sequential(*chain(*stages), nn.Flatten())
        appended = [] if minibatch is None else [minibatch(features)]
        self.head = linear(norm)(appended[0].outputs if appended else features, 1)
        initialisation(self)
        self.trunk.extend(appended)  # after ``initialisation``, which must not change its weights

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> features (B, F)."""
        return self.trunk(images)

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Images (B, C, H, W) in [-1, 1] -> outputs of the convolutional layers, after the non-linearity."""
        maps, start = [], 0
        for end in self.ends:
            images, start = self.trunk[start:end](images), end
            maps.append(images)
        return maps

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits (B,)."""
        return self.head(self.trunk(images)).squeeze(1)

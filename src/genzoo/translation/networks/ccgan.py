"""The networks of CC-GAN.

Source: edenton/cc-gan, models/vgg_64.lua (64 pixels). Its biases are set to 0 before each pass, but for those of the
    class head.
"""

from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation
from genzoo.translation.networks.sizes import halved

STAGES = ((1,), (2,), (4, 4), (8, 8), (8, 8))  # multiples of ``channels`` before each pooling


@register
class HoleFiller(nn.Module):
    """Convolutions of stride 2 down to 4 x 4 pixels, or an odd number, and transposed ones back, with batch norm.

    Args:
        shape: (C, H, W) of the images.
        outputs: number of channels of the result.
        channels: of the finest map; each coarser one has twice as many.

    Raises:
        GenzooError: the size cannot be halved twice.

    Example:
        >>> import torch
        >>> HoleFiller(shape=(3, 32, 32), outputs=3, channels=2)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, channels: int = 64):
        super().__init__()
        widths = [channels * 2**i for i in range(len(halved(shape[1], 2)))]
        layers: list[nn.Module] = []
        for inputs, wide in zip([shape[0], *widths], widths, strict=False):
            layers += [nn.Conv2d(inputs, wide, 4, 2, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU()]
        for wide, narrow in zip(widths[:0:-1], widths[-2::-1], strict=True):
            layers += [nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False), nn.BatchNorm2d(narrow), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(channels, outputs, 4, 2, 1, bias=False), nn.Tanh())
        dcgan_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> images (B, outputs, H, W) in [-1, 1]."""
        return self.layers(images)


@register
class ClassifyingVGG(nn.Module):
    """Up to five stages of 3 x 3 convolutions and a pooling, and two heads on the last map: a logit, and one per class.

    There are as many stages as leave a map of 2 x 2 pixels or more.

    Args:
        shape: (C, H, W) of the images.
        classes: number of classes.
        channels: of the first stage.
        dropout: probability that a map is set to 0 before the class head, in training.

    Raises:
        GenzooError: the images have less than 4 pixels, or there are no classes.

    Example:
        >>> import torch
        >>> network = ClassifyingVGG(shape=(3, 32, 32), classes=10, channels=2)
        >>> images = torch.zeros(5, 3, 32, 32)
        >>> network(images).shape, network.class_logits(images).shape
        (torch.Size([5]), torch.Size([5, 10]))
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, channels: int = 64, dropout: float = 0.5):
        super().__init__()
        if not classes:
            raise GenzooError("model.discriminator.classes=0: this model classifies; choose data with labels.")
        inputs, side, _ = shape
        if side < 4:
            raise GenzooError(f"data.size={side}: this network needs images of at least 4 pixels.")
        self.classes = classes
        stages = STAGES[: side.bit_length() - 2]
        layers: list[nn.Module] = []
        for stage in stages:
            for wide in (channels * times for times in stage):
                layers += [nn.Conv2d(inputs, wide, 3, padding=1, bias=False), nn.BatchNorm2d(wide), nn.LeakyReLU(0.2)]
                inputs = wide
            layers.append(nn.MaxPool2d(2))
        self.trunk, rest = nn.Sequential(*layers), side >> len(stages)
        self.head = nn.Sequential(nn.Conv2d(inputs, 1, rest, bias=False), nn.Flatten(0))
        self.class_head = nn.Sequential(nn.Dropout2d(dropout), nn.Conv2d(inputs, classes, rest), nn.Flatten())
        dcgan_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits of the probability that they are real, (B,)."""
        return self.head(self.trunk(images))

    def class_logits(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits of the classes, (B, classes)."""
        return self.class_head(self.trunk(images))

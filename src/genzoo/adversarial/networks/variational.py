"""A generator with a Gaussian distribution of its weights, and a likelihood ratio that depends on them."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from genzoo.adversarial.networks.mlp import MLPDiscriminator
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


@register
class GaussianWeights(nn.Module):
    """A generator with independent normal weights, θ = m + s ε; the numbers ε, one per weight, are part of the code.

    A code is the generator's own code followed by ε. So codes of the latent parts ``Normal`` have weights drawn from
    the distribution, and codes with ε = 0 the mean weights.

    Args:
        latent: width of the generator's own code.
        network: factory of the generator, called with ``latent``. Its initial weights are the initial means m.
        std: initial standard deviation s of each weight.

    Raises:
        GenzooError: the standard deviation is not positive.

    Example:
        >>> from genzoo.adversarial.networks.mlp import MLPGenerator
        >>> generator = GaussianWeights(2, lambda latent: MLPGenerator(latent, (2, 1, 1), [4]))
        >>> z = torch.randn(3, 2 + generator.count)
        >>> generator.weights(z).shape, generator(z).shape
        (torch.Size([3, 22]), torch.Size([3, 2, 1, 1]))
    """

    def __init__(self, latent: int, network: Callable[..., nn.Module], std: float = 0.1):
        super().__init__()
        if std <= 0:
            raise GenzooError(f"model.generator.std={std}: a positive number is needed.")
        built = network(latent=latent)
        self.sizes = {name: p.shape for name, p in built.named_parameters()}
        self.mean = nn.Parameter(nn.utils.parameters_to_vector(built.parameters()).detach())
        self.log_std = nn.Parameter(torch.full_like(self.mean, std).log())
        self.shape, self.noise, self.count = tuple(built.shape), latent, len(self.mean)
        self.structure = (built.to("meta"),)  # in a tuple, since its parameters are not the model's

    def weights(self, z: Tensor) -> Tensor:
        """The weights θ (B, count) of codes (B, latent + count)."""
        return self.mean + self.log_std.exp() * z[:, self.noise :]

    def divergence(self) -> Tensor:
        """KL(q(θ) || N(0, 1)) in nats, a scalar."""
        return ((2 * self.log_std).exp() + self.mean.square() - 1 - 2 * self.log_std).sum() / 2

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent + count) -> images (B, C, H, W), each by its own weights."""
        return vmap(self._image)(z[:, : self.noise], self.weights(z))

    def _image(self, noise: Tensor, weights: Tensor) -> Tensor:
        parts = weights.split([size.numel() for size in self.sizes.values()])
        named = {name: part.view(size) for (name, size), part in zip(self.sizes.items(), parts, strict=True)}
        return functional_call(self.structure[0], named, (noise[None],))[0]


@register
class RatioEstimator(nn.Module):
    """A perceptron on an image and a generator's weights.

    Args:
        shape: (C, H, W) of the images.
        weights: number of the generator's weights.
        hidden: widths of the hidden layers.
        gain: factor of the orthogonal initial weights.

    Example:
        >>> RatioEstimator((2, 1, 1), weights=22, hidden=[8])(torch.zeros(3, 2, 1, 1), torch.zeros(3, 22)).shape
        torch.Size([3])
    """

    def __init__(
        self, shape: tuple[int, int, int], weights: int, hidden: Sequence[int] = (128, 128), gain: float = 1.4
    ):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.network = MLPDiscriminator((channels * height * width + weights, 1, 1), hidden, gain)

    def forward(self, images: Tensor, weights: Tensor) -> Tensor:
        """Images (B, C, H, W) and weights (B, weights) -> estimates of log p(x|θ) - log p_data(x), (B,)."""
        return self.network(torch.cat([images.flatten(1), weights], 1))

"""Initial weights that several originals share."""

from torch import nn


def dcgan_initialisation(network: nn.Module, std: float = 0.02) -> None:
    """Convolutions truncated normal (±2 std), transposed convolutions and linear layers normal, all of ``std``; batch
    norm's gain normal around 1 with ``std``; biases 0.

    Source: openai/InfoGAN, infogan/misc/custom_ops.py; DCGAN (arXiv 1511.06434, section 4) has the same std and gain.
    """
    for m in network.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.trunc_normal_(m.weight, std=std, a=-2 * std, b=2 * std)
        elif isinstance(m, nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(m.weight, std=std)
        elif isinstance(m, nn.modules.batchnorm._BatchNorm):
            nn.init.normal_(m.weight, mean=1.0, std=std)
        if getattr(m, "bias", None) is not None:
            nn.init.zeros_(m.bias)

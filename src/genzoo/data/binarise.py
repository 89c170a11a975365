"""Random binarisation of grey levels."""

import torch
from torch import Generator, Tensor


def binarise(levels: Tensor, generator: Generator) -> Tensor:
    """Draws binary levels: 1 with probability level / 255; uint8, any shape.

    Source: R. Salakhutdinov and I. Murray, "On the quantitative analysis of deep belief networks", ICML 2008.

    >>> binarise(torch.tensor([0, 255], dtype=torch.uint8), Generator())
    tensor([0, 1], dtype=torch.uint8)
    """
    threshold = torch.randint(255, levels.shape, dtype=torch.uint8, device=levels.device, generator=generator)
    return (threshold < levels).to(torch.uint8)

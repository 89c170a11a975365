"""Masks with which output i of a network depends only on inputs before i."""

from collections.abc import Sequence

import torch
from torch import Tensor

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError


def degrees(width: int, size: int) -> Tensor:
    """Degrees of ``width`` units, spread evenly over [0, size): a unit may depend on the variables up to its degree.

    They need not be integers: between layers of equal width, each unit then sees the units up to its own index.

    Example:
        >>> degrees(4, 4).tolist(), degrees(6, 4).tolist()[:4]
        ([0.0, 1.0, 2.0, 3.0], [0.0, 0.6666666666666666, 1.3333333333333333, 2.0])

    Source: Germain et al. 2015, arXiv 1502.03509, section 4; for multiples of ``size`` the order is that of
        openai/iaf, tf_utils/layers.py, ``get_linear_ar_mask``.
    """
    return torch.arange(width, dtype=torch.float64) * size / width


def linear_mask(inputs: Tensor, outputs: Tensor, strict: bool) -> Tensor:
    """Returns the mask (outputs, inputs): a unit sees inputs of a degree up to its own, or below it.

    Args:
        inputs, outputs: degrees of the units of both sides.
        strict: require a degree below its own, as in the last layer of a network (with integer degrees).

    Example:
        >>> linear_mask(degrees(2, 2), degrees(4, 2), strict=False).int().tolist()
        [[1, 0], [1, 0], [1, 1], [1, 1]]
    """
    inputs, outputs = inputs[None, :], outputs[:, None]
    return inputs < outputs if strict else inputs <= outputs


def conv_mask(inputs: Tensor, outputs: Tensor, strict: bool, kernel: int) -> Tensor:
    """Returns the mask of a convolution, (outputs, inputs, kernel, kernel).

    Pixels are ordered from the last one to the first: it sees all channels of those to the right and below, and at its
    own pixel those that ``linear_mask`` allows.

    Source: openai/iaf, tf_utils/layers.py, ``get_conv_ar_mask``.

    Example:
        >>> conv_mask(degrees(1, 1), degrees(1, 1), strict=True, kernel=3)[0, 0].int().tolist()
        [[0, 0, 0], [0, 0, 1], [1, 1, 1]]
    """
    later = torch.arange(kernel**2).view(kernel, kernel) > kernel**2 // 2
    mask = later.expand(len(outputs), len(inputs), kernel, kernel).clone()
    mask[:, :, kernel // 2, kernel // 2] = linear_mask(inputs, outputs, strict)
    return mask


def check_hidden(hidden: Sequence[int]) -> None:
    """Checks that ``hidden`` is a list of the widths of at least one layer.

    Raises:
        GenzooError: it is not; the message names the key.
    """
    if not isinstance(hidden, Sequence) or not hidden:
        raise GenzooError(f"hidden={hidden}: expected a list of widths, one per hidden layer, e.g. [320, 320].")
    for width in hidden:
        check_positive("hidden", width)

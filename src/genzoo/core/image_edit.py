"""Edits of an image by coloured strokes, on the images of a model."""

from typing import NamedTuple, cast

import torch
from scipy.ndimage import gaussian_filter
from torch import Generator, Tensor

from genzoo.core.capabilities import Decodes, Encodes
from genzoo.core.checks import check_integer
from genzoo.core.distances import Pixels
from genzoo.core.latent_search import LatentSearch
from genzoo.core.rounds import RoundModule
from genzoo.core.starts import FromEncoder, FromPrior
from genzoo.core.stroke_edit import StrokeEdit


class Edited(NamedTuple):
    """The results of an edit.

    Args:
        images: of the found codes, the best first, (candidates, C, H, W).
        costs: of the codes, (candidates,).
        frames: images of codes on the line from the image's own code to the best one, (N, C, H, W): the first is the
            reconstruction, the last ``images[0]``.
        shown: the given image with the change from the first to the last frame, (C, H, W); see ``transferred``.
    """

    images: Tensor
    costs: Tensor
    frames: Tensor
    shown: Tensor


def projection(module: RoundModule, steps: int = 500, restarts: int = 3) -> LatentSearch:
    """The search for an image's code: Σ (x - G(z))², from the encoder's code, if the model encodes, and from the prior.

    Args:
        module: the model.
        steps, restarts: see ``LatentSearch``.

    Raises:
        GenzooError: ``steps`` or ``restarts`` is not a positive integer.
    """
    start = FromEncoder() if Encodes in module.capabilities() else FromPrior()
    return LatentSearch(Pixels(2), steps=steps, restarts=restarts, start=start)


def edit_image(
    module: RoundModule,
    image: Tensor,
    strokes: Tensor,
    mask: Tensor,
    generator: Generator | None = None,
    search: LatentSearch | None = None,
    edit: StrokeEdit = StrokeEdit(),  # noqa: B008 (it never changes)
    frames: int = 16,
) -> Edited:
    """Edits an image by strokes; the result is a function of the arguments alone, on the device of the image.

    Args:
        module: a model that decodes, on the same device.
        image: (C, H, W) in [-1, 1].
        strokes: their colours, (C, H, W) in [-1, 1].
        mask: their weights from 0 to 1, (1, H, W).
        generator: of the searches' starts; the same state gives the same result.
        search: for the image's own code; None = ``projection(module)``.
        edit: the search for the codes of the edit.
        frames: number of frames from the image's reconstruction to the edited image.

    Raises:
        GenzooError: the model does not decode, a search fails, or the number of frames is less than 2.
    """
    check_integer("frames", frames, 2)
    origin = (search or projection(module))(module, image[None], generator).codes[0]
    codes, costs = edit(module, origin, strokes, mask, generator)
    decode = cast(Decodes, module).decode
    morph = decode(torch.lerp(origin, codes[0], torch.linspace(0, 1, frames, device=origin.device)[:, None]))
    return Edited(decode(codes), costs, morph, transferred(image, morph[0], morph[-1]))


def transferred(image: Tensor, reconstruction: Tensor, edited: Tensor, sigma: float = 0.7) -> Tensor:
    """An image x with the change from its reconstruction r to the edited e: r + M (e - r) + (1 - M) (x - r).

    M is min(1, |e - r|), a mean over channels, blurred by a Gaussian: where nothing changes, the image stays as it is.

    Args:
        image, reconstruction, edited: (C, H, W) in [-1, 1].
        sigma: standard deviation of the Gaussian in pixels.

    Source: Brock et al. 2017, arXiv 1609.07093; ajbrock/Neural-Photo-Editor, NPE.py: ``paint``.

    Example:
        >>> x, r = torch.full((1, 3, 3), 0.25), torch.zeros(1, 3, 3)
        >>> transferred(x, r, r).unique(), transferred(x, r, r - 1).unique()
        (tensor([0.2500]), tensor([-1.]))
    """
    change = edited - reconstruction
    sizes = change.abs().mean(0, keepdim=True).clamp(max=1)
    mask = torch.from_numpy(gaussian_filter(sizes.cpu().numpy(), (0, sigma, sigma))).to(change)
    return reconstruction + mask * change + (1 - mask) * (image - reconstruction)

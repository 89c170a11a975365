"""Experience replay: the discriminator also sees images that the generator made in earlier rounds."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.adversarial.gan import GAN
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.core.rounds import Turn


@register
class History(nn.Module):
    """The latest images of a generator, stored in the module's state.

    Args:
        shape: (C, H, W) of the images.
        size: number of images that are stored.
        share: probability that an image is replaced by a stored one.

    Raises:
        GenzooError: the size is not positive, or the share is not a probability.

    Source: Shrivastava et al. 2017, arXiv 1612.07828, section 2.3.
    """

    images: Tensor
    added: Tensor

    def __init__(self, shape: tuple[int, int, int], size: int = 1000, share: float = 0.5):
        super().__init__()
        check_positive("model.history.size", size)
        if not 0 <= share <= 1:
            raise GenzooError(f"model.history.share={share}: a probability from 0 to 1 is needed.")
        self.share = share
        self.register_buffer("images", torch.zeros(size, *shape))
        self.register_buffer("added", torch.zeros((), dtype=torch.long))  # number of all images so far

    def mixed(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W), of which a share is replaced by random stored ones, if there are any."""
        filled = self.added.clamp(max=len(self.images))
        old = self.images[(torch.rand(len(images), device=images.device) * filled).long()]
        replaced = (torch.rand(len(images), 1, 1, 1, device=images.device) < self.share) & (filled > 0)
        return torch.where(replaced, old.to(images.dtype), images)

    def add(self, images: Tensor) -> None:
        """Stores images (B, C, H, W) in place of the oldest ones."""
        size = len(self.images)
        newest = images.detach()[-size:].to(self.images.dtype)
        places = (self.added + torch.arange(len(newest), device=images.device)) % size
        self.images[places] = newest
        self.added += len(newest)


@register
class HistoryGAN(GAN):
    """A part of the generated images in the discriminator's loss is of earlier rounds.

    After each round, a batch of new images is added to the history.

    Args:
        history: the images of earlier rounds; each rank has its own.
        kwargs: of ``GAN``.

    Source: arXiv 1612.07828, section 2.3; soumith/ganhacks, item 8.
    """

    def __init__(self, history: History, **kwargs: Any):
        super().__init__(**kwargs)
        self.history = history

    def turns(self) -> tuple[Turn, ...]:
        """The turns of the game, then the update of the history."""
        return (*super().turns(), Turn({}, (self.real_stream(),), draws=self.remember))

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The loss of ``GAN`` on generated images of this and of earlier rounds."""
        z, fake = self.detached_fakes(real, made)
        return super().discriminator_loss(real, (z, self.history.mixed(fake)))

    def remember(self, real: ImageBatch) -> Iterable[dict[str, Any]]:
        """Adds as many new images as real ones to the history; yields nothing, so no player steps."""
        self.history.add(self.detached_fakes(real)[1])
        return ()

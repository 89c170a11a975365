"""Models whose samples can be worked out by hand."""

import weakref

import torch

from genzoo.core.capabilities import Drawing, DrawsSequentially, Samples, SamplesClasses
from genzoo.core.image_module import ImageModule

SIZE = 4  # images per block


class Coded(ImageModule):
    """Images of 2 x 3 pixels, red, green and blue: noise of 64 levels, the label's level, and the number of images.

    ``made`` counts the blocks, ``alive`` the largest number of them in memory at once.
    """

    image_shape = (3, 2, 3)

    def __init__(self, classes=0, fails_at=None):
        super().__init__({})
        self.sampling_batch, self.label_classes = SIZE, classes
        self.made, self.alive, self.fails_at, self._blocks = 0, 0, fails_at, weakref.WeakSet()

    def capabilities(self):
        return frozenset({Samples, DrawsSequentially} | ({SamplesClasses} if self.label_classes else set()))

    def sample(self, n, labels=None, generator=None):
        if self.made == self.fails_at:
            raise KeyboardInterrupt
        self.made += 1
        levels = torch.zeros(n, *self.image_shape)
        levels[:, 0] = torch.randint(64, (n, 2, 3), generator=generator)
        levels[:, 1] = 0 if labels is None else labels[:, None, None]
        levels[:, 2] = n
        images = levels * (2 / 255) - 1
        self._blocks.add(images)
        self.alive = max(self.alive, len(self._blocks))
        return images

    def canvases(self, n, generator=None):
        last = self.sample(n, generator=generator)
        return Drawing(torch.stack([torch.full_like(last, -1), last * 0, last]), None)

"""The samples of a model as a function of seed and index."""

import numpy as np
import torch
from torch import Tensor

from genzoo.core.capabilities import Drawing
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.randomness import generator
from genzoo.core.text import to_numbers

LARGEST = 100_000  # images of a block


class Blocks:
    """Samples in blocks of fixed size, the model's ``sampling_batch``; each block has a generator of its own.

    A block is always drawn as a whole, so a sample depends neither on the number of samples nor on the ones that exist
    already. Class-conditional models draw sample i from class i modulo the number of classes, so that the statistics of
    a batch are those of all classes.

    Args:
        module: the model.
        seed: seed of the random numbers.
        classes: number of classes of a class-conditional model; 0 = no labels.
        label: class of all samples; None = all classes.
        temperature: of the sampler, if it has one; None = the recipe's.
        batch_size: images per pass within a block; None = the whole block.
        caption: of all samples, for a model that asks for one.

    Raises:
        GenzooError: the model's blocks are too large, or the caption has characters that are not known.
    """

    def __init__(
        self,
        module: ImageModule,
        seed: int = 0,
        classes: int = 0,
        label: int | None = None,
        temperature: float | None = None,
        batch_size: int | None = None,
        caption: str | None = None,
    ):
        self.module, self.seed, self.classes, self.label = module, seed, classes, label
        self.size = module.sampling_batch
        if self.size > LARGEST:  # it may come from a foreign checkpoint
            raise GenzooError(f"model.sampling_batch={self.size}: at most {LARGEST:,} images per block can be drawn.")
        self.shape = tuple(module.image_shape or module.sample(1).shape[1:])  #: (C, H, W)
        self.options = {} if temperature is None else {"temperature": temperature}
        self.caption = None if caption is None else to_numbers([caption], module.asks["caption"][-1])
        module.sampling_batch = min(batch_size or self.size, self.size)

    def labels(self, start: int, stop: int) -> np.ndarray | None:
        """The classes of samples start .. stop - 1, int64 (stop - start,); None for models without classes."""
        if not self.classes:
            return None
        given = np.arange(start, stop) % self.classes
        return given if self.label is None else np.full_like(given, self.label)

    def images(self, block: int) -> Tensor:
        """The images of a block, (size, C, H, W) in [-1, 1]."""
        if self.caption is not None:
            return self.module.sample_given({"caption": self.caption.expand(self.size, 1, -1)}, self._generator(block))
        given = self.labels(block * self.size, (block + 1) * self.size)
        labels = None if given is None else torch.from_numpy(given)
        return self.module.sample(self.size, labels, self._generator(block), **self.options)

    def drawing(self, block: int) -> Drawing:
        """The canvases of a block of a model that draws in steps."""
        return self.module.canvases(self.size, self._generator(block))

    def _generator(self, block: int) -> torch.Generator:
        return generator(self.seed, "samples", block)

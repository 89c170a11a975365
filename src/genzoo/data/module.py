"""Bases of the data sets of one shape: splits, pools, loader of rounds, description."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from genzoo.core.batches import DataSpec, ImageSet
from genzoo.core.checks import check_integer, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.randomness import generator
from genzoo.core.rounds import RoundModule
from genzoo.data.labels import check_classes, draw_labelled, known, of_classes
from genzoo.data.loader import RoundLoader
from genzoo.data.source import Data

SPLITS = ("train", "validation", "test")


class SetData(Data):
    """Base of the sets of data of one shape, such as images or sequences.

    Subclasses set ``name``, implement ``load`` and may override ``prepare_data`` (download, in one process per machine)
    and ``augment``.

    Args:
        shape: of an image, (C, H, W), or of other data: the number of channels, and the size along each axis.
        levels: number of levels of a pixel, or of tokens; None = continuous data: float, for images in [-1, 1].
        classes: number of classes; 0 = no labels.
        factors: names of the ground-truth factors.
        batch_size: images per batch over all ranks.
        rounds: length of the run in rounds.
        seed: seed of the order and of augmentation.
        labels_per_class: number of labels per class that training sees; the others are unknown to it; None = all
            labels.
        label_seed: seed of the choice of these labels.
        only_classes: the classes whose images all splits have, with the labels that these classes have in the whole
            set; None = all images.
    """

    classifier: str | None = None  #: shipped classifier as feature extractor; None = one is trained on the labels

    def __init__(
        self,
        shape: tuple[int, ...],
        levels: int | None = 256,
        classes: int = 0,
        factors: tuple[str, ...] = (),
        batch_size: int = 64,
        rounds: int = 1,
        seed: int = 0,
        labels_per_class: int | None = None,
        label_seed: int = 0,
        only_classes: Sequence[int] | None = None,
    ):
        super().__init__(batch_size, rounds, seed)
        check_integer("data.label_seed", label_seed, 0)
        if labels_per_class is not None:
            check_positive("data.labels_per_class", labels_per_class)
            if not classes:
                raise GenzooError(
                    f"data.labels_per_class={labels_per_class}: data={self.name} has no labels; leave it out."
                )
        self.spec = DataSpec(self.name, shape, levels, classes, tuple(factors))
        self.labels_per_class, self.label_seed = labels_per_class, label_seed
        self.only_classes = None if only_classes is None else check_classes(only_classes, classes, self.name)
        self._splits: dict[str, ImageSet] | None = None

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the splits "train", "validation" (may be empty) and "test".

        Raises:
            GenzooError: files are missing, damaged, or do not fit the configuration.
        """
        raise NotImplementedError

    def augment(self, levels: Tensor, generator: Generator) -> Tensor:
        """Random augmentation of levels, uint8 (B, C, H, W), in training and, with a fixed generator, in evaluation."""
        return levels

    @property
    def stored_extent(self) -> tuple[int, ...]:
        """Sizes along the axes of the images of ``split``; ``augment`` gives them the data's shape."""
        return self.spec.shape[1:]

    @property
    def augments(self) -> bool:
        """Whether ``augment`` changes images."""
        return type(self).augment is not SetData.augment

    def vary(self, levels: Tensor, generator: Generator) -> Tensor:
        """``augment`` and the changes that training images alone undergo, of levels, uint8 (B, C, H, W).

        Both images of a pair are changed together, with their channels joined.
        """
        return self.augment(levels, generator)

    @property
    def varies(self) -> bool:
        """Whether ``vary`` changes images."""
        return self.augments

    def setup(self, stage: str | None = None) -> None:
        """Loads the splits; only the first call does."""
        if self._splits is None:
            self._splits = self.checked(self.load(), self.spec.channels)

    def checked(self, splits: Mapping[str, ImageSet], channels: int) -> dict[str, ImageSet]:
        """The images of ``data.only_classes`` of splits whose images have these channels and the stored size.

        Raises:
            GenzooError: images have another shape, or there are no training images.
        """
        shape = (channels, *self.stored_extent)
        for split, found in splits.items():
            if len(found.images) and tuple(found.images.shape[1:]) != shape:
                raise GenzooError(
                    f"data={self.name}: the {split} images are of shape {tuple(found.images.shape[1:])}, but the "
                    f"configuration gives {shape}; set data.size and data.channels to those of the images."
                )
        if self.only_classes is not None:
            splits = {split: of_classes(found, self.only_classes) for split, found in splits.items()}
        of_these = "" if self.only_classes is None else f" of data.only_classes={[*self.only_classes]}"
        if not len(splits["train"].images):
            raise GenzooError(f"data={self.name}: there are no training images{of_these}; check data.root.")
        return dict(splits)

    def split(self, name: str) -> ImageSet:
        """Returns the images of one split as stored: on the CPU, uint8 levels (floats for continuous data).

        All labels are included, for metrics, whose protocols state what they use; training uses ``pools`` only.
        """
        self.setup()
        assert self._splits is not None
        return self._splits[name]

    def count(self, name: str) -> int:
        """Returns the number of images of a split."""
        return len(self.split(name).images)

    def describe(self) -> str:
        """Returns one line with the size of the training set."""
        return f"{self.count('train'):,} training {self.content}"

    def evaluation_images(self, name: str, limit: int | None = None) -> ImageSet:
        """Returns up to ``limit`` images of a split for evaluation: ``augment`` is applied with a fixed seed."""
        found = self.split(name).at(slice(limit))
        levels = self.augment(found.images, generator(0, "evaluation", name))  # the same for every run
        return found._replace(images=levels)

    def development_images(self) -> ImageSet:
        """Returns all images except the test split, augmented with a fixed seed: training, then validation images.

        They do not depend on the recipe's split, so that metrics that use them as reference are comparable.
        """
        train, validation = self.split("train"), self.split("validation")
        if not len(validation.images):
            return self.evaluation_images("train")
        both = train.joined(validation)
        return both._replace(images=self.augment(both.images, generator(0, "evaluation", "train")))

    def fingerprint(self) -> str:
        """Returns a hash of training images and chosen labels; a run is not resumed with other data."""
        content = hashlib.sha256(self.split("train").images.numpy().tobytes())
        if self.labels_per_class is not None:
            content.update(self.pools()["train"].labels.numpy().tobytes())
        return content.hexdigest()[:16]

    def pools(self) -> dict[str, ImageSet]:
        """Returns the sets that streams draw from: all training images, and the labelled ones.

        With ``labels_per_class`` they have no factors, which could reveal the hidden labels.

        Raises:
            GenzooError: a class has fewer labels than ``labels_per_class``.
        """
        train = self.split("train")
        if self.labels_per_class is not None:
            train = ImageSet(train.images, self._seen(train.labels), given=train.given)
        labelled = train if (train.labels >= 0).all() else known(train)
        return {"train": train, "labelled": labelled} if len(labelled.labels) else {"train": train}

    def _seen(self, labels: Tensor) -> Tensor:
        """Returns the training labels, -1 except for ``labels_per_class`` images of each class."""
        chosen = draw_labelled(
            labels,
            self.labels_per_class,
            self.spec.classes,
            generator(self.label_seed, "labels"),
            "data.labels_per_class",
            self.name,
        )
        return torch.full_like(labels, -1).index_copy(0, chosen, labels[chosen])

    def initial(self, limit: int = 10_000) -> Tensor:
        """Returns training images for data-dependent initialisation, float in [-1, 1]."""
        return from_levels(self.evaluation_images("train", limit).images, self.spec.scaled)

    def train_dataloader(self) -> RoundLoader:
        """Returns the loader of the remaining rounds, on the trainer's device."""
        trainer = self.trainer
        return self.loader(
            trainer.lightning_module, trainer.strategy.root_device, trainer.global_rank, trainer.world_size
        )

    def loader(self, module: RoundModule, device: torch.device, rank: int = 0, ranks: int = 1) -> RoundLoader:
        """Returns the loader of a model's remaining rounds.

        Args:
            module: the model.
            device: of the batches.
            rank, ranks: number of the process, and number of all processes.
        """
        loader = RoundLoader(
            self.pools(),
            module.streams,
            self.batch_size,
            self.rounds,
            self.seed,
            self.spec.scaled,
            self.vary if self.varies else None,
            device,
            rank,
            ranks,
        )
        loader.load_state_dict({"position": module.progress.rounds})
        return loader


class ImageData(SetData):
    """Base of the image data sets.

    Args:
        size: height and width in pixels.
        channels: 1 or 3; any number for continuous data.
        levels: number of levels of a pixel; None = continuous data: float in [-1, 1], not images.
        classes: number of classes; 0 = no labels.
        options: of ``SetData``.

    Raises:
        GenzooError: a number is out of range.
    """

    def __init__(self, size: int, channels: int, levels: int | None = 256, classes: int = 0, **options: Any):
        check_positive("data.size", size)
        if levels is not None and channels not in (1, 3):
            raise GenzooError(f"data.channels={channels}: 1 (grey) or 3 (colour) is needed.")
        super().__init__((channels, size, size), levels, classes, **options)


def split_of(images: Tensor, labels: Tensor | None = None, factors: Tensor | None = None) -> ImageSet:
    """Builds an ``ImageSet``; labels default to -1 (unknown)."""
    if labels is None:
        labels = torch.full((len(images),), -1, dtype=torch.long)
    return ImageSet(images, labels, factors)

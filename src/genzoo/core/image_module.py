"""The base class of models of images, and of other data of one shape."""

from typing import Any

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule

#: axes of a ``DataSpec`` -> what such data are called, the names of their shape's numbers, an example
CALLED = {
    "hw": ("images", "channels, height, width", "mnist"),
    "dhw": ("volumes", "channels, depth, height, width", "solids"),
    "thw": ("videos", "channels, frames, height, width", "moving_digits"),
    "t": ("sequences of tokens", "channels, length", "oracle_sentences"),
    "e": ("tunes", "numbers of an event, events", "tunes"),
    "": ("energies in cells", "cells", "showers or data=jets"),
}


class ImageModule(RoundModule):
    """A module whose rounds consist of streams of images.

    Args:
        kwargs: of ``RoundModule``.
    """

    unit = "images"
    image_shape: tuple[int, ...] | None = None  #: of the data that the networks are built for; None = any
    levels: int | None = None  #: number of levels of a pixel that the model needs; None = any
    axes = "hw"  #: of the data, see ``DataSpec``
    sampling_batch: int = 100  #: number of images drawn per pass

    def seen_in(self, batch: Any, **collected: Any) -> int:
        """Number of images in all streams of a round, of all ranks."""
        return sum(len(stream.images) for stream in batch) * self.trainer.world_size

    @classmethod
    def check_kind(cls, data: DataSpec) -> None:
        """Checks, before networks are built, that the data are of the kind that such models are trained on.

        Raises:
            GenzooError: they are of another one.
        """
        if cls.axes != data.axes:
            (has, *_), (needs, _, example) = CALLED[data.axes], CALLED[cls.axes]
            raise GenzooError(
                f"data={data.name} has {has}, but the model needs {needs}; choose others, such as data={example}."
            )

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Checks, before the data is loaded, that the model can be trained on it.

        Raises:
            GenzooError: kind, shape, levels or labels of the data do not fit.
        """
        if not isinstance(data, DataSpec):
            raise GenzooError(
                f"data={data.name} is an environment, but the model needs images; choose a set of images, such as "
                "data=mnist."
            )
        self.check_kind(data)
        if self.image_shape is not None and tuple(self.image_shape) != data.shape:
            content, axes, _ = CALLED[data.axes]
            raise GenzooError(
                f"data={data.name} has {content} of ({axes}) {data.shape}, but the model is built for "
                f"{tuple(self.image_shape)}; set the same channels and size for its networks, or choose other data."
            )
        if self.levels is not None and self.levels != data.levels:
            raise GenzooError(
                f"data={data.name} has {data.levels or 'no'} levels per pixel, but the model needs {self.levels}; "
                f"choose {'binary data such as data=binarized_mnist' if self.levels == 2 else 'other data'}."
            )
        if data.classes == 0 and any(stream.pool == "labelled" for stream in self.streams()):
            raise GenzooError(f"data={data.name} has no labels, but the model needs them; choose labelled data.")

"""Base of all models of images."""

from typing import Any

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule


class ImageModule(RoundModule):
    """A module whose rounds are streams of images.

    Args:
        kwargs: of ``RoundModule``.
    """

    unit = "images"
    image_shape: tuple[int, int, int] | None = None  #: (C, H, W) that the networks are built for; None = any
    levels: int | None = None  #: number of levels of a pixel that the model needs; None = any

    def seen_in(self, batch: Any, **collected: Any) -> int:
        """Number of images in all streams of a round, of all ranks."""
        return sum(len(stream.images) for stream in batch) * self.trainer.world_size

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Refuses data that the model cannot be trained on, before they are loaded.

        Raises:
            GenzooError: naming what does not fit.
        """
        if not isinstance(data, DataSpec):
            raise GenzooError(
                f"data={data.name} is an environment, but the model learns from images; choose images, such as "
                "data=mnist."
            )
        shape = (data.channels, data.size, data.size)
        if self.image_shape is not None and tuple(self.image_shape) != shape:
            raise GenzooError(
                f"data={data.name} gives images of (channels, height, width) {shape}, but the model is built for "
                f"{tuple(self.image_shape)}; give its networks the same channels and size, or choose other data."
            )
        if self.levels is not None and self.levels != data.levels:
            raise GenzooError(
                f"data={data.name} has {data.levels or 'no'} levels a pixel, but the model needs {self.levels}; "
                f"choose {'binary data such as data=binarized_mnist' if self.levels == 2 else 'other data'}."
            )
        if data.classes == 0 and any(stream.pool == "labelled" for stream in self.streams()):
            raise GenzooError(f"data={data.name} has no labels, but the model learns from them; choose labelled data.")

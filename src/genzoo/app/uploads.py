"""Uploaded images as the model needs them."""

from pathlib import Path

from PIL import Image, UnidentifiedImageError
from torch import Tensor

from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.data.decoding import levels_of, mode_of
from genzoo.data.files import one_line
from genzoo.data.fitting import Fit
from genzoo.data.pixels import read_picture

LARGEST = 40_000_000  #: pixels of an upload
BYTES = "20mb"  #: size of an uploaded file


def uploaded(path: str | Path, spec: DataSpec) -> Tensor:
    """Returns an uploaded image as one of the set: its central square, resized, grey or colour as the set is.

    Args:
        path: the file.
        spec: of the set. Of binary data, pixels are black or white.

    Returns:
        (C, H, W) in [-1, 1].

    Raises:
        GenzooError: it is no image, or it has too many pixels.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile(suffix=".png") as file:
        ...     Image.new("RGB", (60, 40), "white").save(file.name)
        ...     uploaded(file.name, DataSpec("digits", (1, 28, 28))).unique()
        tensor([1.])
    """
    name = Path(path).name
    try:
        with Image.open(path) as file:
            width, height = file.size
        if width * height > LARGEST:
            raise GenzooError(f"{name}: it has {width} x {height} pixels; at most {LARGEST // 10**6} million are read.")
        picture, _ = read_picture(Path(path), mode_of(spec.channels))
    except GenzooError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError):
        raise GenzooError(
            f"{name}: this is no image, or one of far too many pixels; give a PNG or JPEG file."
        ) from None
    except Exception as error:  # decoders raise many types of errors for broken files
        raise GenzooError(f"{name}: it cannot be read ({one_line(error)}); give another image.") from error
    levels = levels_of(Fit(spec.size, "crop")(picture, name), spec.size, spec.channels)
    return from_levels(levels >= 128, 2) if spec.levels == 2 else from_levels(levels)

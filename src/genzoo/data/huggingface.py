"""Data sets from folders that Hugging Face datasets write."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import torch
from PIL import Image
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.arrow_files import ArrowFile, check_column, find_files
from genzoo.data.classes import Label, Labels
from genzoo.data.decoding import decode, describe_failures
from genzoo.data.own_pictures import OwnPictures


@register
class HuggingFace(OwnPictures):
    """Images of a folder that ``datasets.save_to_disk`` has written, or of a folder of Parquet files.

    The files are read by pyarrow, some images at a time: nothing is downloaded, copied to a cache, or executed.

    Args:
        path: the folder.
        image: column of the images, encoded (``datasets.Image``, or bytes).
        label: column of the labels: integers or names, None or -1 = unknown; None = no labels.
        options: settings of ``OwnPictures``.

    Raises:
        GenzooError: pyarrow is not installed, files or columns are missing, damaged or of other types, or a setting is
            out of range; from ``load``: an image is broken.

    Example:
        >>> HuggingFace("nowhere")
        Traceback (most recent call last):
        genzoo.core.errors.GenzooError: data.path=nowhere: there is no such folder; give one written by \
datasets.save_to_disk, or of parquet files.
    """

    name = "huggingface"
    source = "huggingface"

    def __init__(self, path: str | Path, image: str = "image", label: str | None = "label", **options: Any):
        self.path = Path(path).expanduser()
        self.place = f"data.path={self.path}"
        files, self.left_out = find_files(self.path)
        self.files = {part: [ArrowFile(file) for file in some] for part, some in files.items()}
        self.image, self.label = image, label
        for file in [file for some in self.files.values() for file in some]:
            _check_image(file, image)
        labels = {part: [one for file in some for one in self._labels(file)] for part, some in self.files.items()}
        super().__init__(labels, names=self._names(labels), **options)

    def read(self, part: str, rows: Tensor) -> Tensor:
        """Reads images of a part, in the order of the files, some at a time."""
        spec, n = self.spec, self.counts[part]
        images = torch.empty(len(rows), spec.channels, spec.size, spec.size, dtype=torch.uint8)
        places = torch.full((n,), -1).index_copy(0, rows, torch.arange(len(rows)))
        failures: dict[str, str] = {}
        start = 0
        for file in self.files[part]:
            for batch in file.batches([self.image]):
                wanted = [row for row in range(start, start + batch.num_rows) if places[row] >= 0]
                content = {row: batch.column(0)[row - start].as_py() for row in wanted}
                decoded, failed = self._decode(part, file.path.parent, content)
                images[places[wanted]] = decoded
                failures |= {f"{part}[{row}] in {file.path.name}": why for row, why in failed.items()}
                start += batch.num_rows
        if failures:
            raise GenzooError(
                f"{self.place}: {describe_failures(failures, n)}. Remove these rows with datasets, and save it again."
            )
        return images

    def _decode(self, part: str, folder: Path, content: Mapping[int, Any]) -> tuple[Tensor, dict[int, str]]:
        """Decodes cells, row -> content; see ``genzoo.data.decoding``."""

        def picture(row: int) -> Image.Image:
            return self.picture(_opened(content[row], folder), f"{self.place}: {part}[{row}]")

        return decode(list(content), picture, self.spec.size, self.spec.channels)

    def describe(self) -> str:
        """Returns one line with the number of images per split, the classes, and the splits that are left out."""
        others = f"; left out: {', '.join(self.left_out)}" if self.left_out else ""
        return super().describe() + others

    def _names(self, labels: Labels) -> list[str] | None:
        """Returns the names of the classes if the column of labels has some, which its numbers must fit."""
        if self.label is None:
            return None
        found = [file.class_names(self.label) for some in self.files.values() for file in some]
        if not found or found[0] is None:
            return None
        if any(names != found[0] for names in found):
            raise GenzooError(f"data.label={self.label}: {self.path} has files of other classes; save it again.")
        if strange := {one for part in labels.values() for one in part} - {None, *range(-1, len(found[0]))}:
            raise GenzooError(
                f"data.label={self.label}: {self.path} has the label {min(strange)}, but names of {len(found[0])} "
                "classes; save it again."
            )
        return found[0]

    def _labels(self, file: ArrowFile) -> list[Label]:
        """Returns the labels of all rows of a file."""
        import pyarrow.types as types

        if self.label is None:
            return [None for batch in file.batches([self.image]) for _ in range(batch.num_rows)]
        kind = check_column(file, "data.label", self.label)
        if not (types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind)):
            raise GenzooError(
                f"data.label={self.label}: in {file.path} it is of type {kind}, but labels are integers or strings; "
                "name another column, or data.label=null for none."
            )
        return [label for batch in file.batches([self.label]) for label in batch.column(0).to_pylist()]


def _check_image(file: ArrowFile, column: str) -> None:
    """Refuses a column that does not hold encoded images."""
    import pyarrow.types as types

    kind = check_column(file, "data.image", column)
    inner = kind.field("bytes").type if types.is_struct(kind) and kind.get_field_index("bytes") >= 0 else kind
    if not (types.is_binary(inner) or types.is_large_binary(inner)):
        raise GenzooError(
            f"data.image={column}: in {file.path} it is of type {str(kind)[:60]}, but encoded images are needed; name "
            "another column, or save it with cast_column(..., datasets.Image())."
        )


def _opened(content: Any, folder: Path) -> Path | BinaryIO:
    """Returns an encoded image: bytes, or a mapping of bytes and the path of a file."""
    if isinstance(content, bytes):
        return BytesIO(content)
    if content is None or (content["bytes"] is None and content.get("path") is None):
        raise ValueError("there is no image")
    return BytesIO(content["bytes"]) if content["bytes"] is not None else folder / content["path"]

"""Reading of folders that Hugging Face datasets write: Arrow files (save_to_disk) or Parquet files, by pyarrow."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genzoo.core.errors import GenzooError, listed
from genzoo.data.files import one_line
from genzoo.data.layout import SPLIT_NAMES

INSTALL = "pip install 'genzoo[huggingface]'"
BATCH = 256  # rows of a Parquet file that are in memory together
_SPLIT = re.compile(rf"({'|'.join(SPLIT_NAMES)})(?![a-z])", re.IGNORECASE)  # train-00000-of-00002


def find_files(path: Path) -> tuple[dict[str, list[Path]], list[str]]:
    """Finds the files of each split.

    Args:
        path: a folder written by ``save_to_disk``, of a Dataset or a DatasetDict, or one of Parquet files, whose splits
            are named by the beginnings of their names or by their folders.

    Returns:
        "train", and "validation" and "test" if there are such splits -> files in order; names of other splits.

    Raises:
        GenzooError: there is no such folder, or no training split in it.
    """
    place = f"data.path={path}"
    if not path.is_dir():
        raise GenzooError(
            f"{place}: there is no such folder; give one written by datasets.save_to_disk, or of parquet files."
        )
    if (path / "state.json").is_file():
        return {"train": _saved_files(place, path)}, []
    if (path / "dataset_dict.json").is_file():
        named = {name: _saved_files(place, path / name) for name in _read(place, path / "dataset_dict.json", "splits")}
    else:
        named = _parquet_files(place, path)
    found: dict[str, list[Path]] = {}
    for name in [name for name in named if name.lower() in SPLIT_NAMES]:
        found.setdefault(SPLIT_NAMES[name.lower()], []).extend(named[name])
    others = [name for name in named if name.lower() not in SPLIT_NAMES]
    if "train" not in found:
        raise GenzooError(
            f"{place}: it has the splits {listed(named)} and none called train; give data.path=<the folder to train "
            "on>."
        )
    return found, others


def _read(place: str, file: Path, key: str) -> list[Any]:
    """Returns a list that a file of facts holds."""
    try:
        return list(json.loads(file.read_text())[key])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GenzooError(
            f"{place}: {file.name} in {file.parent} cannot be read ({one_line(error)}); save it again."
        ) from error


def _saved_files(place: str, folder: Path) -> list[Path]:
    return [folder / str(one["filename"]) for one in _read(place, folder / "state.json", "_data_files")]


def _parquet_files(place: str, path: Path) -> dict[str, list[Path]]:
    """Returns name of a split -> its files; without names, all are for training."""
    files = sorted(path.rglob("*.parquet"))
    if not files:
        raise GenzooError(
            f"{place}: the folder has neither a state.json, as datasets.save_to_disk writes it, nor parquet files; "
            "give another."
        )
    named: dict[str, list[Path]] = {}
    for file in files:
        parts = reversed(file.relative_to(path).parts)
        match = next((match for part in parts if (match := _SPLIT.match(part))), None)
        named.setdefault(match[1] if match else "", []).append(file)
    if named.keys() == {""}:
        return {"train": files}
    if "" in named:
        raise GenzooError(
            f"{place}: {named[''][0].name} belongs to no split, but others do; name it train-..., validation-... or "
            "test-..., or move it away."
        )
    return named


class ArrowFile:
    """An Arrow file (stream) or a Parquet file, read in batches.

    Args:
        path: the file.

    Raises:
        GenzooError: pyarrow is not installed, or the file is missing or damaged.
    """

    def __init__(self, path: Path):
        try:
            import pyarrow  # noqa: F401
        except ImportError as error:
            raise GenzooError(f"data=huggingface reads files by pyarrow, which is not installed; {INSTALL}.") from error
        self.path = path
        self.schema = next(self._guarded(iter([path]), self._schema))

    def batches(self, columns: list[str]) -> Iterator[Any]:
        """Yields all rows as record batches of these columns."""
        yield from self._guarded(self._batches(columns), lambda batch: batch)

    def class_names(self, column: str) -> list[str] | None:
        """Returns the names of a column of class labels, in the order of their numbers; None = they have no names."""
        content = (self.schema.metadata or {}).get(b"huggingface", b"{}")
        try:
            return list(json.loads(content)["info"]["features"][column]["names"])
        except (ValueError, KeyError, TypeError):
            return None

    def _schema(self, path: Path) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if path.suffix == ".parquet":
            return pq.read_schema(path)
        with pa.memory_map(str(path)) as file:
            return pa.ipc.open_stream(file).schema

    def _batches(self, columns: list[str]) -> Iterator[Any]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self.path.suffix == ".parquet":
            with pq.ParquetFile(self.path) as file:
                yield from file.iter_batches(BATCH, columns=columns)
        else:
            with pa.memory_map(str(self.path)) as mapped:
                for batch in pa.ipc.open_stream(mapped):
                    yield batch.select(columns)

    def _guarded(self, source: Iterator[Any], act: Any) -> Iterator[Any]:
        """Yields the results of an act; an error of a reader becomes one line."""
        while True:
            try:
                result = act(next(source))
            except StopIteration:
                return
            except Exception as error:  # pyarrow raises many types of errors for damaged files
                raise GenzooError(
                    f"data.path: {self.path} cannot be read ({one_line(error)}); save or copy it again."
                ) from error
            yield result


def check_column(file: ArrowFile, key: str, column: str) -> Any:
    """Returns the type of a column.

    Args:
        file: the file.
        key: the setting that names the column, for the message.
        column: its name.

    Raises:
        GenzooError: there is no such column.
    """
    if column not in file.schema.names:
        raise GenzooError(f"{key}={column}: {file.path} has no such column, but {listed(file.schema.names)}.")
    return file.schema.field(column).type

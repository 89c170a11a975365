"""Truncates the logs of a resumed run at the round of its checkpoint."""

import struct
from collections.abc import Iterator
from pathlib import Path

from genzoo.core.files import atomic_write
from genzoo.runs.csv_logger import FILE, read_rows, write_rows


def csv_files(run: Path) -> list[Path]:
    """Returns the CSV files of a run, oldest first: one, or one per start for runs of older versions."""
    return sorted(run.glob("csv/version_*/metrics.csv"), key=lambda path: int(path.parent.name.split("_")[1]))


def drop_after(run: Path, seen: int) -> None:
    """Removes entries that were logged after a checkpoint, since the resumed run logs them again.

    Args:
        run: the run folder.
        seen: images seen at the checkpoint (or the model's other unit of progress).

    Raises:
        GenzooError: a file cannot be written; it is left unchanged.
    """
    files = csv_files(run)
    rows = {path: [row for row in read_rows(path) if int(float(row["step"] or 0)) <= seen] for path in files}
    if files:
        write_rows(run / FILE, [row for path in files for row in rows[path]])
    for path in files:
        if path != run / FILE:
            path.unlink()
    for path in run.glob("tensorboard/*/events.out.tfevents.*"):
        kept = b"".join(record for record, step in _events(path.read_bytes()) if step <= seen)
        with atomic_write(path) as partial:
            partial.write_bytes(kept)


def _events(content: bytes) -> Iterator[tuple[bytes, int]]:
    """Yields the complete entries of a TensorBoard file (length, checksum, event, checksum), each with its step."""
    from tensorboard.compat.proto.event_pb2 import Event  # an extra, which wrote the file

    position = 0
    while position + 12 <= len(content):
        (size,) = struct.unpack_from("<Q", content, position)
        end = position + 12 + size + 4
        if end > len(content):  # incomplete, since the process was killed
            return
        yield content[position:end], Event.FromString(content[position + 12 : end - 4]).step
        position = end

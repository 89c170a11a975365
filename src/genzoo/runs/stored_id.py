"""The id that a tracking service gives a run, stored in the run folder."""

from pathlib import Path

from genzoo.core.files import atomic_write


class StoredId:
    """A file with the id under which a service knows a run, so that a resumed run continues there.

    Args:
        path: path of the file.
    """

    def __init__(self, path: Path):
        self.path = path

    def read(self) -> str | None:
        """Returns the id, or None before the first ``write``."""
        return self.path.read_text() if self.path.exists() else None

    def write(self, value: str) -> str:
        """Stores an id and returns it."""
        with atomic_write(self.path) as partial:
            partial.write_text(value)
        return value

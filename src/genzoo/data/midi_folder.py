"""Tunes from a folder of MIDI files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.division import divide
from genzoo.data.events import Notes, to_tunes
from genzoo.data.files import damaged
from genzoo.data.midi import read_midi
from genzoo.data.module import split_of
from genzoo.data.tune_data import TuneData

EXTENSIONS = (".mid", ".midi")


@register
class MidiFolder(TuneData):
    """Tunes from the MIDI files of a folder and its subfolders: consecutive events of a file, ``events`` at a time.

    What is left of a file is dropped; a file with fewer events is one tune, with silent events (zeros) at its end. All
    tunes of a file belong to the same split. The first event of a file has 0 ticks.

    Args:
        root: the folder.
        events: number of events of a tune.
        n_validation, n_test: numbers of files of these splits, drawn from all; None = a twentieth.
        split_seed: seed of this draw.
        options: of ``TuneData``.

    Raises:
        GenzooError: a setting is out of range; in ``load``, the folder is missing or has no MIDI files, or a file is
            damaged or has no notes.

    Source: of the events: olofmogren/c-rnn-gan, music_data_utils.py, read_one_file, get_batch, whose tunes begin
        anywhere in a piece.
    """

    name = "midi_folder"
    source = "folder"

    def __init__(
        self,
        root: str | Path,
        events: int = 100,
        n_validation: int | None = None,
        n_test: int | None = None,
        split_seed: int = 0,
        **options: Any,
    ):
        super().__init__(events, **options)
        self.root = Path(root)
        self.n_validation, self.n_test, self.split_seed = n_validation, n_test, split_seed

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the files of each split."""
        paths = sorted(path for path in self.root.rglob("*") if path.suffix.lower() in EXTENSIONS)
        if not paths:
            lacks = "the folder holds no MIDI files" if self.root.is_dir() else "there is no such folder"
            raise GenzooError(f"data.root={self.root}: {lacks}; give a folder of files {' or '.join(EXTENSIONS)}.")
        tunes = [self._read(path) for path in paths]
        place = f"data.root={self.root}"
        rows = divide({"train": len(paths)}, self.n_validation, self.n_test, self.split_seed, place, "files")
        none = [torch.zeros(0, *self.spec.shape)]
        return {
            split: split_of(torch.cat(none + [tunes[i] for i in chosen.rows.tolist()]))
            for split, chosen in rows.items()
        }

    def _read(self, path: Path) -> Tensor:
        """The tunes of a file, float (n, 4, T)."""
        remedy = "replace it, or move it away"
        try:
            notes = read_midi(path.read_bytes())
        except (OSError, ValueError) as error:
            raise damaged(path, error, remedy) from error
        if not len(notes.start):
            raise damaged(path, "it has no notes", remedy)
        (tune,) = to_tunes(Notes(*(field[None] for field in notes)))
        events = self.spec.size
        if tune.shape[1] < events:
            return torch.nn.functional.pad(tune, (0, events - tune.shape[1]))[None]
        return tune.unfold(1, events, events).movedim(1, 0).contiguous()

"""Tunes from a folder of MIDI files."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.events import Notes, to_tunes
from genzoo.data.midi import write_midi
from genzoo.data.midi_folder import MidiFolder
from genzoo.data.tune_grammar import draw_tunes


def write(path, pitch, events):
    """A file of quarters of one key; returns its tune, (4, events)."""
    notes = Notes(384 * torch.arange(events), *(torch.full((events,), v) for v in (384, pitch, 64)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(write_midi(notes))
    return to_tunes(Notes(*(field[None] for field in notes)))[0]


def test_a_file_is_as_many_tunes_as_it_has_events_for(tmp_path):
    notes, _ = draw_tunes(1, 23, torch.Generator().manual_seed(0))
    (tmp_path / "a.MID").write_bytes(write_midi(notes.at(0)))
    data = MidiFolder(tmp_path, events=10, n_validation=0, n_test=0)
    (tune,) = to_tunes(notes)
    found = data.split("train").images
    assert found.shape == (2, 4, 10)
    torch.testing.assert_close(found, torch.stack([tune[:, :10], tune[:, 10:20]]))
    assert data.describe() == "2 training tunes"


def test_a_short_file_ends_in_silence(tmp_path):
    tune = write(tmp_path / "deep" / "a.midi", 60, 3)
    (found,) = MidiFolder(tmp_path, events=5, n_validation=0, n_test=0).split("train").images
    torch.testing.assert_close(found[:, :3], tune)
    assert not found[:, 3:].any()


def test_the_tunes_of_a_file_are_in_one_split(tmp_path):
    for i in range(40):
        write(tmp_path / f"{i}.mid", 40 + i, 20)
    data = MidiFolder(tmp_path, events=4, n_validation=5, n_test=7)
    keys = {split: set(data.split(split).images[:, 2, 0].tolist()) for split in ("train", "validation", "test")}
    assert {split: len(found) for split, found in keys.items()} == {"train": 28, "validation": 5, "test": 7}
    assert len(set.union(*keys.values())) == 40
    assert data.count("test") == 7 * 5
    again = MidiFolder(tmp_path, events=4, n_validation=5, n_test=7)
    assert torch.equal(again.split("test").images, data.split("test").images)
    other = MidiFolder(tmp_path, events=4, n_validation=5, n_test=7, split_seed=1)
    assert not torch.equal(other.split("test").images, data.split("test").images)


def test_a_file_without_notes_is_named(tmp_path):
    write(tmp_path / "a.mid", 60, 3)
    write(tmp_path / "none.mid", 60, 0)
    with pytest.raises(GenzooError, match=r"none\.mid is damaged \(it has no notes\); replace it, or move it away"):
        MidiFolder(tmp_path).split("train")


def test_files_are_left_for_training(tmp_path):
    for i in range(3):
        write(tmp_path / f"{i}.mid", 60, 3)
    with pytest.raises(GenzooError, match=r"^data\.n_validation=2 data\.n_test=1: .* has 3 files, and at least one"):
        MidiFolder(tmp_path, n_validation=2, n_test=1).split("train")

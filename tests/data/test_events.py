"""Tunes and notes say the same."""

import torch

from genzoo.data.events import LONGEST, Notes, to_notes, to_tunes


def tune(*events):
    return torch.tensor(events, dtype=torch.float32).T[None]


def test_a_tune_that_is_made_of_notes_has_these_notes():
    random = torch.Generator().manual_seed(0)
    start = torch.randint(0, 500, (3, 50), generator=random).cumsum(1) - 100
    start[:, 0] = 0
    start = start.sort(1).values
    length, pitch = (torch.randint(a, b, (3, 50), generator=random) for a, b in ((1, 999), (0, 128)))
    velocity = torch.randint(0, 128, (3, 50), generator=random)
    notes = Notes(start, length, pitch, velocity)
    assert all(torch.equal(a, b) for a, b in zip(to_notes(to_tunes(notes)), notes, strict=True))


def test_the_rows_are_ticks_length_frequency_and_velocity():
    notes = Notes(*torch.tensor([[0, 100, 100], [50, 60, 70], [69, 81, 57], [1, 2, 3]])[:, None])
    expected = [[0, 100, 0], [50, 60, 70], [440, 880, 220], [1, 2, 3]]
    assert to_tunes(notes)[0].tolist() == expected


def test_frequencies_are_rounded_to_the_nearest_key_in_midis_range():
    a, sharp = 440.0, 440 * 2 ** (1 / 12)
    found = to_notes(tune(*([0, 9, f, 9] for f in (a * 1.02, sharp * 0.98, 5.0, 30000.0)))).pitch[0]
    assert found.tolist()[:2] == [69, 70]  # 0.34 semitones above a, 0.35 below a sharp
    assert found[2] == 12 - 9 + 0  # 5 Hz is 8 semitones below key 0, whose frequency is 8.2 Hz
    assert 116 <= found[3] <= 127


def test_events_without_length_frequency_or_velocity_are_silent():
    silent = [[5, 0.4, 440, 9], [5, -3, 440, 9], [5, 9, 0, 9], [5, 9, -440, 9], [5, 9, 440, 0.4], [5, 9, 440, -9]]
    notes = to_notes(tune(*silent, [5, 9, 440, 9]))
    assert (notes.velocity > 0).tolist() == [[False] * 6 + [True]]
    assert [field.tolist() for field in notes.at(0)] == [[35], [9], [69], [9]]  # their ticks pass


def test_no_number_is_beyond_what_midi_can_say():
    notes = to_notes(tune([-9e9, 9e9, 9e9, 9e9], [9e9, 9e9, 1e-9, 1.0], [-5, 1, 440, 1]))
    assert notes.start.tolist() == [[0, LONGEST, LONGEST]]
    assert (notes.length <= LONGEST).all()
    assert 0 <= notes.pitch.min() <= notes.pitch.max() <= 127
    assert notes.velocity.max() == 127

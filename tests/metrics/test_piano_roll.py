"""Where a note is drawn on a piano roll, and how bright."""

import torch

from genzoo.core.batches import DataSpec
from genzoo.data.events import Notes, to_tunes
from genzoo.data.tunes import Tunes
from genzoo.metrics.piano_roll import WIDTH, piano_roll
from genzoo.metrics.show import show

TUNES = DataSpec("tunes", (4, 3), levels=None, axes="e")


def test_a_note_is_a_bar_at_its_key_and_time():
    notes = Notes(*torch.tensor([[0, 384, 384], [384, 768, 1], [108, 21, 60], [127, 64, 127]])[:, None])
    (roll,) = piano_roll(to_tunes(notes))
    assert roll.shape == (1, 88, WIDTH)
    lit = (roll[0] > -1).nonzero().tolist()
    assert lit == [[0, 0], [0, 1], [108 - 60, 3], [87, 3], [87, 4], [87, 5], [87, 6], [87, 7]]
    assert roll[0, 0, 0] == 1
    torch.testing.assert_close(roll[0, 87, 3], torch.tensor(2 * 64 / 127 - 1))


def test_notes_off_the_piano_after_the_end_and_silent_ones_are_not_drawn():
    notes = Notes(*torch.tensor([[0, 0, 384 * 86], [384] * 3, [20, 60, 60], [64, 0, 64]])[:, None])
    assert (piano_roll(to_tunes(notes)) == -1).all()


def test_tunes_are_shown_as_piano_rolls():
    tunes = Tunes(events=30, n_train=5).split("train").images
    assert torch.equal(show(tunes, TUNES), piano_roll(tunes))
    assert (show(tunes, TUNES) > -1).flatten(1).sum(1).min() > 30

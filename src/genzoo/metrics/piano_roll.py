"""Pictures of tunes: the notes over time."""

import torch
from torch import Tensor

from genzoo.core.images import from_unit
from genzoo.data.events import QUARTER, to_notes

KEYS = slice(21, 109)  #: of a piano, in MIDI's numbers
WIDTH, STEP = 256, QUARTER // 3  #: columns, and their ticks: a picture has the first 85 quarters


def piano_roll(tunes: Tensor) -> Tensor:
    """Images (B, 1, 88, 256) in [-1, 1] of tunes (B, 4, T): a row per key of the piano, the highest at the top.

    A note's brightness is its velocity; it is a column shorter than it lasts, if that leaves one.
    """
    notes = to_notes(tunes)
    first = notes.start // STEP
    last = torch.maximum((notes.start + notes.length) // STEP - 1, first + 1)
    columns = torch.arange(WIDTH)
    sounding = (columns >= first[..., None]) & (columns < last[..., None])  # (B, T, columns)
    brightness = sounding * notes.velocity[..., None] / 127
    rolls = torch.zeros(len(tunes), 128, WIDTH)
    rolls.scatter_reduce_(1, notes.pitch[..., None].expand_as(brightness), brightness, "amax")
    return from_unit(rolls[:, None, KEYS].flip(2))

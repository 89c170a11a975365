"""Tunes as sequences of events of four real numbers, and as notes."""

from typing import NamedTuple

import torch
from torch import Tensor

FIELDS = ("ticks", "length", "frequency", "velocity")  #: of an event: the rows of a tune
QUARTER = 384  #: ticks of a quarter note
LONGEST = 128 * QUARTER  #: ticks of the longest note or pause


class Notes(NamedTuple):
    """Notes of tunes, int64 (..., T) each.

    Args:
        start: ticks since the tune's beginning.
        length: in ticks.
        pitch: MIDI's number of the key, 0 to 127; 60 is c'.
        velocity: 1 to 127; 0 = a silent event.
    """

    start: Tensor
    length: Tensor
    pitch: Tensor
    velocity: Tensor

    def at(self, tune: int) -> "Notes":
        """The sounding notes of one of several tunes."""
        sounding = self.velocity[tune] > 0
        return Notes(*(field[tune, sounding] for field in self))


def to_notes(tunes: Tensor) -> Notes:
    """The notes of tunes, float (B, 4, T): ticks since the last start, length in ticks, frequency in Hz, velocity.

    All numbers are rounded, a frequency to the nearest key, after octaves that lead into MIDI's range. An event without
    length, frequency or velocity is silent; a start before the last one is at the last one.

    Source: olofmogren/c-rnn-gan, music_data_utils.py, get_midi_pattern (which takes the key below).

    Example:
        >>> to_notes(torch.tensor([[[0.0, 384.2], [200.0, 99.9], [440.0, 262.0], [90.0, 300.0]]])).pitch
        tensor([[69, 60]])
    """
    ticks, length, frequency, velocity = tunes.detach().cpu().double().unbind(1)
    pitch = (69 + 12 * (frequency.clamp(min=1) / 440).log2()).round().long()
    pitch = torch.where(pitch < 0, pitch % 12, torch.where(pitch > 127, 116 + (pitch - 116) % 12, pitch))
    length = length.round().clamp(0, LONGEST).long()
    sounding = (length > 0) & (frequency > 0)
    start = ticks.round().clamp(0, LONGEST).long().cumsum(1)
    return Notes(start, length, pitch, velocity.round().clamp(0, 127).long() * sounding)


def to_tunes(notes: Notes) -> Tensor:
    """The tunes, float (B, 4, T), of notes (B, T) in the order of their starts; the inverse of ``to_notes``."""
    ticks = notes.start.diff(prepend=notes.start[:, :1])
    frequency = 440 * 2 ** ((notes.pitch.double() - 69) / 12)
    return torch.stack([ticks, notes.length, frequency, notes.velocity], 1).float()

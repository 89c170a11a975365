"""MIDI files: notes, and nothing else of them, are read and written."""

import struct

import torch

from genzoo.data.events import QUARTER, Notes

OFF, ON, PROGRAM, PRESSURE, SYSTEM, META = 0x8, 0x9, 0xC, 0xD, 0xF, 0xFF
END_OF_TRACK = b"\x00\xff\x2f\x00"


def write_midi(notes: Notes) -> bytes:
    """A file of format 0, with 384 ticks per quarter, of the notes (n,) of a tune; silent ones are left out."""
    messages = []  # notes end before others start
    for start, length, pitch, velocity in torch.stack([*notes], 1).tolist():
        if velocity:
            messages += [
                (start, 1, bytes([ON << 4, pitch, velocity])),
                (start + length, 0, bytes([OFF << 4, pitch, 0])),
            ]
    track, now = b"", 0
    for time, _, message in sorted(messages, key=lambda one: one[:2]):
        track, now = track + _variable(time - now) + message, time
    track += END_OF_TRACK
    return struct.pack(">4sIHHH4sI", b"MThd", 6, 0, 1, QUARTER, b"MTrk", len(track)) + track


def _variable(number: int) -> bytes:
    """A number in groups of seven bits, with the highest bit set in all but the last."""
    groups = [number & 127]
    while number := number >> 7:
        groups.insert(0, number & 127 | 128)
    return bytes(groups)


class _Reader:
    """Reads the bytes of a file one after the other."""

    def __init__(self, content: bytes):
        self.content, self.at = content, 0

    def take(self, n: int) -> bytes:
        if self.at + n > len(self.content):
            raise ValueError("it ends too early")
        self.at += n
        return self.content[self.at - n : self.at]

    def number(self, n: int = 1) -> int:
        return int.from_bytes(self.take(n))

    def variable(self) -> int:
        value, more = 0, True
        while more:
            byte = self.number()
            value, more = value << 7 | byte & 127, byte > 127
            if value >> 28:
                raise ValueError("a number has more than four bytes")
        return value


def read_midi(content: bytes) -> Notes:
    """The notes (n,) of all tracks and channels of a file of format 0 or 1, in the order of their starts.

    Times are scaled to 384 ticks per quarter; tempo is passed over. A note that never ends lasts a quarter; an end is
    that of the note of its key that started first.

    Raises:
        ValueError: the content is no such file, or it is damaged.

    Example:
        >>> notes = Notes(*torch.tensor([[0, 384], [384, 192], [60, 67], [90, 80]]))
        >>> torch.stack([*read_midi(write_midi(notes))]).tolist()
        [[0, 384], [384, 192], [60, 67], [90, 80]]
    """
    file = _Reader(content)
    if file.take(4) != b"MThd":
        raise ValueError("it is no MIDI file")
    header = _Reader(file.take(file.number(4)))
    kind, tracks, division = (header.number(2) for _ in range(3))
    if kind > 1:
        raise ValueError(f"it has the format {kind}, but 0 and 1 are read")
    if not 0 < division < 1 << 15:
        raise ValueError("it counts time in frames or not at all, but ticks per quarter are read")
    found: list[list[int]] = []
    for _ in range(tracks):
        while file.take(4) != b"MTrk":  # other chunks
            file.take(file.number(4))
        found += _read_track(_Reader(file.take(file.number(4))), division)
    found.sort(key=lambda note: note[0])
    times = torch.tensor(found, dtype=torch.double).view(-1, 4)
    start, end = (times[:, :2] * QUARTER / division).round().long().unbind(1)
    pitch, velocity = times[:, 2:].long().unbind(1)
    return Notes(start, end - start, pitch, velocity)


def _read_track(track: _Reader, division: int) -> list[list[int]]:
    """Start, end, pitch and velocity of each note."""
    notes: list[list[int]] = []
    under_way: dict[tuple[int, int], list[list[int]]] = {}  # channel, pitch -> notes without an end
    now = status = 0
    while track.at < len(track.content):
        now += track.variable()
        byte = track.number()
        if byte > 127:
            status, byte = byte, -1
        elif status < 128:
            raise ValueError("a message has no status")
        if status >> 4 == SYSTEM:  # what it holds is of no interest
            if status == META:
                track.take(1)
            track.take(track.variable())
            status = 0
            continue
        first = track.number() if byte < 0 else byte
        second = 0 if status >> 4 in (PROGRAM, PRESSURE) else track.number()
        if first > 127 or second > 127:
            raise ValueError("a message is too short")
        key = status & 15, first
        if status >> 4 == ON and second:
            notes.append([now, now + division, first, second])
            under_way.setdefault(key, []).append(notes[-1])
        elif status >> 4 in (ON, OFF) and under_way.get(key):
            under_way[key].pop(0)[1] = now
    return notes

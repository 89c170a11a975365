"""MIDI files are read as the format's description says, and written so that they are read again."""

import struct

import pytest
import torch

from genzoo.data.events import Notes
from genzoo.data.midi import read_midi, write_midi
from genzoo.data.tune_grammar import draw_tunes


def file(*tracks, kind=1, division=96, header=b""):
    chunks = (struct.pack(">4sI", b"MTrk", len(track)) + track for track in tracks)
    start = struct.pack(">4sIHHH", b"MThd", 6 + len(header), kind, len(tracks), division) + header
    return start + b"".join(chunks)


def rows(content):
    """Start, length, pitch and velocity of each note."""
    return torch.stack([*read_midi(content)], 1).tolist()


def test_what_is_written_is_read():
    notes, _ = draw_tunes(20, 60, torch.Generator().manual_seed(1))
    for i in range(20):
        assert all(torch.equal(a, b) for a, b in zip(read_midi(write_midi(notes.at(i))), notes.at(i), strict=True))


def test_a_written_file_is_byte_for_byte_what_the_format_says():
    notes = Notes(*torch.tensor([[0, 200, 200], [200, 384, 7], [60, 60, 61], [64, 65, 0]]))  # the last one is silent
    track = "00 90 3c 40  81 48 80 3c 00  00 90 3c 41  83 00 80 3c 00  00 ff 2f 00"
    expected = bytes.fromhex(f"4d546864 00000006 0000 0001 0180  4d54726b 00000016 {track}".replace("  ", " "))
    assert write_midi(notes) == expected


def test_running_status_and_other_messages():
    track = bytes.fromhex(
        "00 ff 51 03 07 a1 20"  # tempo
        "00 c0 05"  # program, one byte
        "00 90 3c 40"
        "60 3c 00"  # a running status; velocity 0 ends the note after 96 ticks
        "00 b0 07 7f"  # volume
        "00 f0 03 01 02 f7"  # a system message
        "00 d0 11"  # pressure, one byte
        "81 00 91 43 50"  # a pause of 128 ticks, channel 2
        "30 81 43 00"
        "00 ff 2f 00"
    )
    assert rows(file(track)) == [[0, 384, 60, 64], [896, 192, 67, 80]]


def test_tracks_sound_together_and_end_their_own_notes():
    one, two = bytes.fromhex("00 90 3c 40 60 80 3c 00"), bytes.fromhex("30 90 3c 20 81 10 80 3c 00")
    assert rows(file(one, two)) == [[0, 384, 60, 64], [192, 576, 60, 32]]


def test_two_notes_of_a_key_end_in_the_order_of_their_starts_and_one_without_an_end_lasts_a_quarter():
    track = bytes.fromhex("00 90 3c 40 10 3c 41 10 80 3c 00 10 80 3c 00 00 90 40 42")
    assert rows(file(track)) == [[0, 128, 60, 64], [64, 128, 60, 65], [192, 384, 64, 66]]


def test_longer_headers_and_other_chunks_are_passed_over():
    content = file(bytes.fromhex("00 90 3c 40 60 80 3c 00"), header=b"??")
    at = content.index(b"MTrk")
    assert rows(content[:at] + struct.pack(">4sI", b"XFIH", 3) + b"abc" + content[at:]) == [[0, 384, 60, 64]]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "ends too early"),
        (b"<html>404</html>", "no MIDI file"),
        (file(b"", kind=2), "the format 2"),
        (file(b"", division=0xE728), "in frames"),
        (file(b"", division=0), "not at all"),
        (file(bytes.fromhex("00 3c 40")), "no status"),
        (file(bytes.fromhex("00 90 3c")), "ends too early"),
        (file(bytes.fromhex("00 90 3c 90 3c 40")), "too short"),
        (file(bytes.fromhex("81 80 80 80 80 80 00 90 3c 40")), "four bytes"),
        (file(bytes.fromhex("00 90 3c 40 60 80 3c 00"))[:-2], "ends too early"),
    ],
)
def test_other_content_is_refused(content, why):
    with pytest.raises(ValueError, match=why):
        read_midi(content)


def test_no_beginning_of_a_file_is_taken_for_the_whole():
    notes, _ = draw_tunes(1, 5, torch.Generator().manual_seed(1))
    whole = write_midi(notes.at(0))
    for end in range(len(whole)):
        with pytest.raises(ValueError, match="early"):
            read_midi(whole[:end])

"""Numbers by which generated tunes are compared with others."""

import torch
from torch import Tensor

from genzoo.data.events import Notes, to_notes

SCALES = {  #: pitch classes above the root
    "major": (0, 2, 4, 5, 7, 9, 11),
    "natural minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
}
#: Whether a pitch class is in a scale, (36, 12)
IN_SCALE = torch.tensor(
    [[(k - root) % 12 in scale for k in range(12)] for scale in SCALES.values() for root in range(12)]
)


def observables(tunes: Tensor) -> dict[str, Tensor]:
    """Observable -> its value for each tune (B, 4, T), float (B,); silent events are passed over.

    Source: Mogren 2016, arXiv 1611.09904, section 4; olofmogren/c-rnn-gan, midi_statistics.py.
    """
    notes = to_notes(tunes)
    found = [_of_one(notes.at(i)) for i in range(len(tunes))]
    return {name: torch.tensor([float(one[name]) for one in found]) for name in _of_one(Notes(*4 * [torch.zeros(0)]))}


def _of_one(notes: Notes) -> dict[str, float]:
    pitch = notes.pitch
    return {
        "scale_consistency": scale_consistency(pitch),
        "tone_span": span(pitch),
        "unique_tones": len(pitch.unique()),
        "polyphony": polyphony(notes.start),
        "repetitions_2": repetitions(pitch, 2),
        "repetitions_3": repetitions(pitch, 3),
        "intensity_span": span(notes.velocity),
    }


def scale_consistency(pitch: Tensor) -> float:
    """The largest share of tones (n,) in one of the 36 scales; 0 without tones.

    >>> scale_consistency(torch.tensor([60, 62, 64, 61]))  # c d e are in C major, c sharp is not
    0.75
    """
    count = torch.bincount(pitch.long() % 12, minlength=12)
    return int((IN_SCALE * count).sum(1).max()) / max(len(pitch), 1)


def span(values: Tensor) -> int:
    """The largest less the smallest of values (n,); 0 without values."""
    return int(values.max() - values.min()) if len(values) else 0


def polyphony(start: Tensor) -> float:
    """The share of the times at which notes start that are the starts (n,) of two or more notes.

    >>> polyphony(torch.tensor([0, 0, 384, 768]))
    0.33...
    """
    _, count = start.unique(return_counts=True)
    return float((count > 1).sum()) / max(len(count), 1)


def repetitions(pitch: Tensor, length: int) -> int:
    """The number of pairs of equal subsequences of the tones (n,) that do not overlap.

    The original's loops leave out the last subsequence.

    >>> repetitions(torch.tensor([60, 62, 60, 62, 60, 62]), 2)  # the first and the second, third; the second and third;
    4
    """
    equal, n = pitch[:, None] == pitch, max(len(pitch) - length + 1, 0)
    runs = torch.stack([equal[i : i + n, i : i + n] for i in range(length)]).all(0)
    return int(runs.triu(length).sum())

"""A grammar of tunes: a key, a metre, chords, a bass and a melody."""

import torch
from torch import Generator, Tensor

from genzoo.data.events import QUARTER, Notes
from genzoo.data.music_statistics import SCALES

FACTORS = ("tonic", "minor", "beats")  #: pitch class of the tonic, 0 = c; 1 for minor; quarters of a bar
BEATS = (3, 4)
#: Probability of the next bar's chord, a row for each chord: those on the first six degrees of the scale.
NEXT_CHORD = (
    (0.1, 0.15, 0.05, 0.3, 0.3, 0.1),
    (0.0, 0.1, 0.0, 0.1, 0.8, 0.0),
    (0.0, 0.1, 0.0, 0.4, 0.0, 0.5),
    (0.3, 0.2, 0.0, 0.1, 0.4, 0.0),
    (0.7, 0.0, 0.0, 0.0, 0.1, 0.2),
    (0.0, 0.4, 0.1, 0.4, 0.1, 0.0),
)
LENGTHS = {QUARTER // 2: 0.4, QUARTER: 0.45, 2 * QUARTER: 0.15}  #: of a melody's note on the beat -> probability
MOVES = {-2: 0.1, -1: 0.3, 0: 0.2, 1: 0.3, 2: 0.1}  #: of the melody, in degrees of the scale -> probability
LOWEST_TONIC = 55  #: MIDI's number of its key, g
LOWEST, HIGHEST = -3, 8  #: of the melody, in degrees above the tonic
TO_CHORD = (0, -1, 0, -1, 0, -1, 1)  #: degrees from each degree above a chord's root to the nearest tone of the chord
TO_TONIC = (0, -1, -2, -3, 3, 2, 1)  #: the same to the nearest tonic


def draw_tunes(n: int, events: int, randomness: Generator) -> tuple[Notes, Tensor]:
    """Notes, int64 (n, events), and factors, float (n, 3), of n tunes; see ``FACTORS``.

    A bar begins with its chord's root in the bass, as long as the bar, and the tone of the chord that is nearest to
    the melody. The melody then walks at random on the scale, in notes that end with the bar at the latest; a note off
    the beat lasts until the next one. The last event is the tonic. What starts with a bar is louder.
    """

    def chosen(probability: Tensor) -> Tensor:
        return torch.multinomial(probability.expand(n, -1), 1, replacement=True, generator=randomness).squeeze(1)

    def key(degree: Tensor) -> Tensor:
        octave = degree.div(7, rounding_mode="floor")
        return LOWEST_TONIC + (tonic - LOWEST_TONIC) % 12 + scales[minor, degree % 7] + 12 * octave

    tonic, minor, more = (torch.randint(k, (n,), generator=randomness) for k in (12, 2, len(BEATS)))
    beats = torch.tensor(BEATS)[more]
    bar = beats * QUARTER
    scales = torch.tensor([SCALES["major"], SCALES["natural minor"]])
    next_chord, to_chord, to_tonic = torch.tensor(NEXT_CHORD), torch.tensor(TO_CHORD), torch.tensor(TO_TONIC)
    (lengths, length_law), (moves, move_law) = (
        (torch.tensor([*law]), torch.tensor([*law.values()])) for law in (LENGTHS, MOVES)
    )
    start, place, chord, degree = torch.zeros(4, n, dtype=torch.long)  # place: ticks since the beginning of the bar
    bass = torch.ones(n, dtype=torch.bool)  # whether the event is in the bass, and not in the melody
    drawn = []
    for event in range(events):
        if event:
            chord = chosen(next_chord[chord]).where(bass, chord)
            degree = degree.where(bass, (degree + moves[chosen(move_law)]).clamp(LOWEST, HIGHEST))
        degree = degree + to_chord[(degree - chord) % 7].where((place == 0) & ~bass, 0)
        if event == events - 1:
            chord, degree = torch.zeros_like(chord), degree + to_tonic[degree % 7]
        length = lengths[chosen(length_law)].where(place % QUARTER == 0, QUARTER // 2).minimum(bar - place)
        velocity = 64 + 16 * (place == 0) + torch.randint(-8, 9, (n,), generator=randomness)
        drawn.append(Notes(start, bar.where(bass, length), key((chord - 14).where(bass, degree)), velocity))
        passed = length.where(~bass, 0)
        start, place = start + passed, (place + passed) % bar
        bass = (place == 0) & ~bass
    notes = Notes(*(torch.stack(field, 1) for field in zip(*drawn, strict=True)))
    return notes, torch.stack([tonic, minor, beats], 1).float()

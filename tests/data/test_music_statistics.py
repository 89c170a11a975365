"""Observables of tunes made by hand."""

import pytest
import torch

from genzoo.data.events import Notes, to_tunes
from genzoo.data.music_statistics import observables, polyphony, repetitions, scale_consistency

C_MAJOR = [60, 62, 64, 65, 67, 69, 71, 72]


def of(pitch, start=None, velocity=None):
    n = len(pitch)
    fields = (start or [384 * i for i in range(n)], [384] * n, pitch, velocity or [64] * n)
    return {name: value.item() for name, value in observables(to_tunes(Notes(*torch.tensor(fields)[:, None]))).items()}


def test_the_scale_of_c_major():
    assert of(C_MAJOR) == {
        **{"scale_consistency": 1, "tone_span": 12, "unique_tones": 8, "polyphony": 0},
        **{"repetitions_2": 0, "repetitions_3": 0, "intensity_span": 0},
    }


@pytest.mark.parametrize("root", range(12))
@pytest.mark.parametrize("scale", [C_MAJOR, [60, 62, 63, 65, 67, 68, 70], [60, 62, 63, 65, 67, 68, 71]])
def test_each_of_the_36_scales_is_found(scale, root):
    pitch = torch.tensor(scale) + root
    assert scale_consistency(pitch) == 1
    everything = torch.arange(12)
    assert scale_consistency(everything) == pytest.approx(7 / 12)
    assert scale_consistency(torch.cat([pitch, pitch, everything])) == pytest.approx(
        (2 * len(pitch) + 7) / (2 * len(pitch) + 12)
    )


def test_tones_of_no_scale_count_as_far_as_they_are_in_the_best_one():
    assert scale_consistency(torch.tensor([60, 61, 62, 63])) == 0.75


def test_chords_are_polyphonic():
    assert of([60, 64, 67, 72], [0, 0, 0, 384])["polyphony"] == 0.5
    assert polyphony(torch.tensor([0, 0, 5, 9])) == pytest.approx(1 / 3)
    assert polyphony(torch.tensor([7])) == 0


@pytest.mark.parametrize("length", [2, 3])
def test_repetitions_are_those_of_a_search_through_all_pairs(length):
    pitch = torch.randint(60, 63, (40,), generator=torch.Generator().manual_seed(length))
    tones, expected = pitch.tolist(), 0
    for i in range(40 - length + 1):
        for j in range(i + length, 40 - length + 1):
            expected += tones[i : i + length] == tones[j : j + length]
    assert expected > 10
    assert repetitions(pitch, length) == expected


def test_subsequences_that_overlap_do_not_count():
    assert of([60, 60, 60])["repetitions_2"] == 0
    assert of([60, 60, 60, 60])["repetitions_2"] == 1


def test_spans_are_of_sounding_tones():
    found = of([60, 90, 72], velocity=[30, 0, 75])
    assert (found["tone_span"], found["intensity_span"], found["unique_tones"]) == (12, 45, 2)


def test_a_silent_tune_and_one_tone_have_observables():
    assert set(of([60, 60], velocity=[0, 0]).values()) == {0}
    assert of([60])["scale_consistency"] == 1

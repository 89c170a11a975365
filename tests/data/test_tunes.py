"""The tunes of the grammar have the key, the metre and the chords that it says."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.events import QUARTER, to_notes
from genzoo.data.tune_grammar import FACTORS, NEXT_CHORD
from genzoo.data.tunes import Tunes

SCALES = torch.tensor([[0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10]])


@pytest.fixture(scope="module")
def drawn():
    """Notes (1000, 100), and tonic, minor and beats, (1000, 1) each."""
    images, _, factors, *_ = Tunes(n_train=1000).split("train")
    return to_notes(images), *factors.long().split(1, 1)


def place(notes, beats):
    """Ticks since the beginning of the bar."""
    return notes.start % (beats * QUARTER)


def bass(notes):
    """Whether it is the first of the events that begin with a bar: the lower one."""
    same = notes.start[:, 1:] == notes.start[:, :-1]
    return torch.nn.functional.pad(same, (0, 1))


def degrees(notes, tonic, minor):
    """The degree on the scale of each note, 0 to 6."""
    above = (notes.pitch - tonic) % 12
    found = above[..., None] == SCALES[minor]
    assert (found.sum(-1) == 1).all()
    return found.int().argmax(-1)


def test_the_spec_is_what_is_drawn():
    data = Tunes(events=16, n_train=10, n_validation=0, n_test=5)
    images, labels, factors, *_ = data.split("train")
    assert (images.shape, images.dtype, factors.shape) == ((10, 4, 16), torch.float32, (10, len(FACTORS)))
    assert (data.spec.shape, data.spec.axes, data.spec.levels) == ((4, 16), "e", None)
    assert (labels == -1).all()
    assert data.describe() == "10 training tunes"
    found = data.observables(images)
    assert (found["scale_consistency"] == 1).all()
    assert all(value.shape == (10,) for value in found.values())


def test_all_keys_and_metres_are_there_and_all_tones_in_the_key(drawn):
    notes, tonic, minor, beats = drawn
    assert torch.bincount(tonic[:, 0]).min() > 50
    assert 450 < minor.sum() < 550
    assert 450 < (beats == 3).sum() < 550
    degrees(notes, tonic, minor)


def test_each_bar_begins_with_a_bass_as_long_as_the_bar(drawn):
    notes, _, _, beats = drawn
    first = place(notes, beats) == 0
    assert (bass(notes) & ~first).sum() == 0
    assert (notes.length == beats * QUARTER)[:, :-1][bass(notes)[:, :-1]].all()
    onsets = first[:, :-2].sum()  # of bass and melody
    assert 2 * bass(notes)[:, :-2].sum() == pytest.approx(onsets, abs=1000)
    assert bass(notes)[:, 0].all()


def test_the_melody_has_no_pauses_and_stays_in_its_bar(drawn):
    notes, _, _, beats = drawn
    ends = place(notes, beats) + notes.length
    assert (ends <= beats * QUARTER).all()
    passed = notes.start.diff(dim=1)
    expected = notes.length[:, :-1].where(~bass(notes)[:, :-1], 0)
    assert torch.equal(passed, expected)
    off = place(notes, beats) % QUARTER > 0
    assert (notes.length[off] == QUARTER // 2).all()


def test_the_chords_are_a_markov_chain_that_begins_with_the_tonic(drawn):
    notes, tonic, minor, _ = drawn
    found, counts = degrees(notes, tonic, minor), torch.zeros(6, 6)
    for degree, is_bass in zip(found[:, :-2], bass(notes)[:, :-2], strict=True):
        chords = degree[is_bass]
        assert chords[0] == 0
        counts.index_put_((chords[:-1], chords[1:]), torch.ones(len(chords) - 1), accumulate=True)
    law = torch.tensor(NEXT_CHORD)
    torch.testing.assert_close(law.sum(1), torch.ones(6))
    error = 4 * (law * (1 - law) / counts.sum(1, keepdim=True)).sqrt()
    assert ((counts / counts.sum(1, keepdim=True) - law).abs() <= error + 1e-9).all()


def test_a_melody_on_the_first_beat_is_a_tone_of_the_chord(drawn):
    notes, tonic, minor, _ = drawn
    found, is_bass = degrees(notes, tonic, minor), bass(notes)[:, :-2]
    above = (found[:, 1:-1] - found[:, :-2]) % 7
    assert set(above[is_bass].unique().tolist()) == {0, 2, 4}


def test_the_last_tone_is_the_tonic(drawn):
    notes, tonic, *_ = drawn
    assert (notes.pitch[:, -1:] % 12 == tonic).all()


def test_the_bass_is_below_the_melody(drawn):
    notes, *_ = drawn
    is_bass = bass(notes)[:, :-2]
    highest = notes.pitch[:, :-2].where(is_bass, 0).amax(1)
    rest = notes.pitch[:, 1:-1][:, :-1].where(~is_bass[:, 1:], 127).amin(1)
    assert (highest < rest).all()


def test_the_same_seed_gives_the_same_tunes_and_splits_differ():
    small = {"events": 20, "n_train": 50, "n_validation": 50, "n_test": 50}
    a, b, c = Tunes(**small), Tunes(**small, seed=5), Tunes(**small, tunes_seed=1)
    for split in ("train", "validation", "test"):
        assert torch.equal(a.split(split).images, b.split(split).images)
        assert not torch.equal(a.split(split).images, c.split(split).images)
    assert not torch.equal(a.split("train").images, a.split("test").images)


@pytest.mark.parametrize(("key", "value"), [("events", 0), ("n_train", 0), ("n_test", -1), ("levels", 256)])
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=f"^data.{key}={value}: "):
        Tunes(**{key: value})

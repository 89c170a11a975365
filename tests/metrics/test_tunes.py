"""Samples of tunes as MIDI files."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.data.events import to_notes
from genzoo.data.midi import read_midi
from genzoo.data.tunes import Tunes
from genzoo.metrics.tunes import SampleTunes
from support.zoo import built


class Draws:
    """A model whose samples are tunes of the grammar, in an order by the generator."""

    tunes = Tunes(events=20, n_train=30).split("train").images

    def sample(self, n, generator):
        return self.tunes[torch.randperm(30, generator=generator)[:n]]


def test_the_files_are_the_samples():
    data = Tunes(events=20, n_train=8)
    files = SampleTunes(3, seed=4)(Draws(), data, "test").files
    assert [*files] == ["tune-0.mid", "tune-1.mid", "tune-2.mid"]
    notes = to_notes(Draws().sample(3, generator(4, "tunes")))
    for i, content in enumerate(files.values()):
        assert all(torch.equal(a, b) for a, b in zip(read_midi(content), notes.at(i), strict=True))


def test_an_untrained_model_has_files_too():
    _, data, module = built("c_rnn_gan")
    for content in SampleTunes(2)(module, data, "test").files.values():
        read_midi(content)


def test_the_number_is_checked():
    with pytest.raises(GenzooError, match=r"^metrics\.tunes\.samples=0: "):
        SampleTunes(0)

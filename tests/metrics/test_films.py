"""An animation has a picture of all videos per frame."""

import pytest
import torch

from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.core.pictures import picture
from genzoo.metrics.films import Films


class Draws(Inference):
    """Videos of noise."""

    def sample(self, n, labels=None, generator=None):
        return torch.rand(n, 1, 3, 4, 4, generator=generator) * 2 - 1


class Data:
    spec = DataSpec("videos", (1, 3, 4, 4), axes="thw")


def test_each_frame_shows_all_videos_at_one_time():
    module = Draws()
    drawn = []
    module.sample = lambda n, generator: drawn.append(Draws.sample(module, n, generator=generator)) or drawn[-1]
    once, again = (Films(rows=2, columns=3)(module, Data(), "test").animations["films"] for _ in range(2))
    assert torch.equal(*drawn)
    assert len(drawn[0]) == 6
    assert [frame.tobytes() for frame in once] == [frame.tobytes() for frame in again]
    assert [frame.tobytes() for frame in once] == [picture(drawn[0][:, :, t], 3).tobytes() for t in range(3)]


@pytest.mark.parametrize("key", ["rows", "columns"])
def test_settings_are_checked(key):
    with pytest.raises(GenzooError, match=rf"^metrics\.films\.{key}=0: a positive integer is needed\.$"):
        Films(**{key: 0})

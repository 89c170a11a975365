import numpy as np
import pytest
import torch

from genzoo.core.capabilities import Decodes
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.inference import Inference
from genzoo.core.latent import Categorical, Latent, Normal, Uniform
from genzoo.data.shapes import Shapes
from genzoo.metrics.interpolation import Interpolation

LATENT = Latent(noise=Uniform(5), digit=Categorical(3), style=Normal(4))
GREY = Shapes(size=8, channels=1, n_train=1)


class Recorder(Inference):
    """Decodes to grey images that tell the first number of their code, and keeps all codes."""

    device = torch.device("cpu")

    def __init__(self, latent=LATENT):
        super().__init__()
        self.latent, self.codes = latent, []

    def capabilities(self):
        return frozenset({Decodes})

    def decode(self, z):
        self.codes.append(z)
        return z[:, :1, None, None].expand(-1, -1, 64, 64)


def paths(rows=3, steps=5, seed=0):
    """The parts of the codes (rows, steps, F) that were decoded, and the pictures."""
    module = Recorder()
    found = Interpolation(rows, steps, seed)(module, GREY, "test")
    assert found.values == {}
    linear, spherical = (LATENT.split(z.view(rows, steps, -1)) for z in module.codes)
    return linear, spherical, found.pictures


def test_the_line_has_equal_steps_and_stays_inside_the_cube():
    linear, _, _ = paths(rows=30)
    for part in linear.values():
        steps = part.diff(dim=1)
        assert torch.allclose(steps, steps[:, :1].expand_as(steps), atol=1e-6)
        assert (steps != 0).any()
    assert linear["noise"].abs().max() <= 1


def test_the_arc_takes_each_continuous_part_by_its_own_angle_from_end_to_end():
    linear, spherical, _ = paths(rows=6, steps=5)
    for name in ("noise", "style"):
        part = spherical[name].double()
        start, end = part[:, 0], part[:, -1]
        assert torch.allclose(part[:, [0, -1]].float(), linear[name][:, [0, -1]], atol=1e-6)
        omega = torch.nn.functional.cosine_similarity(start, end, dim=-1).acos()[:, None]
        # sin(Ω / 2) / sin Ω = 1 / (2 cos(Ω / 2))
        assert torch.allclose(part[:, 2], (start + end) / (2 * (omega / 2).cos()), atol=1e-5)


def test_categories_are_mixed_linearly_on_both_paths():
    linear, spherical, _ = paths(rows=20)
    assert torch.equal(linear["digit"], spherical["digit"])
    assert torch.allclose(spherical["digit"].sum(-1), torch.ones(20, 5))
    ends = spherical["digit"][:, [0, -1]]
    assert ((ends == 0) | (ends == 1)).all()
    assert (ends[:, 0] != ends[:, 1]).any()


def test_a_row_shows_its_path_from_left_to_right_and_is_named():
    linear, spherical, pictures = paths(rows=3, steps=5)
    assert list(pictures) == ["interpolation_linear", "interpolation_spherical"]
    for codes, sheet in zip((linear, spherical), pictures.values(), strict=True):
        pixels = np.array(sheet)[16:, -(5 * 66 + 2) :]  # below the names of the columns
        assert (pixels[2::66, 2::66] == to_levels(codes["noise"][..., 0]).numpy()).all()
        assert sheet.width > 5 * 66 + 2


def test_pairs_are_a_function_of_the_seed_and_touch_no_global_random_state():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    first, again, other = paths(seed=1)[0], paths(seed=1)[0], paths(seed=2)[0]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first["noise"], again["noise"])
    assert not torch.equal(first["noise"], other["noise"])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"steps": 1}, r"metrics\.interpolation\.steps=1: .*at least 2"),
        ({"rows": 0}, r"metrics\.interpolation\.rows=0: at least 1"),
    ],
    ids=str,
)
def test_too_few_rows_or_steps_are_refused(setting, message):
    with pytest.raises(GenzooError, match=message):
        Interpolation(**setting)

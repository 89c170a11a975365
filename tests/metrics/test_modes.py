import math

import matplotlib
import numpy as np
import pytest
import torch

from genzoo.core.capabilities import Samples
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.core.randomness import generator
from genzoo.data.gaussians import Grid, Ring
from genzoo.data.shapes import Shapes
from genzoo.metrics.evaluation import evaluate
from genzoo.metrics.modes import BINS, ZOOM, Modes, density_picture
from genzoo.runs.evaluate import evaluate as evaluate_checkpoint
from genzoo.runs.train import train
from support import composed


class Teller(Inference):
    """Samples the points it was given (in the source's units of ``data``), over and over."""

    def __init__(self, points, data):
        super().__init__()
        self.images = (torch.as_tensor(points) / data.extent).view(-1, 2, 1, 1)

    def capabilities(self):
        return frozenset({Samples})

    def sample(self, n, labels=None, generator=None):
        return self.images[torch.arange(n) % len(self.images)]


def ring(**options):
    return Ring(n_train=10, n_validation=0, n_test=200, **options)


def measure(points, data):
    return Modes(samples=len(points))(Teller(points, data), data, "test")


def test_points_at_every_centre_cover_every_mode():
    for data in (ring(), Grid(n_train=1, n_validation=0, n_test=50)):
        values = measure(data.centres, data).values
        assert values["modes_covered"] == len(data.centres)
        assert values["high_quality"] == 1
        assert values["modes_reverse_kl"] == pytest.approx(0, abs=1e-6)


def test_hand_made_samples_give_the_counts():
    # Six samples: three at mode 0 and one beside mode 2; two in between, both nearest to mode 2.
    points = torch.tensor([[2.0, 0.0], [2.01, 0.0], [2.0, -0.03], [0.02, 2.04], [0.0, 1.5], [0.0, 3.0]])
    found = measure(points, ring())
    assert found.values == {
        "modes_covered": 2,
        "high_quality": pytest.approx(4 / 6),
        "modes_reverse_kl": pytest.approx(math.log(8 / 2)),  # half near mode 0, half near mode 2
    }
    assert found.protocol == {"samples": 6, "seed": 0, "modes": 8, "within_std": 3}


@pytest.mark.parametrize(("deviations", "covered"), [(2.99, 1), (3.01, 0)])
def test_high_quality_ends_at_three_standard_deviations(deviations, covered):
    direction = torch.tensor([0.6, 0.8])  # of length 1: it is the distance, not a coordinate, that counts
    values = measure(torch.tensor([[2.0, 0.0]]) + deviations * 0.02 * direction, ring()).values
    assert (values["modes_covered"], values["high_quality"]) == (covered, covered)
    assert values["modes_reverse_kl"] == pytest.approx(math.log(8))  # counts the others, too


def test_uneven_shares_have_the_reverse_divergence():
    data = ring(modes=2)
    points = data.centres[[0, 0, 0, 1]]
    expected = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert measure(points, data).values["modes_reverse_kl"] == pytest.approx(expected, rel=1e-5)


def test_the_data_themselves_are_of_high_quality():
    data = Ring(n_train=1, n_validation=0, n_test=2500)
    values = measure(data.split("test").images.flatten(1) * data.extent, data).values
    assert values["modes_covered"] == 8
    assert values["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.006)  # a Rayleigh law within 3 sigma
    assert values["modes_reverse_kl"] < 0.01


def test_samples_come_from_the_metrics_own_seed():
    class Noisy(Teller):
        def sample(self, n, labels=None, generator=None):
            self.drawn = torch.randn(n, 2, 1, 1, generator=generator)
            return self.drawn

    data = ring()
    module, state = Noisy(data.centres, data), torch.get_rng_state()
    Modes(samples=7, seed=3)(module, data, "test")
    assert torch.equal(module.drawn, torch.randn(7, 2, 1, 1, generator=generator(3, "modes")))
    assert torch.equal(torch.get_rng_state(), state)


def test_data_without_known_modes_are_passed_over():
    data = Shapes(size=8, n_train=1, n_validation=0, n_test=1)
    assert evaluate({"modes": Modes()}, Teller([[0.0, 0.0]], ring()), data, "test").values == {}


def panels(sheet):
    """The two coloured squares, (rows, columns, 3), each of bins' size."""
    pixels, side = np.array(sheet).astype(int), BINS * ZOOM
    return [pixels[26 : 26 + side : ZOOM, left : left + side : ZOOM] for left in (12, 24 + side)]


def test_the_picture_shows_data_left_and_model_right_with_y_upwards():
    real, generated = torch.tensor([[0.91, 0.91]]), torch.tensor([[0.91, -0.91]])
    left, right = (panel.sum(2) for panel in panels(density_picture(real, generated, extent=1.0)))
    assert left.shape == right.shape == (120, 120)
    # Of 120 bins from -1 to 1 the one of 0.91 is number 114; rows count from the top.
    assert [divmod(panel.argmax(), 120) for panel in (left, right)] == [(5, 114), (114, 114)]


def test_colours_share_a_scale_so_that_pictures_compare():
    rest = torch.rand(1000, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    sharp = torch.zeros(1000, 2)
    left, right = (panel.sum(2).max() for panel in panels(density_picture(sharp, rest, extent=1.0)))
    assert left == sum(int(level) for level in matplotlib.colormaps["magma"](1.0, bytes=True)[:3])
    assert right < left / 2
    assert panels(density_picture(torch.zeros(0, 2), torch.zeros(0, 2), extent=1.0))[0].sum(2).max() == 3


POINTS = ("model=gan_2d", "data=ring", "data.n_train=64", "data.n_validation=32", "data.n_test=32")
SMOKE = ("trainer=smoke", "recipe.batch_size=16", "logger=csv", "metrics=modes")


def test_a_run_on_points_trains_draws_resumes_and_is_measured(tmp_path):
    options = (*POINTS, *SMOKE, f"paths.runs={tmp_path}/runs")
    values = train(composed(*options, "metrics.modes.samples=50")).metrics
    assert set(values) == {"test/modes_covered", "test/high_quality", "test/modes_reverse_kl"}
    (run,) = (tmp_path / "runs").glob("*/*")
    assert {path.name for path in (run / "samples").iterdir()} == {f"density-00000{n}.png" for n in (1, 2, 3, 4)}
    assert train(composed(*options, "metrics.modes.samples=50", f"resume={run}")).metrics == values
    again = evaluate_checkpoint(composed(f"ckpt={run}", "metrics=modes", "metrics.modes.samples=50", name="evaluate"))
    assert again == values


def test_metrics_for_pictures_pass_over_points(tmp_path):
    options = (*POINTS, "trainer=smoke", "recipe.batch_size=16", "logger=none", f"paths.runs={tmp_path}/runs")
    train(composed(*options, "metrics=default"))
    (run,) = (tmp_path / "runs").glob("*/*")
    assert not [path for path in (run / "samples").glob("*") if not path.name.startswith("density")]


def test_image_models_refuse_points_in_one_line(tmp_path):
    with pytest.raises(GenzooError, match=r"data.size=1 must be a multiple of 4") as refusal:
        train(composed("model=infogan", *POINTS[1:], "trainer=smoke", f"paths.runs={tmp_path}/runs"))
    assert "\n" not in str(refusal.value)

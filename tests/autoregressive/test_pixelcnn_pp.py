"""PixelCNN++: what it sees, how it starts, and how its likelihood and samples belong together."""

import itertools

import pytest
import torch
from torch import nn

from genzoo.autoregressive.model import Autoregressive
from genzoo.autoregressive.networks.pixelcnn_pp import GatedResidual, PixelCNNPP
from genzoo.autoregressive.sampling.canvas import Canvas
from genzoo.autoregressive.sampling.jacobi import Jacobi
from genzoo.autoregressive.sampling.naive import Naive
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.nn.data_dependent import initialise_from_data
from genzoo.nn.logistic_mixture import LogisticMixture
from genzoo.nn.shifted import down_right
from genzoo.nn.softmax_levels import SoftmaxLevels
from genzoo.nn.weight_norm import WeightNormConv2d, WeightNormConvTranspose2d
from genzoo.runs.build import build_data, build_module
from support import SHAPES, resolved
from support.causal import dependence


def images_of(n, channels, size):
    """Noise in float64."""
    return torch.randn(n, channels, size, size, dtype=torch.double, generator=torch.Generator().manual_seed(3))


def network(channels=1, size=8, blocks=1, outputs=2, dropout=0.0, **options):
    """In float64, initialised from noise, so that all it computes is of the size of 1."""
    torch.manual_seed(0)
    made = PixelCNNPP(channels, 1, outputs, hidden=4, blocks=blocks, dropout=dropout, **options).double()
    initialise_from_data(made, lambda: images_of(8, channels, size))
    return made.eval()


def seen(row, column, size, reach):
    """Whether it sees each pixel, (size, size), as its docstring has it."""
    found = torch.zeros(size, size, dtype=torch.bool)
    for i, j in itertools.product(range(size), repeat=2):
        near = row % 2 == 0 or abs(j - column) <= reach
        beside = (i == row and j < column) or (i == row - 1 and j > column)
        found[i, j] = near if beside else (i < row)
    return found


@pytest.mark.parametrize(("channels", "condition"), [(1, 0), (3, 0), (3, 3)])
def test_it_sees_what_is_before_a_pixel_but_in_odd_rows_far_beside_it(channels, condition):
    found = dependence(network(channels, condition=condition), channels, 8)[0]
    for row, column in itertools.product(range(8), repeat=2):
        expected = seen(row, column, 8, reach=6).expand(channels, 8, 8)
        assert torch.equal(found[row, column] > 0, expected), (row, column)


@pytest.mark.parametrize("at", [(31, 31), (31, 0), (30, 31), (30, 0), (29, 9), (16, 16)])
def test_at_its_published_depth_too(at):
    found = dependence(network(size=32, blocks=5), 1, 32, at=at, images=1)[0]
    assert torch.equal(found > 0, seen(*at, 32, reach=22))


@torch.no_grad()
def test_a_block_is_residual_and_gated():
    torch.manual_seed(0)
    block = GatedResidual(down_right, hidden=3, shortcut=2, dropout=0.0, condition=4)
    x, shortcut, c = torch.randn(2, 3, 5, 5), torch.randn(2, 2, 5, 5), torch.eye(4)[:2]
    both = [torch.cat([nn.functional.elu(z), nn.functional.elu(-z)], dim=1) for z in (x, shortcut)]
    inner = block.first(both[0]) + block.shortcut(both[1])
    y = block.second(torch.cat([nn.functional.elu(inner), nn.functional.elu(-inner)], dim=1))
    y = y + (c @ block.condition.weight.T)[:, :, None, None]
    torch.testing.assert_close(block(x, shortcut, c), x + y[:, :3] / (1 + torch.exp(-y[:, 3:])))


def test_images_are_told_from_their_padding_by_a_channel_of_ones():
    made, images, seen = network(channels=3), images_of(2, 3, 8), []
    for layer in (made.first_above, *made.first_beside):
        layer.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    made(images)
    assert len(seen) == 3
    for x in seen:
        assert torch.equal(x, torch.cat([images, torch.ones_like(images[:, :1])], dim=1))


def test_classes_change_all_pixels():
    conditional = network(condition=3)
    x = images_of(1, 1, 8).expand(2, -1, -1, -1)
    of_class = conditional(x, torch.eye(3, dtype=x.dtype)[[0, 2]])
    assert (of_class[0] != of_class[1]).all()
    no_class = conditional(x)
    conditional.apply(lambda m: nn.init.zeros_(m.weight) if isinstance(m, nn.Linear) else None)
    torch.testing.assert_close(conditional(x, torch.eye(3, dtype=x.dtype)[[0, 2]]), no_class)


def model(size=4, sampler=None, dropout=0.0):
    """A model of colours of 6 levels."""
    likelihood = LogisticMixture(2, levels=6)
    return Autoregressive(
        shape=(3, size, size),
        network=lambda channels, colours, outputs: network(channels, size, outputs=outputs, dropout=dropout),
        likelihood=likelihood,
        sampler=sampler or Jacobi(),
        optimizers={"model": lambda parameters: torch.optim.SGD(parameters, 0.1)},
    ).ready()


def test_a_pixels_probabilities_sum_to_1_given_those_before_it():
    module, colours = model(), torch.tensor([*itertools.product(range(6), repeat=3)], dtype=torch.uint8)
    image = torch.randint(6, (3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    for i, j in ((0, 0), (1, 2), (3, 3)):
        images = image.repeat(216, 1, 1, 1)
        images[:, :, i, j] = colours
        found = module.log_prob_map(images)
        before = found.flatten(1)[:, : 4 * i + j]
        assert torch.equal(before, before[:1].expand_as(before)), "what comes later changes nothing"
        assert found[:, i, j].double().exp().sum().item() == pytest.approx(1, abs=1e-5)
        assert found[:, i, j].std() > 0.1
    torch.testing.assert_close(module.log_prob(images), found.sum((1, 2)).float())


@torch.no_grad()
def test_fixed_points_are_the_images_drawn_pixel_by_pixel():
    likelihood, drawing = LogisticMixture(2, levels=6), model(8).network
    noise = torch.rand(3, 4, 8, 8, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    given = from_levels(torch.randint(6, (3, 3, 8, 8)), 6).double()
    of = Canvas(given, torch.rand(3, 1, 8, 8) < 0.2, noise, None)
    (*passes, found), (*_, expected) = (s(drawing, likelihood.draw, of) for s in (Jacobi(), Naive()))
    assert len(expected.images.unique()) == 6
    assert torch.equal(found.images, expected.images)
    assert len(passes) < 64, "fewer passes than pixels"


def test_it_starts_with_outputs_of_mean_0_and_the_originals_deviation():
    module, found = model(8), {}

    def note(name, mapped):
        def noting(x, bias):  # all that it maps to, before a transposed convolution cuts it
            found[name] = mapped(x, bias)
            return found[name]

        return noting

    for name, layer in module.network.named_modules():
        if isinstance(layer, WeightNormConv2d | WeightNormConvTranspose2d):
            layer._map = note(name, layer._map)
    images = images_of(6, 3, 8)
    module.initialise(images)
    module.network(images)
    for name, y in found.items():
        per_unit = y.transpose(0, 1).flatten(1)
        expected = 0.1 if ".second" in name else 1.0
        torch.testing.assert_close(per_unit.mean(1), torch.zeros_like(per_unit[:, 0]), msg=name, atol=1e-7, rtol=0)
        torch.testing.assert_close(per_unit.std(1, correction=0), torch.full_like(per_unit[:, 0], expected), msg=name)


def test_dropout_is_on_in_training_alone():
    noisy, images = model(dropout=0.5), torch.randint(6, (5, 3, 4, 4), dtype=torch.uint8)
    sure = model()
    sure.network.load_state_dict(noisy.network.state_dict())
    noisy.train()
    x = from_levels(images, 6).double()
    assert not torch.equal(noisy.network(x), noisy.network(x))
    assert torch.equal(noisy.log_prob(images), sure.log_prob(images))
    assert noisy.network.training, "and goes on"
    assert torch.equal(*(m.sample(2, generator=torch.Generator().manual_seed(0)) for m in (noisy, sure)))


def test_its_recipe_is_the_originals():
    config = resolved("model=pixelcnn_pp", "data=cifar10")
    widths = ("recipe.full.hidden=3", "recipe.full.blocks=1")
    module = build_module(resolved("model=pixelcnn_pp", "data=cifar10", *widths))
    assert (config["recipe"]["full"], config["recipe"]["batch_size"]) == (
        {"hidden": 160, "blocks": 5, "components": 10},
        128,
    )
    assert config["recipe"]["rounds"] == 1_950_000
    assert module.initial_images == 100
    optimizer, rate = module.optimizer_factories["model"](module.parameters()), module.schedules["model"]["lr"]
    assert (type(optimizer), optimizer.defaults["betas"]) == (torch.optim.Adam, (0.95, 0.9995))
    assert rate(0) == 1e-3
    for r in (0, 1000, 1_000_000):  # its lr_decay, by which the rate is multiplied after every update
        assert rate(r + 1) / rate(r) == pytest.approx(0.999995, abs=1e-9)
    assert module.network.readout.out_channels == 100
    assert module.averages["network"].decay == 0.9995
    assert {m.p for m in module.network.modules() if isinstance(m, nn.Dropout)} == {0.5}


def test_images_are_scored_by_the_average_of_the_weights():
    config = resolved("model=pixelcnn_pp", *SHAPES, "data.size=8", "trainer=smoke")
    data, module = build_data(config), build_module(config)
    data.setup()
    module.initialise(data.initial())
    images = torch.randint(256, (4, 1, 8, 8), dtype=torch.uint8)
    before = module.log_prob(images)
    nn.init.constant_(module.network.readout.bias, 0.3)
    assert torch.equal(module.log_prob(images), before)
    nn.init.constant_(module.averages["network"].network.readout.bias, 0.3)
    assert not torch.allclose(module.log_prob(images), before)


def test_a_likelihood_that_needs_an_order_of_colours_is_refused():
    with pytest.raises(GenzooError, match=r"model.likelihood: PixelCNN\+\+ .* use genzoo.nn.logistic_mixture"):
        PixelCNNPP(3, 3, SoftmaxLevels(6).outputs(3), hidden=4, blocks=1)


def test_images_that_cannot_be_halved_twice_are_refused():
    with pytest.raises(GenzooError, match=r"model.network: .* data.size=10 .* multiple of 4"):
        build_module(resolved("model=pixelcnn_pp", *SHAPES, "data.size=10", "trainer=smoke"))

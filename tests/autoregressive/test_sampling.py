"""All ways of drawing give the same images from the same noise, at the cost that they promise."""

import io

import pytest
import torch
from rich.console import Console
from torch import nn

from genzoo.autoregressive.networks.base import CausalNetwork
from genzoo.autoregressive.progress import shown
from genzoo.autoregressive.sampling.cached import Cached
from genzoo.autoregressive.sampling.canvas import Canvas, Stage
from genzoo.autoregressive.sampling.jacobi import Jacobi
from genzoo.autoregressive.sampling.naive import Naive
from genzoo.autoregressive.sampling.ties import ties
from genzoo.core.console import one_bar
from genzoo.core.errors import GenzooError
from genzoo.nn.likelihoods import Bernoulli
from genzoo.nn.logistic_mixture import LogisticMixture
from genzoo.nn.softmax_levels import SoftmaxLevels
from genzoo.nn.steps import in_steps
from support.causal import NETWORKS, balanced, network, one_hot

KINDS = {
    "binary": (1, Bernoulli()),
    "softmax": (3, SoftmaxLevels(16)),
    "mixture": (3, LogisticMixture(2)),
}


def canvas(channels, likelihood, n=3, height=5, width=6, given=False, dtype=torch.double, condition=None):
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(n, channels, height, width, generator=generator, dtype=dtype).round() * 2 - 1
    mask = torch.rand(n, 1, height, width, generator=generator) < (0.4 if given else -1)
    noise = torch.rand(n, likelihood.noise(channels), height, width, generator=generator, dtype=dtype)
    return Canvas(values, mask, noise, condition)


def last(stages):
    *_, stage = stages
    return stage.images


def made(name, channels, likelihood):
    return balanced(network(name, channels, 1 if likelihood.joint else channels, likelihood.outputs(channels)))


@torch.no_grad()
@pytest.mark.parametrize("given", [False, True], ids=["blank", "completion"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_all_samplers_draw_the_same_images(name, kind, given):
    channels, likelihood = KINDS[kind]
    drawing = made(name, channels, likelihood)
    of = canvas(channels, likelihood, given=given, condition=one_hot(drawing, torch.arange(3)))
    naive, *others = (last(sampler(drawing, likelihood.draw, of)) for sampler in (Naive(), Cached(), Jacobi()))
    assert len(naive.unique()) > 1
    for other in others:
        assert torch.equal(other, naive)
    assert torch.equal(naive[of.mask.expand_as(naive)], of.given[of.mask.expand_as(naive)])


@torch.no_grad()
@pytest.mark.parametrize("name", NETWORKS)
def test_in_float32_they_differ_by_ties_alone(name):
    channels, likelihood = KINDS["softmax"]
    drawing = made(name, channels, likelihood).float()
    of = canvas(
        channels, likelihood, 20, dtype=torch.float32, condition=one_hot(drawing, torch.arange(20), torch.float)
    )
    naive, *others = (last(sampler(drawing, likelihood.draw, of)) for sampler in (Naive(), Cached(), Jacobi()))
    for other in others:
        assert ties(drawing, likelihood.draw, of, naive, other).all()


@torch.no_grad()
@pytest.mark.skipif(not torch.cuda.is_available(), reason="rows are captured as graphs on a CUDA device alone")
@pytest.mark.parametrize("name", NETWORKS)
def test_rows_captured_as_graphs_give_the_same_images(name):
    channels, likelihood = KINDS["softmax"]
    drawing = made(name, channels, likelihood).cuda()
    of = canvas(channels, likelihood, n=6, condition=one_hot(drawing, torch.arange(6)))
    of = Canvas(*(None if field is None else field.cuda() for field in of))
    for batch in torch.arange(6, device="cuda").split(3):  # the second finds nothing of the first
        naive, cached = (last(sampler(drawing, likelihood.draw, of.of(batch))) for sampler in (Naive(), Cached()))
        assert len(naive.unique()) > 1
        assert torch.equal(cached, naive)


@torch.no_grad()
def test_a_tie_is_told_from_a_mistake():
    likelihood, drawing = Bernoulli(), network("pixelcnn", outputs=1)
    of = canvas(1, likelihood)
    images = last(Naive()(drawing, likelihood.draw, of))
    wrong = images.clone()
    wrong[1, 0, 2, 3] *= -1
    wrong[1, 0, 4, 4] *= -1
    assert ties(drawing, likelihood.draw, of, images, wrong).tolist() == [False]
    assert ties(drawing, likelihood.draw, of, images, images).tolist() == []
    probability = drawing(images).sigmoid()[1, 0, 2, 3]
    of.noise[1, 0, 2, 3] = probability + (1e-7 if images[1, 0, 2, 3] < 0 else -1e-7)
    assert ties(drawing, likelihood.draw, of, images, wrong).tolist() == [True]


class Counted(nn.Module):
    """A network that notes what it is asked, pixel by pixel or at once."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.colours, self.condition, self.asked = inner, inner.colours, inner.condition, []
        inner_across, inner_down = inner.across, inner.down
        inner.across = lambda x, told: self.asked.append(("across", *x.shape[2:])) or inner_across(x, told)
        inner.down = lambda x, c: self.asked.append(("down", *x.shape[2:])) or inner_down(x, c)


@torch.no_grad()
def test_a_pixel_costs_a_pixels_work_and_the_vertical_stack_a_row():
    channels, likelihood = KINDS["softmax"]
    drawing = made("gated_pixelcnn", channels, likelihood)
    asked = Counted(drawing).asked
    last(Cached()(drawing, likelihood.draw, canvas(channels, likelihood)))
    assert asked == ([("down", 1, 6)] + [("across", 1, 1)] * 6 * 3) * 5
    asked.clear()
    last(Naive()(drawing, likelihood.draw, canvas(channels, likelihood)))
    assert asked == [("down", 5, 6), ("across", 5, 6)] * 5 * 6 * 3


class Unmoved(CausalNetwork):
    """Says the same of all pixels but one, which follows the first."""

    def __init__(self):
        super().__init__(channels=1, colours=1)
        self.passes, self.nothing = 0, nn.Parameter(torch.zeros(()))

    def forward(self, images, c=None):
        self.passes += 1
        parameters = torch.zeros_like(images)
        parameters[..., 4, 4] = 100 * images[..., 0, 0]
        return parameters


@torch.no_grad()
def test_fixed_point_iteration_passes_as_often_as_pixels_wait_for_each_other():
    of, still = canvas(1, Bernoulli(), n=2), Unmoved()
    of.noise[:, :, 0, 0], of.noise[:, :, 4, 4] = 0.2, 0.5  # the first pixel is not what it was taken for
    assert torch.equal(last(Jacobi()(still, Bernoulli().draw, of)), last(Naive()(Unmoved(), Bernoulli().draw, of)))
    assert still.passes == 3, "everything, the pixel that follows, and that nothing changes"


@torch.no_grad()
def test_settled_images_leave_the_batch():
    of, sizes = canvas(1, Bernoulli(), n=2), []
    of.noise[:, :, 0, 0] = torch.tensor([0.2, 0.9]).view(2, 1)  # of the second image it is what it was taken for
    of.noise[:, :, 4, 4] = 0.5
    still = Unmoved()
    still.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    done = [stage.done for stage in Jacobi()(still, Bernoulli().draw, of)]
    assert sizes == [2, 2, 1]
    assert done == [0, 0.5, 1]


def drawn_in_steps(drawing, cursor, images):
    """What a network says to given images in steps, row by row."""
    above, rows = torch.zeros_like(images[:, :, :1]), []
    for row in images.split(1, dim=2):
        told = drawing.down(above, None)
        for column, pixel in enumerate(row.split(1, dim=3)):
            cursor.move_to(column)
            rows.append(drawing.across(pixel, [maps[..., column : column + 1] for maps in told]))
            cursor.correct(pixel)
        cursor.next_row()
        above = row
    return torch.cat(rows, dim=3)


@torch.no_grad()
@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_forgotten_leaves_no_trace(name):
    drawing, images = network(name), torch.randn(2, 1, 4, 5, dtype=torch.double)
    with in_steps(drawing, 2, 5) as cursor:
        first, unclean = (drawn_in_steps(drawing, cursor, images) for _ in range(2))
        cursor.forget()
        again = drawn_in_steps(drawing, cursor, images)
    assert torch.equal(again, first)
    assert not torch.equal(unclean, first)
    torch.testing.assert_close(first, drawing(images).flatten(2).unsqueeze(2))


def test_a_network_that_remembers_nothing_is_not_drawn_from_in_steps():
    with pytest.raises(GenzooError, match=r"model.sampler: Unmoved does not cache activations; use .*Jacobi"):
        last(Cached()(Unmoved(), Bernoulli().draw, canvas(1, Bernoulli())))


@torch.no_grad()
@pytest.mark.parametrize("sampler", [Naive(), Cached()])
def test_images_are_shown_row_by_row(sampler):
    drawing, of = network("gated_pixelcnn", outputs=1), canvas(1, Bernoulli())
    stages = [Stage(images.clone(), done) for images, done in sampler(drawing, Bernoulli().draw, of)]
    assert [stage.done for stage in stages] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    for i, stage in enumerate(stages):
        assert torch.equal(stage.images[:, :, : i + 1], stages[-1].images[:, :, : i + 1])
        assert (stage.images[:, :, i + 1 :] == -1).all()


def test_no_bar_is_shown_below_another_one():
    console = Console(file=io.StringIO(), force_terminal=True)
    with one_bar():
        list(shown([], "three images", console=console))
    assert console.file.getvalue() == ""


def test_a_bar_is_shown_on_a_terminal_alone():
    stages = [Stage(torch.zeros(1), 0.5), Stage(torch.ones(1), 1.0)]
    for terminal, quiet in ((True, False), (False, False), (True, True)):
        screen = io.StringIO()
        console = Console(file=screen, force_terminal=terminal, width=80)
        assert list(shown(stages, "three images", quiet, console)) == stages
        assert ("three images" in screen.getvalue()) == (terminal and not quiet)

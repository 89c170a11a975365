from functools import partial

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_unit
from genzoo.nn.likelihoods import Bernoulli, DiscretisedLogistic
from genzoo.runs.build import build_data, build_module
from genzoo.variational.draw import DRAW
from genzoo.variational.networks.attention import AttentionReader, AttentionWriter
from genzoo.variational.networks.draw import WholeReader, WholeWriter
from support import Count, resolved

STEPS, HIDDEN, UNITS = 3, 8, 5
PARTS = {
    "attention": {"reader": partial(AttentionReader, size=2), "writer": partial(AttentionWriter, size=3)},
    "whole": {"reader": WholeReader, "writer": WholeWriter},
}
LEVELS = torch.randint(2, (4, 1, 6, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
IMAGES = from_levels(LEVELS, 2)
BATCH = ImageBatch(IMAGES, torch.zeros(4, dtype=torch.long))
kinds = pytest.mark.parametrize("kind", PARTS)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def drawing(kind, steps=STEPS, shape=(1, 6, 6), likelihood=None):
    """A DRAW none of whose parameters are so small that what they do could be overlooked."""
    torch.manual_seed(0)
    adam = {"model": torch.optim.Adam}
    model = DRAW(shape, steps, HIDDEN, UNITS, **PARTS[kind], likelihood=likelihood or Bernoulli(), optimizers=adam)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    model.configure_optimizers()
    return model


def lstm(cell, x, h, c):
    """A long short-term memory with forget gates, from its formulas."""
    gates = x @ cell.weight_ih.T + cell.bias_ih + h @ cell.weight_hh.T + cell.bias_hh
    i, f, g, o = gates.chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def linear(layer, h):
    return h @ layer.weight.T + layer.bias


@pytest.mark.parametrize("steps", [1, 3])
def test_the_bound_is_the_papers_step_by_step(steps):
    """Equations 1 to 12 without attention, written down again."""
    model = drawing("whole", steps)
    encoder, decoder = model.encoder, model.decoder
    noise = torch.randn(4, steps * UNITS, generator=seeded(3)).split(UNITS, 1)
    x, n, kl = to_unit(IMAGES), len(IMAGES), []
    canvas = decoder.canvas.repeat(n, 1, 1, 1)
    h_enc, c_enc = encoder.start[0].repeat(n, 1), encoder.start[1].repeat(n, 1)
    h_dec, c_dec = decoder.start[0].repeat(n, 1), decoder.start[1].repeat(n, 1)
    for t in range(steps):
        error = x - 1 / (1 + torch.exp(-canvas))
        read = torch.cat([x.flatten(1), error.flatten(1)], 1)
        h_enc, c_enc = lstm(encoder.lstm, torch.cat([read, h_dec], 1), h_enc, c_enc)
        mean, log_std = linear(encoder.posterior, h_enc).split(UNITS, 1)
        z = mean + log_std.exp() * noise[t]
        kl.append(0.5 * (mean**2 + torch.exp(2 * log_std) - 2 * log_std).sum(1) - UNITS / 2)
        h_dec, c_dec = lstm(decoder.lstm, z, h_dec, c_dec)
        canvas = canvas + linear(decoder.writer.patch, h_dec).view(n, 1, 6, 6)
    p = canvas.sigmoid()
    log_likelihood = (x * p.log() + (1 - x) * (1 - p).log()).sum((1, 2, 3))

    found = model.bound(LEVELS, seeded(3))
    torch.testing.assert_close(found.log_likelihood, log_likelihood)
    assert [*found.kl] == [f"step_{t:02d}" for t in range(1, steps + 1)]
    torch.testing.assert_close(torch.stack([*found.kl.values()]), torch.stack(kl))
    torch.manual_seed(5)
    loss = model.loss(BATCH)
    torch.manual_seed(5)
    terms = model(IMAGES)
    torch.testing.assert_close(loss, (terms.kl["z"].sum(1) - terms.log_likelihood).mean())


@kinds
def test_the_divergence_is_that_of_the_gaussians_and_the_ratio_that_of_the_draw(kind):
    model = drawing(kind)
    noise = torch.randn(4, STEPS * UNITS, generator=seeded(3))
    posterior, z, _ = model.infer(to_unit(IMAGES), noise)
    q, p = Normal(posterior.mean, posterior.log_std.exp()), Normal(torch.zeros_like(z), 1.0)
    terms = model.terms(IMAGES, model.recognise(IMAGES), seeded(3))
    torch.testing.assert_close(terms.kl["z"], kl_divergence(q, p))
    torch.testing.assert_close(terms.log_ratio, (q.log_prob(z) - p.log_prob(z)).sum(1))


@kinds
def test_a_posterior_that_is_the_prior_costs_nothing(kind):
    model = drawing(kind)
    for parameter in model.encoder.posterior.parameters():
        nn.init.zeros_(parameter)
    assert all((kl == 0).all() for kl in model.bound(LEVELS).kl.values())


def codes_drawn(model):
    """z_1 .. z_T that the decoder was given in one draw."""
    seen = []
    hook = model.decoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    model(IMAGES)
    hook.remove()
    return torch.stack(seen)


@kinds
def test_the_noise_is_fresh_in_each_step_for_each_image_and_each_time(kind):
    model = drawing(kind, steps=4)
    for parameter in model.encoder.posterior.parameters():
        nn.init.zeros_(parameter)  # so that z is the noise
    z = torch.stack([codes_drawn(model), codes_drawn(model)])
    assert z.shape == (2, 4, len(IMAGES), UNITS)
    assert len(z.flatten().unique()) == z.numel()


@kinds
def test_gradients_reach_all_parameters(kind):
    model = drawing(kind)
    model.loss(BATCH).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


@kinds
def test_samples_are_decoded_noise_and_the_last_of_their_canvases(kind):
    model = drawing(kind)
    noise = torch.randn(5, STEPS * UNITS, generator=seeded(1))
    images = model.decode(noise)
    assert torch.equal(model.sample(5, generator=seeded(1)), images)
    canvases, frames = model.canvases(5, seeded(1))
    assert canvases.shape == (STEPS, 5, 1, 6, 6)
    assert torch.equal(canvases[-1], images)
    assert len({image.sum().item() for image in canvases[:, 0]}) == STEPS
    if kind == "whole":
        assert frames is None
    else:
        assert frames.shape == (STEPS, 5, 5)


def test_frames_are_where_each_step_wrote():
    """A sharp writer changes pixels inside of its frame only (and half a filter around it)."""
    model = drawing("attention", shape=(1, 20, 20))
    bias = model.decoder.writer.attention.linear.bias
    bias.data = torch.tensor([0.3, -0.3, -4.0, -1.5, 0.0])
    with torch.no_grad():
        start = model.likelihood.mean(model.decoder.initial(5)[0])
    images, frames = model.canvases(5, seeded(1))
    for before, after, step in zip([start, *images[:-1]], images, frames, strict=True):
        for old, new, (left, top, right, bottom, _) in zip(before, after, step, strict=True):
            y, x = ((new - old)[0].abs() > 1e-3).nonzero().T + 0.5  # middles of the pixels that changed
            assert len(x) > 0
            assert left - 1 <= x.min() <= x.max() <= right + 1
            assert top - 1 <= y.min() <= y.max() <= bottom + 1


@kinds
def test_an_image_decoded_from_its_own_code_is_what_the_posterior_means_draw(kind):
    model = drawing(kind)
    code = model.encode(IMAGES)
    posterior, z, canvas = model.infer(to_unit(IMAGES), torch.zeros(4, STEPS * UNITS))
    assert torch.equal(code, posterior.mean)
    assert torch.equal(z, posterior.mean)
    torch.testing.assert_close(model.decode(code), 2 * canvas.sigmoid() - 1)


def test_the_code_holds_the_steps_side_by_side():
    """The second step's part has no say in the first canvas."""
    model = drawing("attention")
    z = torch.randn(2, STEPS * UNITS)
    other = z.clone()
    other[:, UNITS : 2 * UNITS] += 1
    with torch.no_grad():
        one, two = ([canvas for canvas, _ in model.generate(code)] for code in (z, other))
    assert torch.equal(one[0], two[0])
    assert not torch.equal(one[1], two[1])


@kinds
def test_the_steps_are_the_only_loop(kind):
    """As many operations for large images as for small ones, and the same number more with each step."""

    def operations(steps, size):
        model = drawing(kind, steps, (1, size, size))
        with Count() as count:
            model(torch.ones(2, 1, size, size))
        return count.calls

    assert operations(2, 6) == operations(2, 24)
    assert operations(4, 6) - operations(3, 6) == operations(3, 6) - operations(2, 6)


@kinds
def test_with_another_likelihood_the_error_is_that_of_its_mean(kind):
    model = drawing(kind, shape=(2, 6, 6), likelihood=DiscretisedLogistic())
    images, seen = torch.rand(4, 2, 6, 6) * 2 - 1, []
    model.encoder.register_forward_pre_hook(lambda _, given: seen.append(given[1]))
    with torch.no_grad():
        model(images)
    drawn = model.decoder.canvas + 0.5  # the location goes from -0.5 to 0.5
    torch.testing.assert_close(seen[0], (images + 1) / 2 - drawn.clamp(1 / 512, 1 - 1 / 512))
    assert model.sample(2).shape == (2, 2, 6, 6)


@kinds
def test_one_step_is_what_is_compiled(kind, monkeypatch):
    compiled, calls = [], []
    monkeypatch.setattr(nn.Module, "compile", lambda module: compiled.append(module))
    model = drawing(kind)
    model.compile_networks()
    assert {model.encoder, model.decoder} <= {*compiled}
    for network in compiled:
        network.register_forward_hook(lambda module, *_: calls.append(module))
    model(IMAGES)
    assert calls == [model.encoder, model.decoder] * STEPS


def configuration(*overrides):
    return resolved("data=shapes", "data.size=28", "data.channels=1", "trainer=smoke", *overrides)


def test_grey_images_are_refused_before_they_are_loaded():
    config = configuration("model=draw")
    with pytest.raises(GenzooError, match=r"data=shapes has 256 levels per pixel, but model\.likelihood has 2"):
        build_module(config).check_data(build_data(config).spec)


@pytest.mark.parametrize("setting", ["steps", "hidden", "units"])
def test_numbers_that_are_not_positive_are_named(setting):
    with pytest.raises(GenzooError, match=rf"model\.{setting}=0: a positive integer is needed"):
        build_module(configuration("model=draw", f"model.{setting}=0"))


def test_the_recipes_clipping_of_gradients_is_the_trainers_default():
    clips = [
        configuration(*overrides)["trainer"]["gradient_clip"]
        for overrides in (["model=draw"], ["model=draw", "trainer.gradient_clip=null"], ["model=gan"])
    ]
    assert clips == [10, None, None]


def test_at_first_the_weights_are_glorots_and_all_else_is_0():
    model = build_module(configuration("model=draw", "data.levels=2", "trainer.width=full"))
    for name, parameter in model.named_parameters():
        if "weight" in name:
            bound = (6 / sum(parameter.shape)) ** 0.5
            assert 0.9 * bound < parameter.abs().max() <= bound, name
        else:
            assert (parameter == 0).all(), name

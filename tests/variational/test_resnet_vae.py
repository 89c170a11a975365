import math
import operator
from functools import partial

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.nn.likelihoods import DiscretisedLogistic
from genzoo.variational.gaussian import standard_noise
from genzoo.variational.masked_conv import MaskedConvNetwork
from genzoo.variational.networks.bidirectional import Bidirectional
from genzoo.variational.networks.bottom_up import BottomUp
from genzoo.variational.posteriors import DiagonalGaussian, InverseAutoregressiveFlow
from genzoo.variational.resnet_vae import ResNetVAE
from genzoo.variational.updates import Affine

FLOW = partial(InverseAutoregressiveFlow, network=partial(MaskedConvNetwork, hidden=[4]), update=Affine())


LADDERS = pytest.mark.parametrize("ladder", [Bidirectional, BottomUp])


def built(
    shape=(3, 8, 8), channels=4, latents=2, levels=2, layers=2, posterior=FLOW, ladder=Bidirectional, initialised=True
):
    torch.manual_seed(0)
    model = ResNetVAE(
        shape,
        channels,
        latents,
        levels,
        layers,
        posterior,
        ladder,
        likelihood=DiscretisedLogistic(),
        optimizers={"model": torch.optim.Adamax},
    ).ready()
    if initialised:
        model.initialise(from_levels(levels_of(shape, 50)))
    return model


def levels_of(shape, n, seed=0):
    return torch.randint(256, (n, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def test_codes_are_the_layers_noise_from_the_top_down():
    parts = {name: part.size for name, part in built().latent.parts.items()}
    assert parts == {"z0": 2 * 2 * 2, "z1": 2 * 2 * 2, "z2": 2 * 4 * 4, "z3": 2 * 4 * 4}


@LADDERS
@pytest.mark.parametrize("posterior", [DiagonalGaussian, FLOW])
@pytest.mark.parametrize("layers", [1, 2])
def test_the_likelihood_is_the_integral_over_the_latent_variables(layers, posterior, ladder):
    """Of one and of two latent variables, by a sum over a grid of their noise."""
    shape = (1, 2, 2)
    model = built(shape, latents=1, levels=1, layers=layers, posterior=posterior, ladder=ladder)
    model.likelihood.log_scale.data.fill_(-1.0)
    levels = levels_of(shape, 3)
    step = torch.linspace(-6, 6, 301)
    noise = torch.cartesian_prod(*[step] * layers).view(-1, layers)
    log_p = -0.5 * noise.square().sum(1) - layers * (0.5 * math.log(2 * math.pi) - math.log(step[1] - step[0]))
    copies = levels.repeat_interleave(400, 0)  # 400 times 40 draws take a hundredth of the passes of 16,000 draws
    estimates = model.log_prob(copies, 40, torch.Generator().manual_seed(0)).view(len(levels), 400)
    with torch.no_grad():
        parameters = model.parameters_of(noise)
        for level, found in zip(levels, estimates.logsumexp(1) - math.log(400), strict=True):
            image = from_levels(level).expand(len(noise), *shape)
            joint = model.likelihood.log_prob(image, parameters).sum((1, 2)) + log_p
            assert found.item() == pytest.approx(joint.logsumexp(0).item(), abs=0.01)


@LADDERS
def test_the_posteriors_draws_are_reached_from_the_priors_noise(ladder):
    """Reconstruction on the way of inference, and by decoding the code."""
    model = built(ladder=ladder)
    images = from_levels(levels_of((3, 8, 8), 5))
    with torch.no_grad():
        nothing = [torch.zeros(5, *shape) for shape in model.ladder.code_shapes]
        parameters, _ = model.ladder.infer(model.recognise(images), nothing)
    torch.testing.assert_close(
        model.decode(model.encode(images)), model.likelihood.mean(parameters), rtol=1e-4, atol=1e-4
    )


@LADDERS
def test_the_divergence_of_gaussian_layers_is_torchs(ladder):
    model = built(posterior=DiagonalGaussian, ladder=ladder)
    images = from_levels(levels_of((3, 8, 8), 5))
    generator = torch.Generator().manual_seed(0)
    noise = [torch.randn(5, *shape, generator=generator) for shape in model.ladder.code_shapes]
    with torch.no_grad():
        _, layers = model.ladder.infer(model.recognise(images), noise)
        terms = model.terms(images, model.recognise(images), torch.Generator().manual_seed(0))
    for (drawn, prior), eps, kl in zip(layers, noise, terms.kl.values(), strict=True):
        p, q = (torch.distributions.Normal(g.mean, g.log_std.exp()) for g in (prior, drawn.gaussian))
        torch.testing.assert_close(drawn.z, q.mean + q.stddev * eps)
        torch.testing.assert_close(kl, torch.distributions.kl_divergence(q, p).sum((2, 3)))


@LADDERS
def test_every_layer_draws_its_own_fresh_noise(ladder):
    model, seen = built(ladder=ladder), []
    for layer in model.ladder.downs if ladder is Bidirectional else model.ladder.ups:
        layer.register_forward_pre_hook(lambda _, args: seen.append(args[-1]))
    images = from_levels(levels_of((3, 8, 8), 2))
    for _ in range(2):
        model(images)
    assert len({noise.flatten()[0].item() for noise in seen}) == 8


@pytest.mark.parametrize(("ladder", "informs"), [(Bidirectional, operator.le), (BottomUp, operator.ge)])
def test_each_layer_is_inferred_given_those_before_it_on_its_way(ladder, informs):
    """Layers counted from the top: noise of layer i moves the draw of layer j, or does not."""
    model = built(ladder=ladder)
    images = from_levels(levels_of((3, 8, 8), 2))

    def draws(noise):
        with torch.no_grad():
            return [drawn.z for drawn, _ in model.ladder.infer(model.recognise(images), noise)[1]]

    nothing = [torch.zeros(2, *shape) for shape in model.ladder.code_shapes]
    before = draws(nothing)
    for i in range(4):
        after = draws([torch.ones_like(eps) if j == i else eps for j, eps in enumerate(nothing)])
        moved = [not torch.equal(a, b) for a, b in zip(before, after, strict=True)]
        assert moved == [informs(i, j) for j in range(4)]


def test_lower_layers_depend_on_what_is_drawn_above_them():
    model = built()
    noise = standard_noise(torch.zeros(1, model.latent.width), torch.Generator().manual_seed(0))
    for i, (name, part) in enumerate(model.latent.parts.items()):
        changed = model.latent.split(noise.clone())
        changed[name] = torch.zeros(1, part.size)
        difference = model.decode(model.latent.join(changed)) - model.decode(noise)
        assert difference.abs().max() > 1e-6, f"layer {i}"


@LADDERS
def test_data_dependent_initialisation_reaches_every_layer(ladder):
    model = built(ladder=ladder, initialised=False)
    found = {}
    layers = {name: m for name, m in model.named_modules() if hasattr(m, "initialising")}
    model.initialise(from_levels(levels_of((3, 8, 8), 100)))
    for name, layer in layers.items():
        layer.register_forward_hook(lambda _, __, y, name=name: found.__setitem__(name, y))
    model(from_levels(levels_of((3, 8, 8), 100)))
    assert found.keys() == layers.keys()
    for name, y in found.items():
        std = y.transpose(0, 1).flatten(1).std(1)
        wanted = layers[name].init_std
        alive = std > 0  # the top sees one learned vector, and the first channel of a flow nothing
        assert ((std[alive] / wanted).log().abs() < 0.5).all(), name


@pytest.mark.parametrize(("size", "levels"), [(30, 2), (28, 3)])
def test_sizes_that_cannot_be_halved_are_refused(size, levels):
    with pytest.raises(
        GenzooError, match=rf"model.levels={levels}: they halve the image .* data.size={size} does not allow"
    ):
        built((3, size, size), levels=levels, initialised=False)

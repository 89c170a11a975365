"""The ladder network: denoising functions and costs by hand, statistics, gradients, settings."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_unit
from genzoo.runs.build import build_module
from genzoo.variational.ladder import Ladder
from genzoo.variational.networks.denoising_ladder import DenoisingLadder, GaussianDenoiser
from support import SHAPES, resolved


def small(denoising=(3.0, 2.0, 0.5), noise=0.0, seed=0):
    """A ladder of 4 pixels, 3 hidden units and 2 classes, with all its parameters drawn."""
    torch.manual_seed(seed)
    network = partial(DenoisingLadder, shape=(1, 2, 2), classes=2, hidden=[3], input_noise=noise, noise=noise)
    model = Ladder(network, denoising, optimizers={"network": torch.optim.Adam})
    for p in model.parameters():
        nn.init.normal_(p)
    return model.ready()


def batch(n=6, seed=0):
    images = torch.rand(n, 1, 2, 2, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return ImageBatch(images, torch.arange(n) % 2)


def in_numpy(tensor):
    return tensor.detach().double().numpy()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def normalised(x):
    return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-10), x.mean(0), np.sqrt(x.var(0) + 1e-10)


def curve(a, u):
    return a[0] * sigmoid(a[1] * u + a[2]) + a[3] * u + a[4]


def denoised(denoiser, z, u):
    mean, gain = curve(in_numpy(denoiser.mean.a), u), curve(in_numpy(denoiser.gain.a), u)
    return (z - mean) * gain + mean


def test_the_denoising_function_by_hand():
    denoiser = GaussianDenoiser(1)
    with torch.no_grad():
        denoiser.mean.a.copy_(torch.tensor([[2.0], [0.0], [0.0], [1.0], [-1.0]]))  # 2 / 2 + u - 1 = u
        denoiser.gain.a.copy_(torch.tensor([[0.0], [1.0], [0.0], [0.5], [0.25]]))  # u / 2 + 1 / 4
    # u = 3: (5 - 3) * 1.75 + 3
    assert denoiser(torch.tensor([[5.0]]), torch.tensor([[3.0]])).item() == pytest.approx(6.5)


def test_the_initial_denoising_function_is_that_of_the_original():
    coefficients = {name: p.detach() for name, p in GaussianDenoiser(2).named_parameters()}
    for a in (coefficients["mean.a"], coefficients["gain.a"]):
        assert a.tolist() == [[0, 0], [1, 1], [0, 0], [0, 0], [0, 0]]


def test_the_posterior_mean_of_a_normal_variable_is_the_best_estimate():
    """z ~ N(u, s²) and z̃ = z + noise: the best estimate has the gain s² / (s² + noise²)."""
    generator = torch.Generator().manual_seed(0)
    u, s, noise = torch.randn(20000, 1, generator=generator), 0.5, 0.3
    z = u + s * torch.randn(20000, 1, generator=generator)
    noisy = z + noise * torch.randn(20000, 1, generator=generator)
    best, denoiser = s**2 / (s**2 + noise**2), GaussianDenoiser(1)
    optimizer = torch.optim.Adam(denoiser.parameters(), 0.05)
    for _ in range(300):
        optimizer.zero_grad()
        (denoiser(noisy, u) - z).square().mean().backward()
        optimizer.step()
    assert (denoiser(noisy, u) - z).square().mean().item() == pytest.approx(best * noise**2, rel=0.05)
    assert denoiser.gain(torch.zeros(1, 1)).item() == pytest.approx(best, abs=0.05)


def test_the_costs_of_two_layers_by_hand():
    """Without noise, in NumPy: encoder, decoder, normalisation by the clean statistics, weights."""
    model, given = small(), batch()
    network = model.network
    first, second = network.encoder
    x = in_numpy(to_unit(given.images).flatten(1))
    z1, mean1, std1 = normalised(x @ in_numpy(first.linear.weight).T)
    h1 = np.maximum(z1 + in_numpy(first.shift), 0)
    z2, mean2, std2 = normalised(h1 @ in_numpy(second.linear.weight).T)
    logits = (z2 + in_numpy(second.shift)) * in_numpy(second.scale)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)

    # Every layer's u is normalised; the first one is that of the predictions.
    denoiser0, denoiser1, denoiser2 = network.denoisers
    estimate2 = denoised(denoiser2, z2, normalised(p)[0])
    estimate1 = denoised(denoiser1, z1, normalised(estimate2 @ in_numpy(network.decoder[1].weight).T)[0])
    estimate0 = denoised(denoiser0, x, normalised(estimate1 @ in_numpy(network.decoder[0].weight).T)[0])
    costs = (
        ((estimate0 - x) ** 2).sum(1).mean() / 4,
        (((estimate1 - mean1) / std1 - z1) ** 2).sum(1).mean() / 3,
        (((estimate2 - mean2) / std2 - z2) ** 2).sum(1).mean() / 2,
    )
    expected = 3.0 * costs[0] + 2.0 * costs[1] + 0.5 * costs[2]
    assert model.denoising_loss(given).item() == pytest.approx(expected, rel=1e-3)

    cross_entropy = -np.log(p[np.arange(6), given.labels.numpy()]).mean()
    assert model.loss(given, given).item() == pytest.approx(expected + cross_entropy, rel=1e-3)


def test_perfect_reconstructions_without_noise_cost_nothing():
    model, given = small(), batch()
    clean = model.network.encode(given.images, noisy=False)
    perfect = {i: z * std + mean for i, (z, mean, std) in enumerate(zip(clean.z, clean.mean, clean.std, strict=True))}
    model.network.decode = lambda noisy: perfect
    assert model.denoising_loss(given).item() == pytest.approx(0, abs=1e-6)


def test_the_noise_has_its_standard_deviation_in_every_layer():
    model = small(noise=0.3)
    given = batch(20000)
    torch.nn.init.zeros_(model.network.encoder[0].linear.weight)  # so that all but the noise is constant
    torch.nn.init.zeros_(model.network.encoder[1].linear.weight)
    noisy = model.network.encode(given.images, noisy=True).z
    for z, clean in zip(noisy, [to_unit(given.images).flatten(1), 0, 0], strict=True):
        assert (z - clean).std().item() == pytest.approx(0.3, rel=0.02)
    again = model.network.encode(given.images, noisy=False)
    assert torch.equal(again.z[0], to_unit(given.images).flatten(1))


def test_the_cross_entropy_is_that_of_the_noisy_pass():
    model, given = small([0, 0, 0], noise=0.5), batch()
    torch.manual_seed(3)
    loss = model.loss(given)
    torch.manual_seed(3)
    logits = model.network.encode(given.images, noisy=True).logits
    assert loss.item() == F.cross_entropy(logits, given.labels).item()
    clean = model.network.encode(given.images, noisy=False).logits
    assert loss.item() != F.cross_entropy(clean, given.labels).item()


def test_labelled_and_unlabelled_images_have_separate_statistics():
    model, labelled = small(), batch(seed=1)
    losses = [model.loss(labelled, batch(seed=seed)) - model.denoising_loss(batch(seed=seed)) for seed in (2, 3)]
    torch.testing.assert_close(*losses)


def test_evaluation_uses_running_statistics_of_the_labelled_images():
    model, labelled = small(), batch()
    model.train()
    for _ in range(200):
        model.loss(labelled, batch(seed=7))
    pre = model.network.encoder[0].linear(to_unit(labelled.images).flatten(1))
    norm = model.network.encoder[0].norm
    torch.testing.assert_close(norm.running_mean, pre.mean(0))
    torch.testing.assert_close(norm.running_var, pre.var(0))  # unbiased, as in the original

    # On the same images evaluation differs from training by the variance's 5 / 6 and 6 / 6 alone, layer after layer.
    h = to_unit(labelled.images).flatten(1)
    for layer in model.network.encoder:
        pre = layer.linear(h)
        h = layer.activate((pre - layer.norm.running_mean) / (layer.norm.running_var + 1e-10).sqrt())
    torch.testing.assert_close(model.classify(labelled.images), h, rtol=1e-3, atol=1e-4)
    assert model.features(labelled.images).shape == (6, 3)


def test_the_gradient_of_the_clean_targets_is_not_stopped():
    """As in the original: the costs have gradients through z and its statistics, against finite differences."""
    model, given = small(noise=0.0), batch()
    model.double()
    given = given._replace(images=given.images.double())
    weight = model.network.encoder[0].linear.weight
    (gradient,) = torch.autograd.grad(model.denoising_loss(given), weight)
    for i, j in [(0, 0), (1, 3), (2, 2)]:
        sides = []
        for step in (1e-6, -1e-6):
            with torch.no_grad():
                weight[i, j] += step
                sides.append(model.denoising_loss(given).item())
                weight[i, j] -= step
        assert gradient[i, j].item() == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-4)


@pytest.mark.parametrize("denoising", [(1, 1, 1), (5, 0, 0), (0, 0, 0.5), (0, 1, 0), (0, 0, 0)])
def test_each_parameter_has_a_gradient(denoising):
    """Of the Γ-model only the last layer has a denoising function; no decoder's weight is unused."""
    model = small(denoising, noise=0.3)
    given = {stream.name: batch() for turn in model.turns() for stream in turn.streams}
    assert set(given) == ({"labelled", "unlabelled"} if any(denoising) else {"labelled"})
    model.loss(**given).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().sum() > 0, name
    assert len(model.network.decoder) == max(sum(1 for _ in model.network.denoisers) - 1, 0)


def test_a_layer_of_weight_zero_below_the_lowest_has_no_cost():
    bottom, gamma = small((5, 0, 0)), small((0, 0, 0.5))
    assert list(bottom.network.decode(bottom.network.encode(batch().images, noisy=True))) == [2, 1, 0]
    assert list(gamma.network.decode(gamma.network.encode(batch().images, noisy=True))) == [2]


def test_the_configuration_has_the_original_s_schedule():
    config = resolved("model=ladder", "data=mnist")
    assert config["model"]["denoising"] == [1000, 10, 0.1, 0.1, 0.1, 0.1, 0.1]
    module = build_module(resolved("model=ladder", *SHAPES, "trainer=smoke"))
    rate = module.schedules["network"]["lr"]
    # run.py: after epoch 101, 0.002 * (150 - 101) / (150 - 100.5); after epoch 100 still 0.002
    assert rate(100 * 600) == 0.002
    assert rate(101 * 600) == pytest.approx(0.002 * 49 / 49.5)
    assert rate(149 * 600) == pytest.approx(0.002 / 49.5)


@pytest.mark.parametrize("denoising", [[1, 1], [1, 1, 1, 1], [1, -1, 1]])
def test_a_weight_per_layer_is_needed(denoising):
    with pytest.raises(GenzooError, match=r"^model\.denoising=\[.*\]: one number of at least 0 .*, 3 in all"):
        small(denoising)


def test_labels_are_needed():
    message = r"^data=points has no labels, but the model needs them; choose labelled data\.$"
    with pytest.raises(GenzooError, match=message):
        small().check_data(DataSpec("points", (1, 2, 2), classes=0))
    with pytest.raises(GenzooError, match=r"^model\.network\.classes=2, but data=x has 5 classes; use model\.network"):
        small().check_data(DataSpec("x", (1, 2, 2), classes=5))
    with pytest.raises(GenzooError, match=r"^model\.network\.classes=0: at least 2 are needed; choose data with lab"):
        DenoisingLadder(shape=(1, 2, 2), classes=0)

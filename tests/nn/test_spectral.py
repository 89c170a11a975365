import copy
import pickle

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from genzoo.nn.spectral import SpectralConv2d, SpectralLinear

LAYERS = pytest.mark.parametrize(
    ("make", "x"),
    [
        (lambda: SpectralConv2d(3, 6, 3, stride=2, padding=1), torch.randn(2, 3, 8, 8)),
        (lambda: SpectralLinear(7, 5), torch.randn(2, 7)),
    ],
    ids=["convolution", "linear"],
)


def trained(make, passes=200):
    torch.manual_seed(0)
    layer = make()
    for _ in range(passes):
        layer.normalised_weight()
    return layer


@LAYERS
def test_after_many_passes_the_largest_singular_value_is_one(make, x):
    layer = trained(make)
    singular = torch.linalg.svdvals(layer.normalised_weight().flatten(1))
    assert singular[0].item() == pytest.approx(1, abs=1e-4)
    sigma = torch.linalg.svdvals(layer.weight.flatten(1))[0]
    torch.testing.assert_close(layer.normalised_weight(), layer.weight / sigma, rtol=1e-3, atol=1e-4)


@LAYERS
def test_after_many_passes_it_is_torchs_spectral_norm(make, x):
    layer = trained(make)
    plain = nn.Conv2d(3, 6, 3, stride=2, padding=1) if isinstance(layer, nn.Conv2d) else nn.Linear(7, 5)
    plain.load_state_dict({"weight": layer.weight.data, "bias": layer.bias.data})
    theirs = spectral_norm(plain, n_power_iterations=200)
    torch.testing.assert_close(layer(x), theirs(x), rtol=1e-3, atol=1e-4)


def test_one_step_by_hand():
    layer = SpectralLinear(2, 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 1.0]]))
        layer.u.copy_(torch.tensor([0.6, 0.8]))
    v = torch.tensor([1.8, 0.8]) / (1.8**2 + 0.8**2) ** 0.5
    u = torch.tensor([3 * v[0], v[1]])
    u = u / u.norm()
    sigma = u[0] * 3 * v[0] + u[1] * v[1]
    torch.testing.assert_close(layer.normalised_weight(), layer.weight / sigma)
    torch.testing.assert_close(layer.u, u)


@LAYERS
def test_evaluation_leaves_u_alone_and_training_moves_it(make, x):
    layer = make().eval()
    before = layer.u.clone()
    assert torch.equal(layer(x), layer(x))
    assert torch.equal(layer.u, before)
    layer.train()(x)
    assert not torch.equal(layer.u, before)


@LAYERS
def test_the_gradient_goes_through_sigma(make, x):
    layer = trained(make)
    (gradient,) = torch.autograd.grad(layer.normalised_weight().square().sum(), layer.weight)
    # The normalised weight does not depend on the weight's scale, so the gradient is orthogonal to it.
    assert (gradient * layer.weight).sum().abs().item() < 1e-4
    assert gradient.abs().max() > 1e-3


@LAYERS
def test_two_passes_before_a_backward(make, x):
    layer = make()
    (layer(x).sum() - layer(x + 1).square().sum()).backward()
    assert layer.weight.grad.isfinite().all()


@LAYERS
def test_it_is_copied_pickled_and_stored_with_u(make, x):
    layer = make()
    layer(x)
    other = make()
    other.load_state_dict(layer.state_dict())
    for same in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), other):
        assert torch.equal(same.eval()(x), layer.eval()(x))


@LAYERS
def test_a_half_precision_pass_leaves_u_float32(make, x):
    layer = make()
    with torch.autocast("cpu", torch.bfloat16):
        layer(x)
    assert layer.u.dtype == torch.float32
    assert layer(x).dtype == torch.float32

import math

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.nn.minibatch import MinibatchDiscrimination, MinibatchSimilarity


def layer(features=4, **options):
    """In double precision; no parameter is as it is initially."""
    torch.manual_seed(0)
    module = MinibatchDiscrimination(features, kernels=3, dimensions=2, **options).double()
    for p in module.parameters():
        nn.init.normal_(p)
    return module


def batch(n=5, features=4):
    return torch.randn(n, features, generator=torch.Generator().manual_seed(1), dtype=torch.double)


def distances_by_loops(module, x):
    """i -> j -> kernel -> distance, of all pairs but an image and itself."""
    theta, scale = module.theta.tolist(), module.log_scale.tolist()
    kernels, dimensions = len(scale), len(scale[0])

    def projected(row, k, d):
        length = math.sqrt(sum(t[k][d] ** 2 for t in theta))
        return sum(v * t[k][d] for v, t in zip(row, theta, strict=True)) * math.exp(scale[k][d]) / length

    rows = x.tolist()
    return [
        {
            j: [sum(abs(projected(a, k, d) - projected(b, k, d)) for d in range(dimensions)) for k in range(kernels)]
            for j, b in enumerate(rows)
            if j != i
        }
        for i, a in enumerate(rows)
    ]


def similarities_by_loops(module, x):
    return torch.tensor(
        [
            [sum(math.exp(-d[k]) for d in others.values()) + b for k, b in enumerate(module.bias.tolist())]
            for others in distances_by_loops(module, x)
        ],
        dtype=torch.double,
    )


def test_it_appends_the_similarities_to_the_features():
    module, x = layer(), batch()
    found = module(x)
    assert found.shape == (5, module.outputs)
    assert torch.equal(found[:, :4], x)
    torch.testing.assert_close(found[:, 4:], similarities_by_loops(module, x))


def test_an_image_alone_is_like_no_other():
    module = layer()
    torch.testing.assert_close(module(batch(1))[0, 4:], module.bias, rtol=0, atol=1e-15)


def test_equal_images_are_as_alike_as_can_be():
    module, x = layer(), batch(1).expand(5, 4)
    torch.testing.assert_close(module(x)[:, 4:], (4 + module.bias).expand(5, 3))


def test_gradients():
    module, x = layer(), batch().requires_grad_()
    names = [name for name, _ in module.named_parameters()]

    def f(x, *values):
        return torch.func.functional_call(module, dict(zip(names, values, strict=True)), x)

    assert torch.autograd.gradcheck(f, (x, *module.parameters()))


def test_it_starts_as_the_original():
    torch.manual_seed(0)
    module = MinibatchDiscrimination(192)
    assert module.theta.shape == (192, 100, 5)
    assert module.theta.mean().item() == pytest.approx(0, abs=1e-3)
    assert module.theta.std().item() == pytest.approx(0.05, rel=0.01)
    assert module.log_scale.eq(0).all()
    assert module.bias.eq(-1).all()
    assert MinibatchDiscrimination(192, std=0.1).theta.std().item() == pytest.approx(0.1, rel=0.01)


def test_initialising_scales_distances_and_centres_similarities():
    module, x = layer(), batch(20)
    direction = module.theta.detach().clone()
    ratio = module.log_scale[:, 0] - module.log_scale[:, 1]
    module.initialising = True
    found = module(x)
    module.initialising = False

    nearest = torch.tensor(
        [[min(d[k] for d in others.values()) for k in range(3)] for others in distances_by_loops(module, x)]
    )
    torch.testing.assert_close(nearest.mean(0) / 2, torch.ones(3))
    torch.testing.assert_close(found[:, 4:].mean(0), torch.zeros(3, dtype=torch.double))
    assert torch.equal(found, module(x)), "the output is that of the new parameters"
    assert torch.equal(module.theta, direction)
    torch.testing.assert_close(module.log_scale[:, 0] - module.log_scale[:, 1], ratio)
    assert all(p.requires_grad and p.grad is None for p in module.parameters())
    before = [p.clone() for p in module.parameters()]
    module(batch(7))
    assert all(torch.equal(p, b) for p, b in zip(module.parameters(), before, strict=True))


def test_similarities_are_float32_in_half_precision():
    module, x = layer().float(), batch().float()
    with torch.autocast("cpu", torch.bfloat16):
        assert module(x.bfloat16()).dtype == torch.float32
        torch.testing.assert_close(module(x), layer()(batch()).float())


def test_an_unknown_scope_is_refused():
    with pytest.raises(GenzooError, match=r"scope='world' is unknown. Accepted: rank, global"):
        layer(scope="world")


def test_only_training_asks_other_ranks(monkeypatch):
    # The other rank holds the same images: each has an equal there, and each other one twice.
    monkeypatch.setattr("genzoo.nn.minibatch.gather_over_ranks", lambda values: torch.cat([values, values]))
    module, x = layer(scope="global"), batch()
    alone = similarities_by_loops(module, x)
    torch.testing.assert_close(module(x)[:, 4:], 2 * (alone - module.bias) + 1 + module.bias)
    torch.testing.assert_close(layer(scope="rank")(x)[:, 4:], alone)
    torch.testing.assert_close(module.eval()(x)[:, 4:], alone)
    module.train().initialising = True
    torch.testing.assert_close(module(x)[:, 4:].mean(0), torch.zeros(3, dtype=torch.double))


def test_similarities_include_the_image_itself():
    torch.manual_seed(0)
    module, x = MinibatchSimilarity(4, kernels=3, dimensions=2).double(), batch()
    m = (x @ module.project.weight.detach().T).view(5, 3, 2)
    expected = [[sum(math.exp(-(m[i, k] - m[j, k]).abs().sum()) for j in range(5)) for k in range(3)] for i in range(5)]
    torch.testing.assert_close(module(x), torch.tensor(expected, dtype=torch.double))
    with pytest.raises(GenzooError, match="scope='all' is unknown"):
        MinibatchSimilarity(4, scope="all")

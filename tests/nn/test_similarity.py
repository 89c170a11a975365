import math

import torch

from genzoo.nn.similarity import HalfSimilarity

KERNELS, DIMS = 3, 2


def make():
    torch.manual_seed(0)
    return HalfSimilarity(features=4, kernels=KERNELS, dims=DIMS).double()


def test_features_by_hand():
    layer, x = make(), torch.randn(6, 4, dtype=torch.double)  # three real examples, then three generated ones
    projected = (x @ layer.project.weight.T).tolist()
    out = layer(x)
    assert out.shape == (6, 2 * KERNELS)
    for i in range(6):
        for k in range(KERNELS):
            closeness = [
                math.exp(-sum(abs(projected[i][k * DIMS + d] - projected[j][k * DIMS + d]) for d in range(DIMS)))
                if j != i
                else 0.0
                for j in range(6)
            ]
            expected = [sum(closeness[:3]) / (3 * 5), sum(closeness[3:]) / (3 * 5)]  # 6 x 3 pairs without 3 of i = j
            torch.testing.assert_close(out[i, [k, KERNELS + k]], torch.tensor(expected, dtype=torch.double))


def test_a_batch_of_one_image_repeated_is_as_close_as_can_be():
    out = make()(torch.ones(8, 4, dtype=torch.double))
    own, other = 3 / (4 * 7), 4 / (4 * 7)
    torch.testing.assert_close(out[:4, :KERNELS], torch.full((4, KERNELS), own, dtype=torch.double))
    torch.testing.assert_close(out[:4, KERNELS:], torch.full((4, KERNELS), other, dtype=torch.double))
    torch.testing.assert_close(out[4:], out[:4].roll(KERNELS, 1))


def test_gradients_are_right():
    assert torch.autograd.gradcheck(make(), torch.randn(4, 4, dtype=torch.double, requires_grad=True))


def test_in_half_precision_similarities_are_float32():
    layer, x = make().float(), torch.randn(6, 4)
    with torch.autocast("cpu", torch.bfloat16):
        out = layer(x)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, layer(x), rtol=0.05, atol=0.01)

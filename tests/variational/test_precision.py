"""What a likelihood is told is computed in float32, also where the networks are not."""

import pytest
import torch

from genzoo.core.capabilities import BoundsLikelihood
from support.zoo import built, where
from variational.test_draw import PARTS


@pytest.mark.parametrize(
    "model", where(lambda built: BoundsLikelihood in built.module.capabilities(), family="variational")
)
def test_parameters_are_float32_under_autocast(model):
    module = built(model).module
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert module.parameters_of(module.latent.sample(2)).dtype == torch.float32


@pytest.mark.parametrize("kind", PARTS)
def test_what_is_written_to_the_canvas_is_float32_under_autocast(kind):
    writer, h = PARTS[kind]["writer"](shape=(1, 6, 6), hidden=8), torch.randn(2, 8)
    seen = []
    writer.patch.register_forward_hook(lambda layer, given, found: seen.append(found.dtype))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        writer(h)
    assert seen == [torch.float32]

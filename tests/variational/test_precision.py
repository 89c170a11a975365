"""What a likelihood is told is computed in float32, also where the networks are not."""

import pytest
import torch

from genzoo.runs.build import build_module
from support import SHAPES, resolved
from variational.test_draw import PARTS


@pytest.mark.parametrize(("model", "levels"), [("vae", 2), ("vae_conv", 2), ("iaf_vae", 2), ("iaf_vae_cifar10", 256)])
def test_parameters_are_float32_under_autocast(model, levels):
    module = build_module(resolved(f"model={model}", *SHAPES, f"data.levels={levels}", "trainer=smoke"))
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

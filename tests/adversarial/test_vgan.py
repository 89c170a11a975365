"""The generator's loss has the mean of the masks of the same videos that it is judged by."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from support.zoo import built


def test_the_generators_loss_is_the_objective_and_the_mean_of_the_masks(monkeypatch):
    _, data, module = built("vgan")
    data.setup()
    real = data.split("train").at(slice(4))
    codes = torch.randn(4, module.latent.width)
    monkeypatch.setattr(module, "codes", lambda real: codes)
    module.mask_weight = 0.5
    module.eval()
    mask, *_ = module.generator.streams(codes)
    expected = -module.discriminator(module.generator(codes)).sigmoid().log().mean() + 0.5 * mask.mean()
    torch.testing.assert_close(module.generator_loss(real), expected)


def test_a_larger_weight_has_more_of_the_gradient_of_the_mask():
    _, data, module = built("vgan")
    data.setup()
    real = data.split("train").at(slice(4))
    gradients = []
    for weight in (0.0, 1.0):
        module.mask_weight = weight
        module.zero_grad()
        torch.manual_seed(0)
        module.generator_loss(real).backward()
        gradients.append(module.generator.mask[0].bias.grad.clone())
    torch.manual_seed(0)
    mask, *_ = module.generator.streams(module.codes(real))
    assert (gradients[1] - gradients[0]).item() == pytest.approx((mask * (1 - mask)).mean().item(), rel=1e-3)


def test_both_players_share_the_videos_and_only_the_generator_gets_their_gradient():
    _, data, module = built("vgan")
    data.setup()
    found = data.split("train").at(slice(4))
    real = found._replace(images=from_levels(found.images))
    (turn,) = module.turns()
    (arguments,) = turn.draws(real=real)
    mask, videos = arguments["made"]
    assert mask.shape == (4, 1, *videos.shape[2:])
    assert turn.losses.keys() == {"discriminator", "generator"}
    assert not turn.at_once
    module.discriminator_loss(**arguments).backward()
    assert all(p.grad is None for p in module.generator.parameters())


def test_a_negative_weight_is_one_line():
    _, _, module = built("vgan")
    options = {"generator": lambda latent: module.generator, "discriminator": module.discriminator}
    with pytest.raises(GenzooError, match=r"^model\.mask_weight=-1: "):
        type(module)(-1, objective=module.objective, latent=module.latent, optimizers={}, **options)

"""What a critic is held to, penalties and clipping; dequantised images."""

import pytest
import torch

from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.nn.minibatch import MinibatchDiscrimination
from genzoo.nn.penalties import R1, GradientPenalty
from support.gans import critic, make, real_batch, wasserstein
from support.zoo import built, where


def test_penalties_are_added_to_the_discriminators_loss_and_recorded():
    penalties = {"gradient_penalty": GradientPenalty(2.0), "r1": R1(3.0)}
    module, images = wasserstein(penalties=penalties), torch.rand(6, 1, 16, 16)
    real = ImageBatch(images, torch.full((6,), -1))
    torch.manual_seed(0)
    loss = module.discriminator_loss(real)
    recorded = module.meters.means()
    torch.manual_seed(0)
    module.penalties = {}
    assert loss.item() == pytest.approx((module.discriminator_loss(real) + sum(recorded.values())).item(), rel=1e-5)
    assert recorded["r1"].item() == pytest.approx(R1(3.0)(module.discriminator, images, images).item(), rel=1e-5)
    assert recorded.keys() == {"gradient_penalty", "r1"}


def test_a_penalty_with_batch_norm_is_refused_with_the_reason():
    with pytest.raises(
        GenzooError, match=r"model.penalties.r1: the discriminator has batch norm.*other images of the batch"
    ):
        make(penalties={"r1": R1()})


def test_a_penalty_with_minibatch_discrimination_is_refused_likewise():
    with pytest.raises(
        GenzooError, match=r"penalties.r1: the discriminator has minibatch discrimination.*other images of the batch"
    ):
        wasserstein(penalties={"r1": R1()}, discriminator=critic(minibatch=MinibatchDiscrimination))


def test_a_compiled_critic_under_a_penalty_is_refused():
    with pytest.raises(GenzooError, match=r"compile=true: .*model.penalties.r1 .*use compile=false"):
        wasserstein(penalties={"r1": R1()}).compile_networks()


def test_weights_are_clipped_at_the_start_and_after_each_of_the_critics_steps():
    module = wasserstein(weight_clip=0.01)
    module.initialise(torch.zeros(1, 1, 16, 16))
    assert max(p.abs().max().item() for p in module.discriminator.parameters()) == pytest.approx(0.01)
    free = max(p.abs().max().item() for p in module.generator.parameters())
    with torch.no_grad():
        for p in module.discriminator.parameters():
            p.fill_(-5)
    module.after_step("generator")
    assert all((p == -5).all() for p in module.discriminator.parameters())
    module.after_step("discriminator")
    assert all(torch.allclose(p, torch.tensor(-0.01)) for p in module.discriminator.parameters())
    assert max(p.abs().max().item() for p in module.generator.parameters()) == free > 0.01


@pytest.mark.parametrize("bound", [0, -0.01, "abc"])
def test_a_clipping_bound_that_is_not_positive_is_refused(bound):
    with pytest.raises(GenzooError, match=rf"model.weight_clip={bound}: a positive bound is needed"):
        wasserstein(weight_clip=bound)


def test_dequantised_real_images_stay_within_their_level():
    module = wasserstein(dequantise=True)
    levels = torch.randint(256, (6, 1, 16, 16))
    seen = module.real_images(ImageBatch(levels.float() / 127.5 - 1, torch.full((6,), -1)))
    inside = (seen + 1) * 128 - levels  # in [0, 1) of the level's width
    assert 0 <= inside.min() < 0.01
    assert 0.99 < inside.max() < 1.001
    assert inside.mean().item() == pytest.approx(0.5, abs=0.03)
    assert torch.equal(wasserstein().real_images(real_batch()), real_batch().images)


@pytest.mark.parametrize("name", where(lambda built: built.config["model"].get("dequantise"), family="adversarial"))
def test_real_images_are_dequantised_where_the_original_does_so(name):
    module = built(name).module
    levels = torch.randint(256, (64, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    batch = ImageBatch(from_levels(levels), torch.full((64,), -1))
    torch.manual_seed(1)
    first, other = module.real_images(batch), module.real_images(batch)
    torch.manual_seed(1)
    assert torch.equal(module.real_images(batch), first), "a run that resumes would see other noise"
    assert not torch.equal(first, other)
    noise = (first - (levels / 128 - 1)) * 128  # U(0, 1)
    assert -1e-4 < noise.min() < 0.01
    assert 0.99 < noise.max() < 1 + 1e-4
    assert noise.mean().item() == pytest.approx(0.5, abs=0.01)
    assert noise.var().item() == pytest.approx(1 / 12, abs=0.005)


def test_dequantisation_needs_256_levels():
    with pytest.raises(GenzooError, match="has 2 levels per pixel, but the model needs 256"):
        wasserstein(dequantise=True).check_data(DataSpec("binary", (1, 16, 16), levels=2))

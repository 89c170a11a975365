"""AffGAN and SoftGAN: losses by hand, noise on all that is judged, batches without relation."""

import pytest
import torch
from torch.nn import functional as F

from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.schedules import Linear
from genzoo.nn.objectives import ReverseKL
from genzoo.translation.amortised_map import AmortisedMAP
from genzoo.translation.degradations.hole import Hole
from genzoo.translation.degradations.low_resolution import BlockMeans
from genzoo.translation.pairs import DataPairs
from support.translators import SHAPE, Affine, Patches, adam, images


class Enlarged(Affine):
    """An affine map of repeated pixels."""

    def forward(self, images):
        return super().forward(F.interpolate(images, scale_factor=2))


def make(noise=0.0, **options):
    options = {"pairs": BlockMeans(SHAPE, 2), "generator": Enlarged} | options
    return AmortisedMAP(
        discriminator=Patches,
        objective=ReverseKL(),
        noise=Linear(start=noise, end=0.0, rounds=10),
        optimizers=adam("generator", "discriminator"),
        **options,
    ).ready()


def batch(seed):
    return ImageBatch(images(seed), torch.full((3,), -1))


def test_the_losses_are_those_of_the_formula():
    module = make(consistency_weight=3.0)
    (turn,) = module.turns()
    assert [stream.name for stream in turn.streams] == ["real", "observed"]
    (arguments,) = turn.draws(real=batch(0), observed=batch(1))
    x = F.avg_pool2d(images(1), 2)
    g = (0.5 * x + 0.1).repeat_interleave(2, 2).repeat_interleave(2, 3)
    of_real, of_fake = (F.conv2d(y, *module.discriminator.layer.parameters()) for y in (images(0), g))
    d = -(of_real.sigmoid().log().mean() + (1 - of_fake.sigmoid()).log().mean())
    torch.testing.assert_close(turn.losses["discriminator"](**arguments), d)
    kl = ((1 - of_fake.sigmoid()).log() - of_fake.sigmoid().log()).mean()
    expected = kl + 3 * (x - (0.5 * x + 0.1)).abs().mean()
    torch.testing.assert_close(turn.losses["generator"](**arguments), expected)


def test_the_discriminator_gives_no_gradient_to_the_generator():
    module = make()
    (turn,) = module.turns()
    (arguments,) = turn.draws(real=batch(0), observed=batch(1))
    turn.losses["discriminator"](**arguments).backward()
    assert module.generator.gain.grad is None
    assert module.discriminator.layer.weight.grad.any()


def test_noise_of_the_schedule_is_on_real_and_generated_images():
    module, seen = make(noise=2.0), []
    module.discriminator.register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    y, g = torch.zeros(500, *SHAPE), torch.ones(500, *SHAPE)
    arguments = {"y": y, "x": torch.zeros(500, 1, 2, 2), "restored": g}
    for rounds, std in ((0, 2.0), (5, 1.0), (10, 0.0)):
        seen.clear()
        module.progress.rounds = rounds
        module.discriminator_loss(**arguments)
        module.generator_loss(**arguments)
        for judged, mean in zip(seen, (0, 1, 1), strict=True):
            assert judged.std().item() == pytest.approx(std, rel=0.05)
            assert judged.mean().item() == pytest.approx(mean, abs=0.1)


def test_pairs_of_the_data_are_refused():
    with pytest.raises(GenzooError, match=r"^pairs=data: this model restores degraded images; choose another"):
        make(pairs=DataPairs(SHAPE, SHAPE), generator=Affine)
    with pytest.raises(GenzooError, match=r"^model\.consistency_weight=-1: "):
        make(consistency_weight=-1, pairs=Hole(SHAPE, 2), generator=Affine)

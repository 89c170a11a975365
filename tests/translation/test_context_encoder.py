"""The context encoder: its losses by hand, what the networks see, which masks it serves."""

import pytest
import torch
from torch import nn

from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import NonSaturating
from genzoo.translation.context_encoder import ContextEncoder
from support.translators import adam

SHAPE = (3, 16, 16)


class Shrinks(nn.Module):
    """Means of 2 x 2 pixels, times a gain."""

    def __init__(self, shape, outputs, side):
        super().__init__()
        self.gain, self.asked = nn.Parameter(torch.tensor(0.5)), (shape, outputs, side)

    def forward(self, images):
        return self.gain * nn.functional.avg_pool2d(images, 2)


class Sums(nn.Module):
    def __init__(self, inputs, size):
        super().__init__()
        self.weight, self.size = nn.Parameter(torch.randn(inputs * size * size) / 9), size

    def forward(self, images):
        assert images.shape[2:] == (self.size, self.size)
        return images.flatten(1) @ self.weight


def make(shape=SHAPE, overlap=1, **options):
    torch.manual_seed(0)
    networks = {"generator": Shrinks, "discriminator": Sums}
    optimizers = adam("generator", "discriminator")
    return ContextEncoder(
        shape=shape, objective=NonSaturating(), optimizers=optimizers, overlap=overlap, **networks, **options
    ).ready()


def batch(n=3):
    images = 2 * torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(0)) - 1
    return ImageBatch(images, torch.full((n,), -1))


def hidden(images):
    """The images with pixels 5 to 10 in the mean colour."""
    found = images.clone()
    for channel, level in enumerate((117, 104, 123)):
        found[:, channel, 5:11, 5:11] = 2 * level / 255 - 1
    return found


def test_the_losses_are_those_of_the_formula():
    module, real = make(reconstruction_weight=0.9), batch()
    (turn,) = module.turns()
    (arguments,) = turn.draws(real=real)
    square = real.images[:, :, 4:12, 4:12]
    made = 0.5 * nn.functional.avg_pool2d(hidden(real.images), 2)
    of_real, of_fake = (x.flatten(1) @ module.discriminator.weight for x in (square, made))
    d = -of_real.sigmoid().log().mean() - (1 - of_fake.sigmoid()).log().mean()
    torch.testing.assert_close(turn.losses["discriminator"](**arguments), d)
    squares = (made - square).square()
    inner = squares[:, :, 1:7, 1:7].sum()
    distance = (inner + 10 * (squares.sum() - inner)) / squares.numel()
    expected = 0.9 * distance - 0.1 * of_fake.sigmoid().log().mean()
    torch.testing.assert_close(turn.losses["generator"](**arguments), expected)
    assert module.generator.asked == (SHAPE, 3, 8)


def test_the_discriminator_moves_first_and_gives_no_gradient_to_the_generator():
    module = make()
    (turn,) = module.turns()
    assert [*turn.losses] == ["discriminator", "generator"]
    assert not turn.at_once
    (arguments,) = turn.draws(real=batch())
    turn.losses["discriminator"](**arguments).backward()
    assert module.generator.gain.grad is None


def test_the_hole_is_filled_and_all_else_is_kept():
    module, images = make(), batch().images
    observed = module.degrade(images)
    torch.testing.assert_close(observed, hidden(images))
    restored = module.restore(observed)
    assert torch.equal(restored, module.complete(images, module.typical_mask.expand(3, -1, -1, -1)))
    expected = images.clone()
    expected[:, :, 5:11, 5:11] = 0.5 * nn.functional.avg_pool2d(hidden(images), 2)[:, :, 1:7, 1:7]
    torch.testing.assert_close(restored, expected.detach())


def test_a_part_of_the_hole_may_be_given_but_no_pixel_outside_may_be_missing():
    module, images = make(), batch(2).images
    mask = torch.ones(2, 1, 16, 16)
    mask[:, :, 6:8, 10] = 0
    found = module.complete(images, mask)
    assert torch.equal(found.where(mask.bool(), images), images)
    assert not torch.equal(found, images)
    mask[1, :, 11, 5] = 0
    with pytest.raises(GenzooError, match=r"^complete: .* rows and columns 5 to 10; give a mask that is 1 outside"):
        module.complete(images, mask)


def test_grey_images_get_the_luma_of_the_mean_colour():
    module = make((1, 16, 16))
    grey = (0.299 * 117 + 0.587 * 104 + 0.114 * 123) * 2 / 255 - 1
    assert module.degrade(torch.zeros(1, 1, 16, 16))[0, 0, 8, 8].item() == pytest.approx(grey, abs=1e-6)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"overlap": 4}, r"^model\.overlap=4: an integer from 0 to 3 pixels"),
        ({"overlap": -1}, r"^model\.overlap=-1: "),
        ({"reconstruction_weight": 1.5}, r"^model\.reconstruction_weight=1\.5: a number from 0 to 1"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(GenzooError, match=message):
        make(**setting)

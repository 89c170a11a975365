"""GoGAN: the margin, the ranking above the previous stage, and its stages in training."""

from functools import partial

import pytest
import torch
from torch import nn

from genzoo.adversarial.gogan import GoGAN, PairedMargin
from genzoo.adversarial.networks import dcgan
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from support import Constant, cpu_trainer
from support.games import White
from support.gans import critic

SHAPE = (1, 2, 2)
SGD = partial(torch.optim.SGD, lr=0.1)


class Slope(nn.Module):
    """A critic whose score is slope · x, of images of one value x."""

    shape = SHAPE

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(2.0))

    def forward(self, images):
        return self.slope * images[:, 0, 0, 0]


def make(**options):
    options = {
        "generator": Constant,  # of value 0.5
        "discriminator": Slope(),
        "latent": Latent(noise=Normal(3)),
        "optimizers": {"discriminator": SGD, "generator": SGD},
        "margin": 0.5,
        "rank_weight": 0.25,
        "stage_rounds": 2,
    } | options
    return GoGAN(**options).ready()


REAL = ImageBatch(torch.tensor([1.0, -0.5, 0.6]).view(3, 1, 1, 1).expand(3, *SHAPE), torch.zeros(3))
# Scores of real images are 2, -1, 1.2, of generated ones 1; the margin is 0.5.
FIRST = (0 + 2.5 + 0.3) / 3


def test_real_and_generated_images_are_paired_by_position():
    objective = PairedMargin(1.0)
    real, fake = torch.tensor([2.0, 0.0, 1.0]), torch.tensor([0.0, -0.5, 5.0])
    assert objective.discriminator(real, fake).item() == pytest.approx((0 + 0.5 + 5) / 3)
    assert objective.discriminator(real, fake.flip(0)).item() == pytest.approx((4 + 0.5 + 0) / 3)
    assert objective.generator(fake).item() == pytest.approx(-1.5)


def test_a_pair_beyond_the_margin_has_no_gradient():
    real, fake = torch.tensor([3.0, 1.0], requires_grad=True), torch.tensor([1.0, 0.5])
    (gradient,) = torch.autograd.grad(PairedMargin(1.0).discriminator(real, fake), real)
    assert gradient.tolist() == [0, -0.5]


def test_losses_of_the_first_stage_by_hand():
    module = make()
    module.progress.rounds = 1
    assert module.discriminator_loss(REAL).item() == pytest.approx(FIRST)
    assert module.generator_loss(REAL).item() == pytest.approx(-1)
    assert "ranking" not in module.meters.means()


def test_losses_of_the_second_stage_by_hand():
    module = make()
    module.progress.rounds = 2
    with torch.no_grad():  # scores of the previous stage: 3 · 0.4 = 1.2, and twice the margin is 1
        module.before["discriminator"].slope.fill_(3.0)
        module.before["generator"].value.fill_(0.4)
    ranking = (0.2 + 3.2 + 1.0) / 3
    loss = module.discriminator_loss(REAL)
    assert loss.item() == pytest.approx(FIRST + 0.25 * ranking)
    assert module.generator_loss(REAL).item() == pytest.approx(-1)
    assert module.meters.means()["ranking"].item() == pytest.approx(ranking)
    # All pairs of the ranking and the last two of the margin are active: x, not x', has gradients in the former.
    (slope,) = torch.autograd.grad(loss, module.discriminator.slope)
    assert slope.item() == pytest.approx(((0.5 + 0.5) - (-0.5 + 0.6)) / 3 - 0.25 * (1 - 0.5 + 0.6) / 3)


class WhiteTwo(White):
    """White images of two by two pixels."""

    def __init__(self, **options):
        super().__init__(**options)
        self.spec = self.spec._replace(shape=(1, 2, 2))

    def load(self):
        return {name: s._replace(images=s.images.expand(-1, 1, 2, 2)) for name, s in super().load().items()}


def test_each_later_stage_begins_with_copies():
    module, copies, values = make(), [], []
    compute = module._compute_gradients

    def watched(player, *rest):
        if player == "discriminator":
            copies.append((module.before["discriminator"].slope.item(), module.before["generator"].value.item()))
            values.append((module.discriminator.slope.item(), module.generator.value.item()))
        compute(player, *rest)

    module._compute_gradients = watched
    cpu_trainer().fit(module, datamodule=WhiteTwo(batch_size=4, rounds=5))
    initial = (2.0, 0.5)
    assert copies == [initial, initial, values[2], values[2], values[4]]
    assert len(set(values)) == 5  # both go on from there


def test_copies_are_stored():
    module, other = make(), make()
    with torch.no_grad():
        module.before["discriminator"].slope.fill_(7.0)
    other.load_state_dict(module.state_dict())
    assert other.before["discriminator"].slope.item() == 7


def test_copies_with_batch_norm_use_batch_statistics_and_keep_their_running_ones():
    shape = (1, 16, 16)
    generator = partial(dcgan.Generator, shape=shape, channels=2)
    module = make(generator=generator, discriminator=critic()).train()
    before = {key: value.clone() for key, value in module.before.state_dict().items()}
    torch.manual_seed(0)
    scores = module.scores_before(8)
    assert all(torch.equal(value, before[key]) for key, value in module.before.state_dict().items())
    torch.manual_seed(0)
    images = module.generator(module.latent.sample(8))  # in training mode
    assert torch.allclose(scores, module.discriminator(images), atol=1e-6)
    with torch.autocast("cpu", torch.bfloat16):
        assert module.scores_before(4).dtype == torch.float32


@pytest.mark.parametrize("margin", [0, -1.0])
def test_a_margin_is_positive(margin):
    with pytest.raises(GenzooError, match=rf"model.margin={margin}: a positive number is needed"):
        make(margin=margin)


def test_other_numbers_are_positive():
    with pytest.raises(GenzooError, match=r"model.rank_weight=0: a positive number is needed"):
        make(rank_weight=0)
    with pytest.raises(GenzooError, match=r"model.stage_rounds=0: a positive integer is needed"):
        make(stage_rounds=0)

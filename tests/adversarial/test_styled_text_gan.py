"""The style encoder of GAN-INT-CLS: its loss by hand, when it learns, and what it leaves alone."""

import pytest
import torch
from torch import nn

from genzoo.adversarial.styled_text_gan import StyledTextGAN
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import TransfersStyle
from genzoo.core.errors import GenzooError
from genzoo.nn.joint_embedding import JointEmbedding
from genzoo.nn.objectives import NonSaturating
from support.translators import adam


class Counts(nn.Module):
    """A sentence's number of characters, as one number."""

    length, outputs = 4, 1

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.1))

    def forward(self, numbers):
        return self.weight * numbers.sum(1, keepdim=True)


class Sums(nn.Module):
    """The sum of an image, or of an image and t."""

    shape = (1, 1, 2)

    def __init__(self, **widths):
        super().__init__()
        self.bias = nn.Parameter(torch.tensor(0.2))

    def forward(self, images, t=None):
        total = images.flatten(1).sum(1, keepdim=True) + self.bias
        return total if t is None else (total * t).squeeze(1)


class Shows(nn.Module):
    """Two pixels: the noise, which is the style, and t."""

    shape, asks = (1, 1, 2), {}

    def __init__(self, latent, embedding):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(0.5))

    def forward(self, noise, t):
        return (self.gain * torch.cat([noise, t], 1)).view(-1, 1, 1, 2)


class Reads(nn.Module):
    """The first pixel, times a gain: the style, if the gain is 2."""

    shape = (1, 1, 2)

    def __init__(self, outputs):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(1.5))

    def features(self, images):
        return images.flatten(1)

    def forward(self, images):
        return self.gain * images.flatten(1)[:, :1]


def make(**options):
    torch.manual_seed(0)
    options = {"embedding_rounds": 2, "game_rounds": 3, "latent": 1} | options
    networks = {"embedding": JointEmbedding(Counts(), Sums(), classes=3), "generator": Shows, "discriminator": Sums}
    players = adam("embedding", "discriminator", "generator", "style_encoder")
    module = StyledTextGAN(
        objective=NonSaturating(), optimizers=players, style_encoder=Reads, **networks, **{**options}
    )
    return module.ready()


def batch(n=6):
    captions = torch.randint(1, 5, (n, 2, 4), generator=torch.Generator().manual_seed(1))
    return ImageBatch(torch.zeros(n, 1, 1, 2), torch.arange(n) % 3, given={"caption": captions})


def test_the_style_encoder_learns_after_the_embedding_and_the_game_ends():
    embedding, game, style = make().turns()
    repeats = [[turn.repeats_in(round) for round in range(7)] for turn in (embedding, game, style)]
    assert repeats == [[1, 1, 0, 0, 0, 0, 0], [0, 0, 1, 1, 1, 0, 0], [0, 0, 1, 1, 1, 1, 1]]


def test_its_loss_is_the_squared_error_of_the_noise_of_generated_images():
    module = make()
    ((z, images),) = [drawn.values() for drawn in module.draw_generated(batch())]
    # S reads 1.5 x 0.5 z = 0.75 z
    assert module.style_loss(z, images).item() == pytest.approx((0.25 * z).square().sum(1).mean().item(), rel=1e-5)


def test_its_loss_gives_no_gradient_to_the_other_players():
    module = make()
    (drawn,) = module.draw_generated(batch())
    module.style_loss(**drawn).backward()
    assert module.style_encoder.gain.grad is not None
    others = [
        p
        for player, networks in module.players().items()
        if player != "style_encoder"
        for n in networks
        for p in n.parameters()
    ]
    assert all(p.grad is None for p in others)


def test_a_caption_is_drawn_in_the_style_of_an_image():
    module, given = make(), {"caption": torch.tensor([[[1, 1, 1, 1]], [[2, 2, 2, 2]]])}
    images = torch.tensor([[0.4, 9.0], [-0.8, 9.0]]).view(2, 1, 1, 2)
    found = module.sample_like(images, given)
    # the first pixel: 0.5 x 1.5 x the image's; the second: 0.5 x 0.1 x the sum of the caption's characters
    torch.testing.assert_close(found.flatten(1), torch.tensor([[0.3, 0.2], [-0.6, 0.4]]))
    assert TransfersStyle in module.capabilities()


def test_mistakes_are_one_line():
    with pytest.raises(GenzooError, match=r"^model\.game_rounds=0: "):
        make(game_rounds=0)
    caption = {"caption": torch.ones(3, 1, 4, dtype=torch.long)}
    with pytest.raises(GenzooError, match=r"^images: one for each of 3 captions is needed, not 2\.$"):
        make().sample_like(torch.zeros(2, 1, 1, 2), caption)
    with pytest.raises(GenzooError, match="are needed, not"):
        make().sample_like(torch.zeros(2, 1, 1, 2), {})

"""GAWWN: each player's loss by hand, shared noise, what is asked for."""

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from genzoo.adversarial.gawwn import GAWWN
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.nn.joint_embedding import JointEmbedding
from genzoo.nn.objectives import NonSaturating
from support.translators import adam

SPEC = DataSpec("letters", (1, 1, 2), classes=3, given={"caption": (2, 4), "box": (4,)})


class First(nn.Module):
    """Two numbers of a sentence."""

    length, outputs = 4, 2

    def forward(self, numbers):
        return numbers[:, :2].float()


class Draws(nn.Module):
    """An image of two pixels: t, the box's first two edges, and noise."""

    shape, asks = (1, 1, 2), {"box": (4,)}

    def __init__(self, latent, embedding):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(0.3))

    def forward(self, z, t, box):
        return (self.gain * t + box[:, :2] + z.sum(1, keepdim=True)).view(-1, 1, 1, 2)


class Scores(nn.Module):
    """The product of image, t and the box's last edges."""

    def __init__(self, embedding):
        super().__init__()
        self.bias = nn.Parameter(torch.tensor(0.2))

    def forward(self, images, t, box):
        return (images.flatten(1) * t * box[:, 2:]).sum(1) + self.bias


def make(w=0.25):
    embedding = JointEmbedding(First(), nn.Flatten(), classes=3)
    players = adam("embedding", "discriminator", "generator")
    networks = {"embedding": embedding, "generator": Draws, "discriminator": Scores}
    return GAWWN(
        objective=NonSaturating(), optimizers=players, embedding_rounds=3, latent=5, mismatch_weight=w, **networks
    ).ready()


def batch(n=6):
    randomness = torch.Generator().manual_seed(1)
    captions = torch.randint(1, 60, (n, 2, 4), generator=randomness)
    given = {"caption": captions, "box": torch.rand(n, 4, generator=randomness)}
    return ImageBatch(torch.rand(n, 1, 1, 2, generator=randomness), torch.arange(n) % 3, given=given)


def terms(module, real, z, wrong):
    """The losses of the real pairs, of those of wrong captions, and of D's and G's own images."""
    t, box = real.given["caption"][..., :2].float().mean(1), real.given["box"]
    fake = 0.3 * t + box[:, :2] + z.sum(1, keepdim=True)

    def score(x, t):
        return (x.flatten(1) * t * box[:, 2:]).sum(1) + 0.2

    scores = {"real": (real.images, t), "wrong": (real.images, t[wrong]), "fake": (fake, t)}
    signs = {"real": -1, "wrong": 1, "fake": 1}
    losses = {name: softplus(signs[name] * score(*scores[name])).mean() for name in scores}
    return losses | {"generator": softplus(-score(fake, t)).mean()}


@pytest.mark.parametrize("w", [0.25, 0.0])
def test_losses_are_those_of_the_source_on_the_same_noise(w, monkeypatch):
    module, real = make(w), batch()
    monkeypatch.setattr("genzoo.adversarial.gawwn.other_rows", lambda y: torch.arange(len(y)).roll(1))
    (drawn,) = module.draws(real)
    expected = terms(module, real, drawn["z"], torch.arange(6).roll(1))
    of_wrongs = w * expected["wrong"] + (1 - w) * expected["fake"]
    torch.testing.assert_close(module.discriminator_loss(**drawn), expected["real"] + of_wrongs)
    torch.testing.assert_close(module.generator_loss(**drawn), expected["generator"])
    assert not torch.equal(drawn["z"], module.draws(real)[0]["z"])


def test_wrong_captions_are_of_another_class(monkeypatch):
    module, real, seen = make(), batch(), []
    judge = module.judge
    monkeypatch.setattr(module, "judge", lambda x, t, box: seen.append(t) or judge(x, t, box))
    for _ in range(20):
        (drawn,) = module.draws(real)
        module.discriminator_loss(**drawn)
    classes = {tuple(t.tolist()): label for t, label in zip(drawn["t"], real.labels.tolist(), strict=True)}
    assert len(classes) == 6
    for wrong in seen[1::3]:
        assert all(classes[tuple(t.tolist())] != label for t, label in zip(wrong, real.labels.tolist(), strict=True))


def test_the_discriminators_loss_gives_no_gradient_to_the_generator():
    module, real = make(), batch()
    (drawn,) = module.draws(real)
    module.discriminator_loss(**drawn).backward()
    assert module.generator.gain.grad is None
    module.generator_loss(**drawn).backward()
    assert module.generator.gain.grad is not None


def test_images_are_asked_for_by_captions_and_boxes():
    module, real = make(), batch()
    images = module.sample_given(real.given, torch.Generator().manual_seed(2))
    z = torch.randn(6, 5, generator=torch.Generator().manual_seed(2))
    t = real.given["caption"][..., :2].float().mean(1)
    expected = 0.3 * t + real.given["box"][:, :2] + z.sum(1, keepdim=True)
    torch.testing.assert_close(images, expected.view(6, 1, 1, 2))


@pytest.mark.parametrize("box", [None, torch.zeros(6, 3), torch.zeros(5, 4)])
def test_boxes_that_are_missing_or_of_another_shape_are_refused(box):
    given = {"caption": batch().given["caption"]} | ({} if box is None else {"box": box})
    with pytest.raises(GenzooError, match=r"^box: numbers \(6, 4\) are needed, not"):
        make().sample_given(given)


def test_data_without_boxes_are_refused():
    make().check_data(SPEC)
    with pytest.raises(GenzooError, match=r"^data=letters has no box of each image, .* choose data=located_shapes"):
        make().check_data(SPEC._replace(given={"caption": (2, 4)}))

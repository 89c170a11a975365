"""DTN: the losses by hand, what is fixed, the phases, refusals."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.translation.dtn import DomainTransferNetwork, total_variation, with_channels
from genzoo.translation.networks.dtn import TransferDecoder, TransferEncoder
from support.translators import adam

SHAPE, TARGET = (3, 4, 4), (1, 4, 4)


class Mean(nn.Module):
    """The mean of the pixels, times a gain: one feature."""

    width = 1

    def __init__(self, shape):
        super().__init__()
        self.shape, self.gain = shape, nn.Parameter(torch.tensor(0.5))

    def forward(self, images):
        return self.gain * images.mean((1, 2, 3))[:, None]


class Plane(nn.Module):
    """The feature, times a gain, in every pixel."""

    def __init__(self, width, shape):
        super().__init__()
        self.shape, self.gain = shape, nn.Parameter(torch.tensor(0.7))

    def forward(self, features):
        return self.gain * features[..., None, None].expand(-1, *self.shape)


class Judge(nn.Module):
    """Three logits, multiples of the mean."""

    def __init__(self, shape):
        super().__init__()
        self.slopes = nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))

    def forward(self, images):
        return self.slopes * images.mean((1, 2, 3))[:, None]


def make(**options):
    torch.manual_seed(0)
    settings = {"encoder": Mean, "decoder": Plane, "discriminator": Judge, "classes": 2, "encoder_rounds": 2} | options
    players = adam("encoder", "discriminator", "generator")
    shapes = {"shape": SHAPE, "target_shape": settings.pop("target", TARGET)}
    module = DomainTransferNetwork(**shapes, optimizers=players, **settings).ready()
    module.configure_optimizers()
    return module


def batch(shape, seed):
    images = 2 * torch.rand(5, *shape, generator=torch.Generator().manual_seed(seed)) - 1
    return ImageBatch(images, torch.tensor([0, 1, 1, 0, 1]))


def arguments(module):
    (given,) = module.draws(a=batch(SHAPE, 0), b=batch(TARGET, 1))
    return given


def missed(module, images, wanted):
    """-log of the probability of a class, by hand."""
    scores = module.discriminator.slopes * images.mean((1, 2, 3))[:, None]
    return -(scores[:, wanted] - scores.logsumexp(1)).mean()


def test_the_losses_are_those_of_the_formula():
    module = make(constancy_weight=3.0, identity_weight=2.0, variation_weight=0.5)
    x, y = batch(SHAPE, 0).images, batch(TARGET, 1).images
    from_x, from_y = (0.35 * z.mean((1, 2, 3))[:, None, None, None].expand(-1, *TARGET) for z in (x, y))
    given = arguments(module)
    torch.testing.assert_close(given["from_a"], from_x)
    torch.testing.assert_close(given["from_b"], from_y)
    classes = missed(module, from_x, 0) + missed(module, from_y, 1) + missed(module, y, 2)
    torch.testing.assert_close(module.discriminator_loss(**given), classes)
    constancy = (0.5 * from_x.mean((1, 2, 3)) - 0.5 * x.mean((1, 2, 3))).square().mean()
    variation = 2 * 1e-4  # of constant images, the root of what keeps it differentiable
    expected = missed(module, from_x, 2) + missed(module, from_y, 2) + 3 * constancy
    expected = expected + 2 * (from_y - y).square().mean() + 0.5 * variation
    torch.testing.assert_close(module.generator_loss(**given), expected)


def test_the_encoder_learns_from_labels_first_and_is_then_fixed():
    module = make()
    first, second = module.turns()
    assert [(first.repeats_in(n), second.repeats_in(n)) for n in (0, 1, 2, 9)] == [(1, 0), (1, 0), (0, 1), (0, 1)]
    assert [*first.losses] == ["encoder"]
    assert [*second.losses] == ["discriminator", "generator"]
    assert [stream.pool for turn in (first, second) for stream in turn.streams] == ["labelled", "A", "B"]
    assert not second.at_once
    labelled = batch(SHAPE, 0)
    logits = module.class_head(0.5 * labelled.images.mean((1, 2, 3))[:, None])
    torch.testing.assert_close(module.encoder_loss(labelled), F.cross_entropy(logits, labelled.labels))
    with module.only("generator"):
        module.generator_loss(**arguments(module)).backward()
    assert module.decoder.gain.grad
    assert module.encoder.gain.grad is None
    with module.only("discriminator"):
        module.decoder.gain.grad = None
        module.discriminator_loss(**arguments(module)).backward()
    assert module.decoder.gain.grad is None


def test_the_constancy_reaches_the_decoder_through_the_encoder():
    module = make(constancy_weight=1.0, identity_weight=0.0)
    with torch.no_grad():
        module.discriminator.slopes.zero_()  # so that the adversarial terms are constant
    with module.only("generator"):
        module.generator_loss(**arguments(module)).backward()
    means = batch(SHAPE, 0).images.mean((1, 2, 3))
    slope = (2 * (0.5 * 0.35 - 0.5) * means * 0.25 * means).mean()  # of (f(g(f(x))) - f(x))² by g's gain, 0.7
    torch.testing.assert_close(module.decoder.gain.grad, slope)


def test_images_of_either_domain_are_seen_by_the_encoder():
    grey, colour = torch.rand(2, 1, 4, 4), torch.rand(2, 3, 4, 4)
    assert torch.equal(with_channels(grey, 3), torch.cat([grey] * 3, 1))
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    torch.testing.assert_close(with_channels(colour, 1), (weights * colour).sum(1, keepdim=True))
    module = make()
    translated = module.translate(batch(SHAPE, 0).images)
    torch.testing.assert_close(translated, arguments(module)["from_a"].detach())


def test_the_total_variation_is_of_neighbours():
    images = torch.rand(2, 3, 5, 6)
    slopes = [images[..., 1:, :-1] - images[..., :-1, :-1], images[..., :-1, 1:] - images[..., :-1, :-1]]
    torch.testing.assert_close(total_variation(images), torch.hypot(*slopes).mean())


def test_networks_take_other_sizes_and_refuse_small_ones():
    for side in (16, 28, 32, 64):
        network = TransferEncoder((1, side, side), channels=2)
        decoded = TransferDecoder(network.width, (3, side, side), channels=2)(network(torch.rand(2, 1, side, side)))
        assert decoded.shape == (2, 3, side, side)
    with pytest.raises(GenzooError, match=r"^data\.size=12: images of at least 16 pixels"):
        TransferEncoder((1, 12, 12))


def test_what_does_not_fit_is_one_line():
    with pytest.raises(GenzooError, match=r"^model\.identity_weight=-1"):
        make(identity_weight=-1.0)
    with pytest.raises(GenzooError, match=r"^model\.encoder_rounds=0"):
        make(encoder_rounds=0)
    with pytest.raises(GenzooError, match=r"only one; choose a set"):
        make(target=(0, 4, 4))
    spec = DataSpec("two_sets", (3, 4, 4), classes=10, domains=("svhn", "mnist"), target_channels=1)
    with pytest.raises(GenzooError, match=r"^model\.classes=2, but data=two_sets has 10 classes"):
        make().check_data(spec)

"""Context-RNN-GAN: networks that see no later frame, the losses by hand, predictions of several frames."""

import pytest
import torch
from torch.nn import functional as F

from genzoo.adversarial.context_rnn_gan import ContextRNNGAN
from genzoo.adversarial.networks.next_frame import Discriminator, Generator
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import NonSaturating

SHAPE = (2, 5, 3, 4)  # channels, frames, height, width


def game(**settings):
    torch.manual_seed(0)
    networks = {"generator": Generator(SHAPE, hidden=6), "discriminator": Discriminator(SHAPE, hidden=6)}
    return ContextRNNGAN(objective=NonSaturating(), optimizers={}, **networks | settings)


def videos(n=3):
    return torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1


def depends(output, frames):
    """Which frames of the input an output depends on."""
    (gradient,) = torch.autograd.grad(output.sum(), frames)
    return (gradient.abs().amax((0, 1, 3, 4)) > 0).tolist()


@pytest.mark.parametrize("t", range(5))
def test_predictions_and_judgements_depend_on_the_frames_before_and_on_no_later_one(t):
    module, past, candidates = game(), videos().requires_grad_(), videos().flip(0).requires_grad_()
    seen = [i <= t for i in range(5)]
    assert depends(module.generator(past)[:, :, t], past) == seen
    assert depends(module.discriminator(past, candidates)[:, t], past) == seen
    assert depends(module.discriminator(past, candidates)[:, t], candidates) == [i == t for i in range(5)]


def test_the_discriminator_reads_the_candidate_as_the_next_frame():
    """Of the real frames, its judgements are outputs of one pass of the GRU over the whole video."""
    network, real = game().discriminator, videos()
    frames = real.permute(0, 2, 1, 3, 4).reshape(3, 5, -1)
    states, _ = network.gru(frames)
    torch.testing.assert_close(network(real[:, :, :-1], real[:, :, 1:]), network.output(states)[:, 1:, 0])


def test_predicted_frames_are_those_of_the_pixels():
    network, real = game().generator, videos()
    states, _ = network.gru(real.permute(0, 2, 1, 3, 4).reshape(3, 5, -1))
    expected = network.output(states[:, 2]).tanh().view(3, 2, 3, 4)
    torch.testing.assert_close(network(real)[:, :, 2], expected)


@pytest.mark.parametrize("power", [1, 2])
def test_the_losses_are_those_of_the_formula(power):
    module, real = game(adversarial_weight=0.3, error_weight=2.0, power=power), videos()
    predicted = [module.generator(real[:, :, :t])[:, :, -1] for t in range(1, 5)]
    of_real, of_made, errors = [], [], []
    for t, frame in enumerate(predicted, 1):
        context = real[:, :, :t]
        for found, candidate in ((of_real, real[:, :, t]), (of_made, frame)):
            last = torch.cat([context[:, :, 1:], candidate[:, :, None]], 2)
            found.append(module.discriminator(context, last)[:, -1])
        errors.append((frame - real[:, :, t]).abs() ** power)
    yes, no = torch.stack(of_real), torch.stack(of_made)
    batch = ImageBatch(real, torch.zeros(3))
    expected = -F.logsigmoid(yes).mean() - F.logsigmoid(-no).mean()
    torch.testing.assert_close(module.discriminator_loss(batch), expected)
    expected = -0.3 * F.logsigmoid(no).mean() + 2 * torch.stack(errors).mean()
    torch.testing.assert_close(module.generator_loss(batch), expected)


def test_only_the_generator_learns_from_its_loss_through_its_frames():
    module, batch = game(error_weight=0.0), ImageBatch(videos(), torch.zeros(3))
    module.discriminator_loss(batch).backward()
    assert all(p.grad is None for p in module.generator.parameters())
    module.generator_loss(batch).backward()
    assert all(p.grad.abs().sum() > 0 for p in module.generator.parameters())


def test_each_predicted_frame_follows_the_ones_before_it():
    module, past = game(), videos()[:, :, :3]
    found = module.predict(past, steps=3)
    assert found.shape == (3, 2, 3, 3, 4)
    for t in range(3):
        expected = module.predict(torch.cat([past, found[:, :, :t]], 2))
        torch.testing.assert_close(found[:, :, t : t + 1], expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"power": 3}, r"^model\.power=3: 1 \(absolute differences\) or 2 \(squares\) is needed\."),
        ({"error_weight": -1.0}, r"^model\.error_weight=-1\.0: "),
        ({"discriminator": Discriminator((1, 5, 3, 4), 6)}, r"^model: the generator is built for videos of \(channels"),
    ],
)
def test_wrong_settings_are_one_line(change, message):
    with pytest.raises(GenzooError, match=message):
        game(**change)


@pytest.mark.parametrize("past", [videos()[:, :1], videos()[:, :, :0], videos()[..., :3], videos()[0]])
def test_other_videos_cannot_be_continued(past):
    with pytest.raises(GenzooError, match=r"^predict: videos of shape \(.*\) were given, but the model is built for"):
        game().predict(past)


def test_no_frames_cannot_be_predicted():
    with pytest.raises(GenzooError, match=r"^number of frames=0: a positive integer is needed\."):
        game().predict(videos(), steps=0)

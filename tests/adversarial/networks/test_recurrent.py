"""C-RNN-GAN's networks, against the formulas step by step."""

import pytest
import torch
from torch import nn

from genzoo.adversarial.networks.recurrent import Discriminator, Generator, Layers
from genzoo.core.errors import GenzooError

SHAPE = (4, 6)


def codes(n, events=6):
    return 2 * torch.rand(n, 4 * (events + 1), generator=torch.Generator().manual_seed(0)) - 1


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return Generator(latent=28, shape=SHAPE, hidden=5, layers=2).eval()


@pytest.fixture
def discriminator():
    torch.manual_seed(0)
    return Discriminator(SHAPE, hidden=5, layers=2).eval()


def cell(lstm, layer, x, h, c):
    """An LSTM's layer at one time, by its equations."""
    w, u, a, b = (getattr(lstm, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    i, f, g, o = (x @ w.T + a + h @ u.T + b).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def test_each_event_depends_on_noise_and_on_the_event_before(generator):
    z = codes(3)
    u = ((z + 1) / 2).view(3, 7, 4)
    event, h, c = u[:, 0], torch.zeros(2, 3, 5), torch.zeros(2, 3, 5)
    expected = []
    for t in range(1, 7):
        x = torch.relu(generator.input(torch.cat([u[:, t], event], 1)))
        for layer in range(2):
            x, state = cell(generator.layers.lstm, layer, x, h[layer], c[layer])
            h, c = h.clone(), c.clone()
            h[layer], c[layer] = x, state
        event = generator.output(x)
        expected.append(event)
    torch.testing.assert_close(generator(z), torch.stack(expected, 2))


def test_predictions_of_its_own_events_are_these_events(generator):
    z = codes(3)
    events = generator(z)
    for n in (1, 4, 6):
        torch.testing.assert_close(generator.predict(z, events[:, :, :n]), events[:, :, :n])


def test_a_prediction_does_not_depend_on_its_event_or_later_ones(generator):
    z, events = codes(2), torch.randn(2, 4, 6).requires_grad_()
    generator.predict(z, events)[:, :, 3].sum().backward()
    moved = events.grad.abs().sum((0, 1)) > 0
    assert moved.tolist() == [True, True, True, False, False, False]


def test_the_decision_is_the_mean_probability_over_time(discriminator):
    x = torch.randn(3, 4, 6)
    features = discriminator.features(x).view(3, 6, 10)
    mean = discriminator.decision(features).sigmoid().mean((1, 2))
    torch.testing.assert_close(discriminator(x).sigmoid(), mean)


def test_certain_decisions_have_finite_logits_and_gradients(discriminator):
    nn.init.constant_(discriminator.decision.bias, 200.0)
    x = torch.randn(3, 4, 6, requires_grad=True)
    logits = discriminator(x)
    logits.sum().backward()
    assert (logits > 150).all()
    assert logits.isfinite().all()
    assert x.grad.isfinite().all()


def test_features_see_the_past_in_one_half_and_the_future_in_the_other(discriminator):
    x = torch.randn(1, 4, 6, requires_grad=True)
    for half, seen in ((slice(5), [True] * 3 + [False] * 3), (slice(5, 10), [False] * 2 + [True] * 4)):
        (gradient,) = torch.autograd.grad(discriminator.features(x).view(6, 10)[2, half].sum(), x)
        assert (gradient.abs().sum((0, 1)) > 0).tolist() == seen


def test_with_the_same_weights_in_both_directions_a_tune_and_its_reverse_are_judged_alike(discriminator):
    x = torch.randn(3, 4, 6)
    assert not torch.allclose(discriminator(x), discriminator(x.flip(2)), atol=1e-3)
    discriminator.backwards.load_state_dict(discriminator.onwards.state_dict())
    half = discriminator.decision.weight[:, :5].detach()
    discriminator.decision.weight.data = torch.cat([half, half], 1)
    torch.testing.assert_close(discriminator(x), discriminator(x.flip(2)))
    assert not torch.allclose(discriminator(x), discriminator(x[:, :, [1, 0, 2, 3, 4, 5]]), atol=1e-4)


def test_of_one_event_they_are_perceptrons():
    torch.manual_seed(0)
    generator = Generator(latent=8, shape=(4, 1), hidden=5, layers=1).eval()
    z = codes(3, events=1)
    hidden = torch.relu(generator.input(((z + 1) / 2)[:, [4, 5, 6, 7, 0, 1, 2, 3]]))
    hidden, _ = cell(generator.layers.lstm, 0, hidden, torch.zeros(3, 5), torch.zeros(3, 5))
    torch.testing.assert_close(generator(z), generator.output(hidden)[..., None])
    discriminator = Discriminator((4, 1), hidden=5, layers=1).eval()
    x = torch.randn(3, 4, 1)
    logits = discriminator.decision(discriminator.features(x)).squeeze(1)
    torch.testing.assert_close(discriminator(x), logits)


def test_initial_weights():
    torch.manual_seed(0)
    network = Layers(20, 60, 2, 0.5)
    for name, parameter in network.lstm.named_parameters():
        if name.startswith("weight"):
            bound = (6 / ((20 if name == "weight_ih_l0" else 60) + 60 + 240)) ** 0.5
            if name == "weight_hh_l0":
                bound = (6 / (20 + 60 + 240)) ** 0.5
            assert 0.98 * bound < parameter.abs().max() <= bound, name
        else:
            forget = name.startswith("bias_ih")
            assert torch.equal(parameter[60:120], torch.full((60,), float(forget)))
            assert parameter.sum() == 60 * forget
    assert abs(Generator(28, SHAPE, hidden=500).output.weight.std() - 1) < 0.05


def test_the_outputs_of_the_last_layer_are_dropped_in_training_too():
    network = Layers(4, 200, 1, 0.5)
    dropped = (network(torch.randn(2, 3, 4))[0] == 0).float().mean()
    assert 0.4 < dropped < 0.6


@pytest.mark.parametrize(("key", "value"), [("hidden", 0), ("layers", 0), ("dropout", 1.0)])
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=f"^model: {key}"):
        Discriminator(SHAPE, **{key: value})

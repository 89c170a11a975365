"""C-RNN-GAN's first phase, its losses, and when its discriminator waits."""

from types import SimpleNamespace
from unittest.mock import patch

import pytest
import torch

from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError
from genzoo.data.module import split_of
from support.waiting import moved
from support.zoo import built


def batch(n=5, events=12):
    return split_of(torch.randn(n, 4, events, generator=torch.Generator().manual_seed(0)))


def remade(module, **changed):
    """The model built again with changed settings."""
    given = {"generator": lambda latent: module.generator, "optimizers": module.optimizer_factories}
    given |= {key: getattr(module, key) for key in ("discriminator", "objective", "matching", "pretraining_rounds")}
    return type(module)(**given | changed)


@pytest.mark.parametrize(("ratio", "moves"), [(0.0, False), (0.69, False), (0.71, True), (2.0, True)])
def test_the_discriminator_waits_if_its_last_loss_was_below_seven_tenths_of_the_generators(ratio, moves):
    _, data, module = built("c_rnn_gan")
    module.progress.rounds = module.pretraining_rounds
    module.ratio.fill_(ratio)
    assert moved(module, data) == {"discriminator": moves, "generator": True}
    assert module.ratio != ratio  # it is computed while it waits, too


def test_the_ratio_is_that_of_the_cross_entropies():
    module = built("c_rnn_gan").module
    real, fake = torch.tensor([1.0, -2.0]), torch.tensor([0.5, -3.0, 0.0])
    module.measure(real, fake)
    p, q = real.sigmoid(), fake.sigmoid()
    expected = (-p.log().mean() - (1 - q).log().mean()) / -q.log().mean()
    torch.testing.assert_close(module.ratio, expected)
    (other := built("c_rnn_gan").module).load_state_dict(module.state_dict())
    assert other.ratio == module.ratio


def test_the_first_phase_is_the_generators_alone():
    module = built("c_rnn_gan").module
    module.pretraining_rounds = 3
    counted = [[turn.repeats_in(round) for turn in module.turns()] for round in range(5)]
    assert counted == [[1, 0, 0]] * 3 + [[0, 1, 1]] * 2
    assert [[*turn.losses] for turn in module.turns()] == [["generator"], ["discriminator"], ["generator"]]


def test_excerpts_grow_by_four_events_a_stage_up_to_the_whole_tune():
    module = built("c_rnn_gan").module
    module.pretraining_rounds = 12
    assert [module.excerpt(round) for round in range(12)] == [4, 4, 8, 8] + [12] * 8


def test_excerpts_are_consecutive_events_from_anywhere_in_each_tune():
    module = built("c_rnn_gan").module
    real = batch(400)
    (found,) = module.excerpts(real)
    events = found["events"]
    assert events.shape == (400, 4, 4)
    windows = real.images.unfold(2, 4, 1)  # (400, 4, 9, 4)
    places = (windows == events[:, :, None]).all(3).all(1)
    assert (places.sum(1) == 1).all()
    assert torch.bincount(places.int().argmax(1), minlength=9).min() > 20


def test_the_prediction_loss_is_the_mean_squared_error_and_the_decay():
    module = built("c_rnn_gan").module.eval()
    events = batch().images[:, :, :8]
    torch.manual_seed(3)
    found = module.prediction_loss(events)
    torch.manual_seed(3)
    predicted = module.generator.predict(module.latent.sample(5), events)
    decay = 0.05 * sum((p**2).sum() for p in module.generator.parameters())
    torch.testing.assert_close(found, ((predicted - events) ** 2).mean() + decay)


def test_the_generator_matches_the_features_of_real_tunes_one_by_one():
    module = built("c_rnn_gan").module.eval()
    real = batch()
    made = module.make(real)
    found = module.generator_loss(real, made)
    features = [module.discriminator.features(x) for x in (real.images, made[1])]
    decay = 0.05 * sum((p**2).sum() for p in module.generator.parameters())
    torch.testing.assert_close(found, ((features[0] - features[1]) ** 2).sum() / 5 + decay)
    found.backward()
    assert all(p.grad is not None for p in module.generator.parameters())


def test_of_one_event_the_losses_are_those_of_any_gan():
    module = built("c_rnn_gan").module
    generator = type(module.generator)(latent=8, shape=(4, 1), hidden=3).eval()
    discriminator = type(module.discriminator)((4, 1), hidden=3).eval()
    other = remade(module, generator=lambda latent: generator, discriminator=discriminator)
    real = batch(events=1)
    (found,) = other.judged(real)
    loss = other.discriminator_loss(**found)
    features = discriminator.features(real.images)
    torch.testing.assert_close(found["of_real"], discriminator.decision(features).squeeze(1))
    expected = -found["of_real"].sigmoid().log().mean() - (1 - found["of_fake"].sigmoid()).log().mean()
    torch.testing.assert_close(loss, expected)
    assert other.sample(3).shape == (3, 4, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gate": -0.1}, r"model\.gate=-0\.1: a ratio of losses"),
        ({"decay_weight": -1}, r"model\.decay_weight=-1: a number of at least 0"),
        ({"stages": 0}, r"model\.stages=0: a positive integer"),
        ({"growth": 0}, r"model\.growth=0: a positive integer"),
        ({"pretraining_rounds": -1}, r"model\.pretraining_rounds=-1: "),
    ],
)
def test_settings_are_checked(options, message):
    with pytest.raises(GenzooError, match=f"^{message}"):
        remade(built("c_rnn_gan").module, **options)


def test_a_run_without_rounds_for_the_game_is_refused():
    module = built("c_rnn_gan").module
    trainer = SimpleNamespace(datamodule=SimpleNamespace(rounds=1))
    with (
        patch.object(type(module), "trainer", trainer),
        pytest.raises(GenzooError, match=r"^model\.pretraining_rounds=1: the run has 1 rounds"),
    ):
        module.on_fit_start()


def test_other_kinds_and_tunes_of_another_length_are_refused():
    module = built("c_rnn_gan").module
    with pytest.raises(GenzooError, match=r"^data=digits has images, but the model needs tunes; .*data=tunes\.$"):
        module.check_data(DataSpec("digits", (1, 28, 28)))
    with pytest.raises(GenzooError, match=r"^data=tunes has tunes of \(numbers of an event, events\) \(4, 9\), but"):
        module.check_data(DataSpec("tunes", (4, 9), levels=None, axes="e"))
    with pytest.raises(GenzooError, match=r"^data=tunes has tunes, but the model needs sequences"):
        built("lstm_lm").module.check_data(DataSpec("tunes", (4, 9), levels=None, axes="e"))

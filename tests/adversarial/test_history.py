from functools import partial

import pytest
import torch
from omegaconf import OmegaConf

from genzoo.adversarial.history import History, HistoryGAN
from genzoo.adversarial.networks import infogan
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.nn.objectives import NonSaturating
from genzoo.runs.build import build_data, build_module
from support import composed, cpu_trainer
from support.gans import SGD, SHAPE, cross_entropy, real_batch


def numbered(*numbers):
    return torch.tensor(numbers, dtype=torch.float).view(-1, 1, 1, 1)


def make(**options):
    torch.manual_seed(0)
    return HistoryGAN(
        history=History(SHAPE, **options),
        generator=partial(infogan.Generator, shape=SHAPE, channels=2, hidden=8),
        discriminator=infogan.Discriminator(SHAPE, channels=2, hidden=8),
        latent=Latent(noise=Normal(5)),
        objective=NonSaturating(),
        optimizers={"discriminator": SGD, "generator": SGD},
    ).ready()


def test_it_holds_the_latest_images():
    history = History((1, 1, 1), size=4)
    history.add(numbered(1, 2, 3))
    history.add(numbered(4, 5))
    assert sorted(history.images.flatten().tolist()) == [2, 3, 4, 5]
    history.add(numbered(6, 7, 8, 9, 10, 11))
    assert sorted(history.images.flatten().tolist()) == [8, 9, 10, 11]


def test_a_share_of_the_images_is_replaced_by_stored_ones_in_equal_shares():
    torch.manual_seed(0)
    history, new = History((1, 1, 1), size=8, share=0.25), torch.zeros(20_000, 1, 1, 1)
    assert torch.equal(history.mixed(new), new)  # nothing is stored yet
    history.add(numbered(1, 2, 3))
    counts = history.mixed(new).flatten().long().bincount() / len(new)
    torch.testing.assert_close(counts, torch.tensor([0.75, 1 / 12, 1 / 12, 1 / 12]), atol=0.01, rtol=0)


def test_the_discriminator_sees_the_history_and_a_round_adds_to_it():
    module, real = make(size=6, share=1.0), real_batch()
    *_, last = module.turns()
    assert not last.losses
    assert list(last.draws(real=real)) == []
    assert module.history.added == 6
    torch.manual_seed(1)
    loss = module.discriminator_loss(real)
    torch.manual_seed(1)
    module.make(real)
    stored = module.history.images[(torch.rand(6) * 6).long()]
    expected = cross_entropy(module.discriminator(real.images), 1) + cross_entropy(module.discriminator(stored), 0)
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize(("options", "key"), [({"size": 0}, "size=0"), ({"share": 1.5}, r"share=1\.5")])
def test_bad_settings_are_one_line(options, key):
    with pytest.raises(GenzooError, match=rf"model\.history\.{key}: a (positive|probability)"):
        History((1, 1, 1), **options)


def test_a_configuration_can_choose_it():
    config = composed(
        *("model=gan_2d", "data=ring", "trainer=smoke", "recipe.batch_size=16", "trainer.rounds=2"),
        "model._target_=genzoo.adversarial.history.HistoryGAN",
        "+model.history={_target_: genzoo.adversarial.history.History, shape: '${shape}', size: 100}",
    )
    config = OmegaConf.to_container(config, resolve=True)
    data, module = build_data(config), build_module(config)
    data.setup()
    cpu_trainer().fit(module, datamodule=data)
    assert module.history.added == 2 * 16
    assert module.history.images[:32].flatten(1).any(1).all()
    assert not module.history.images[32:].any()

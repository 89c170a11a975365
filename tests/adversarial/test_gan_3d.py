"""The discriminator of 3D-GAN waits in the round after one in which it was too accurate."""

import pytest
import torch

from genzoo.adversarial.rounds import Shared
from genzoo.core.errors import GenzooError
from support.waiting import moved
from support.zoo import built


def run(module, data, accuracy):
    """One round after a batch of this accuracy; whether D and G have moved."""
    module.accuracy.fill_(accuracy)
    return moved(module, data)


@pytest.mark.parametrize(("accuracy", "moves"), [(0.0, True), (0.79, True), (0.81, False), (1.0, False)])
def test_the_accuracy_of_the_last_batch_decides_whether_it_moves(accuracy, moves):
    _, data, module = built("gan_3d")
    assert run(module, data, accuracy) == {"discriminator": moves, "generator": True}
    assert module.accuracy != accuracy  # it is computed while it waits, too


def test_the_present_batch_does_not_decide(monkeypatch):
    """The outputs are all right, so that the next round is missed, and not this one."""
    _, data, module = built("gan_3d")
    signs = iter((1, -1))
    monkeypatch.setattr(
        module, "discriminate", lambda images, real: module.discriminator(images).abs() * next(signs, 1)
    )
    assert run(module, data, 0.5)["discriminator"]
    assert module.accuracy == 1
    monkeypatch.undo()
    assert not run(module, data, module.accuracy.item())["discriminator"]


def test_the_accuracy_is_the_mean_of_both_kinds(monkeypatch):
    _, data, module = built("gan_3d")
    data.setup()
    real = data.split("train").at(slice(4))
    real = real._replace(images=real.images * 2.0 - 1)
    outputs = iter((torch.tensor([1.0, 1.0, 1.0, -1.0]), torch.tensor([-1.0, 1.0, 1.0, 1.0])))  # 3/4 and 1/4
    monkeypatch.setattr(module, "discriminate", lambda images, real: next(outputs))
    (found,) = module.judged(real)
    assert module.accuracy == 0.5
    p, q = torch.sigmoid(found["of_real"]), torch.sigmoid(found["of_fake"])
    expected = -p.log().mean() - (1 - q).log().mean()
    torch.testing.assert_close(module.discriminator_loss(**found), expected)


def test_the_accuracy_is_in_the_checkpoint():
    module = built("gan_3d").module
    module.accuracy.fill_(0.9)
    other = built("gan_3d").module
    other.load_state_dict(module.state_dict())
    assert other.accuracy == torch.tensor(0.9)


def test_features_are_those_of_the_last_three_maps_in_8_cells_each():
    module = built("gan_3d").module.eval()
    volumes = torch.rand(2, 1, 16, 16, 16) * 2 - 1
    first, second = module.discriminator.feature_maps(volumes)
    expected = [m.unflatten(4, (2, -1)).unflatten(3, (2, -1)).unflatten(2, (2, -1)) for m in (first, second)]
    expected = torch.cat([m.amax((3, 5, 7)).flatten(1) for m in expected], 1)
    torch.testing.assert_close(module.features(volumes), expected.detach())
    assert module.features(volumes).shape == (2, (4 + 8) * 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gate": 80}, r"model\.gate=80: an accuracy from 0 to 1"),
        ({"round": Shared()}, r"model\.round=Shared: a discriminator that waits"),
    ],
)
def test_settings_are_checked(options, message):
    module = built("gan_3d").module
    given = {"generator": lambda latent: module.generator, "optimizers": module.optimizer_factories}
    given |= {key: getattr(module, key) for key in ("discriminator", "latent", "objective")}
    with pytest.raises(GenzooError, match=f"^{message}"):
        type(module)(**given, **options)


def test_volumes_of_another_size_are_refused():
    _, data, module = built("gan_3d")
    with pytest.raises(
        GenzooError, match=r"^data=solids has volumes of \(channels, depth, height, width\) \(1, 32, 32"
    ):
        module.check_data(data.spec._replace(shape=(1, 32, 32, 32)))

import pytest
import torch
from torch.nn import functional as F

from genzoo.adversarial.noisy_labels import NoisyLabels
from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import NonSaturating

REAL, FAKE = torch.tensor([0.5, -1.0, 2.0]), torch.tensor([1.5, -0.3])


def cross_entropy(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def test_without_noise_it_is_the_non_saturating_game():
    quiet = NoisyLabels((1.0, 1.0), (0.0, 0.0))
    torch.testing.assert_close(quiet.discriminator(REAL, FAKE), NonSaturating().discriminator(REAL, FAKE))
    torch.testing.assert_close(NoisyLabels().generator(FAKE), NonSaturating().generator(FAKE))


def test_fixed_labels_are_cross_entropy_and_flipping_all_exchanges_them():
    kept = cross_entropy(REAL, 0.9) + cross_entropy(FAKE, 0.2)
    torch.testing.assert_close(NoisyLabels((0.9, 0.9), (0.2, 0.2)).discriminator(REAL, FAKE), kept)
    exchanged = cross_entropy(REAL, 0.2) + cross_entropy(FAKE, 0.9)
    torch.testing.assert_close(NoisyLabels((0.9, 0.9), (0.2, 0.2), flip=1.0).discriminator(REAL, FAKE), exchanged)


def test_labels_fill_their_ranges_and_a_tenth_is_flipped():
    torch.manual_seed(0)
    logits = torch.zeros(20_000, requires_grad=True)
    loss = NoisyLabels((0.7, 1.2), (0.0, 0.3), flip=0.1).discriminator(logits, torch.zeros(1))
    (gradient,) = torch.autograd.grad(loss, logits)
    labels = 0.5 - 20_000 * gradient  # the cross-entropy's gradient is σ(0) - label
    own = labels[labels > 0.5]
    assert len(own) / 20_000 == pytest.approx(0.9, abs=0.01)
    assert (own.min().item(), own.max().item()) == pytest.approx((0.7, 1.2), abs=0.01)
    assert own.mean().item() == pytest.approx(0.95, abs=0.01)
    assert labels[labels < 0.5].mean().item() == pytest.approx(0.15, abs=0.01)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"real_range": (1.2, 0.7)}, r"model\.objective\.real_range=\[1\.2, 0\.7\]: two increasing numbers"),
        ({"fake_range": (0.1,)}, r"model\.objective\.fake_range=\[0\.1\]: two increasing numbers"),
        ({"flip": 1.5}, r"model\.objective\.flip=1\.5: a probability"),
    ],
)
def test_bad_labels_are_one_line(options, message):
    with pytest.raises(GenzooError, match=message):
        NoisyLabels(**options)

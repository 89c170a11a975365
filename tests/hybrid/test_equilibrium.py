"""Who waits, on tables."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.hybrid.equilibrium import Equilibrium


@pytest.mark.parametrize(
    ("real", "fake", "discriminator", "generator"),
    [
        (0.5, 0.5, 1, 1),  # within 0.25 to 0.75
        (0.25, 0.75, 1, 1),  # at both ends
        (0.2, 0.5, 0, 1),  # the discriminator knows real images too well
        (0.5, 0.2, 0, 1),  # or generated ones
        (0.2, 0.2, 0, 1),
        (0.8, 0.5, 1, 0),  # it does not know real images
        (0.5, 0.8, 1, 0),
        (0.8, 0.8, 1, 0),
        (0.2, 0.8, 1, 1),  # both would wait
        (0.8, 0.2, 1, 1),
    ],
)
def test_the_table(real, fake, discriminator, generator):
    moves = Equilibrium(centre=0.5, margin=0.25)(torch.tensor(real), torch.tensor(fake))
    assert moves == (discriminator, generator)


def test_the_paper_starts_in_equilibrium_and_an_infinite_margin_never_lets_wait():
    half = torch.tensor(2.0).log()
    assert Equilibrium()(half, half) == (1, 1)
    assert Equilibrium()(torch.tensor(0.32), half) == (0, 1)
    assert Equilibrium()(half, torch.tensor(1.04)) == (1, 0)
    assert Equilibrium(margin=float("inf"))(torch.tensor(0.0), torch.tensor(99.0)) == (1, 1)


def test_a_negative_margin_is_refused():
    with pytest.raises(GenzooError, match=r"^model\.equilibrium\.margin=-0\.1: a number of at least 0 is needed"):
        Equilibrium(margin=-0.1)

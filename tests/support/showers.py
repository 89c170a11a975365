"""A model whose showers are those of the simulator, changed by a known function."""

import torch

from genzoo.core.batches import Showers as Kind
from genzoo.core.capabilities import Samples, SamplesGiven
from genzoo.core.inference import Inference
from genzoo.data.calorimeter import LAYERS
from genzoo.data.shower_simulator import PARTICLES, simulate
from genzoo.data.showers import Showers


class Simulates(Inference):
    """Showers of electrons; ``change`` maps layers and energies to the layers that it draws."""

    device = torch.device("cpu")

    def __init__(self, change=lambda layers, energy: layers):
        super().__init__()
        self.change = change

    def capabilities(self):
        return frozenset({Samples, SamplesGiven})

    def sample_given(self, given, generator=None):
        energy = given["energy"].squeeze(1)
        cells, _ = simulate(PARTICLES["electron"], energy, generator)
        return LAYERS.join(self.change(LAYERS.split(cells), energy[:, None, None]))

    def sample(self, n, labels=None, generator=None):
        return self.sample_given({"energy": 1 + 99 * torch.rand(n, 1, generator=generator)}, generator)


def electrons(**numbers):
    """The set, loaded."""
    data = Showers(**{"n_train": 500, "n_validation": 0, "n_test": 500} | numbers)
    data.setup()
    assert data.spec.kinds == {Kind}
    return data

"""Energies of showers that were asked for by the particle's energy."""

import torch
from torch import Tensor

from genzoo.core.batches import Showers
from genzoo.core.capabilities import SamplesGiven
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.batches import check_images
from genzoo.metrics.evaluation import Evaluation

BINS = 10


@register
class EnergyResponse:
    """Energies of generated showers, relative to simulated showers of the same particles' energies.

    Args:
        images: number of the split's showers, the first ones; None = all.
        seed: seed of the samples.

    Raises:
        GenzooError: the number is not a positive integer.
    """

    needs = frozenset({SamplesGiven, Showers})

    def __init__(self, images: int | None = None, seed: int = 0):
        check_images("energy_response", images)
        self.images, self.seed = images, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns, of ΣE, the energy in all cells, and E, the particle's:

        ``energy_response_<layer>``: mean energy in the layer, divided by that of the simulated showers;
        ``energy_response_deviation``: largest relative deviation of the mean of ΣE from the simulated one, of ten bins
        of E, each of as many showers;
        ``energy_response_slope``: of the line that fits ΣE as a function of E;
        ``energy_response_spread``: standard deviation of ΣE / E.

        With ``_real``, the last two of the simulated showers. Empty for an empty split.
        """
        if not data.count(split):
            return Evaluation()
        found, parts = data.split(split).at(slice(self.images)), data.spec.parts
        assert found.given is not None
        assert parts is not None
        energy = found.given["energy"].squeeze(1).double()
        made = module.sample_given(found.given, generator(self.seed, "energy_response")).cpu()
        ours, simulated = (
            {name: layer.double().sum((1, 2)) for name, layer in parts.split(x).items()} for x in (made, found.images)
        )
        values = {f"energy_response_{name}": (ours[name].mean() / simulated[name].mean()).item() for name in ours}
        total, simulated_total = (torch.stack([*of.values()]).sum(0) for of in (ours, simulated))
        values["energy_response_deviation"] = deviation(total, simulated_total, energy)
        for suffix, one in (("", total), ("_real", simulated_total)):
            values[f"energy_response_slope{suffix}"] = slope(one, energy)
            values[f"energy_response_spread{suffix}"] = (one / energy).std().item()
        return Evaluation(values, protocol={"showers": len(made), "seed": self.seed, "batch_norm": module.batch_norm})


def slope(y: Tensor, x: Tensor) -> float:
    """The slope of the line that fits y (n,) as a function of x (n,) by least squares.

    >>> slope(torch.tensor([1.0, 3.0, 5.0]), torch.tensor([0.0, 1.0, 2.0]))
    2.0
    """
    x = x - x.mean()
    return ((x * y).sum() / x.square().sum()).item()


def deviation(made: Tensor, real: Tensor, energy: Tensor) -> float:
    """The largest |mean of made / mean of real - 1| of ten bins of energy, each of as many showers."""
    order = energy.argsort()
    means = [
        torch.stack([part.mean() for part in of[order].tensor_split(min(BINS, len(order)))]) for of in (made, real)
    ]
    return (means[0] / means[1] - 1).abs().max().item()

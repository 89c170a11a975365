"""f-GAN's univariate example: the fitted Gaussian against the optimum by quadrature."""

import math

import numpy as np
import pytest
from omegaconf import OmegaConf
from scipy.optimize import minimize

from genzoo.metrics.moments import Moments
from genzoo.runs.build import build_data, build_module
from support import composed, cpu_trainer

X = np.linspace(-16, 20, 20_001)
# name -> f, and the optimum in the paper's table 3 where it has one: the divergence, mean and deviation.
F = {
    "kl": (lambda u: u * np.log(u), (0.2831, 1.0100, 1.8308)),
    "reverse_kl": (lambda u: -np.log(u), (0.2480, 1.5782, 1.6319)),
    "jensen_shannon": (lambda u: u * np.log(u) - (u + 1) * np.log((u + 1) / 2), (0.1280, 1.3070, 1.7542)),
    "jeffreys": (lambda u: (u - 1) * np.log(u), (0.5705, 1.3218, 1.7034)),
    "pearson": (lambda u: (u - 1) ** 2, (0.6457, 0.5737, 1.9274)),
}


def normal(mean, std):
    return np.exp(-((X - mean) ** 2) / (2 * std**2)) / (std * math.sqrt(2 * math.pi)) + 1e-300


def optimum(f):
    """The least D_f(data || Gaussian), and the Gaussian's mean and deviation."""
    law = composed("model=fgan_gaussian", "data=univariate").data
    components = zip(law.weights, law.means, law.stds, strict=True)
    p = sum(weight * normal(mean, std) for weight, mean, std in components)

    def divergence(given):
        q = normal(given[0], math.exp(given[1]))
        return (q * f(p / q)).sum() * (X[1] - X[0])

    found = minimize(divergence, [1.2, 0.6], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-8})
    return found.fun, found.x[0], math.exp(found.x[1])


@pytest.mark.parametrize("name", F)
def test_the_data_have_the_optima_of_the_papers_table(name):
    f, printed = F[name]
    assert optimum(f) == pytest.approx(printed, abs=6e-4)


@pytest.mark.parametrize("name", ["kl", "reverse_kl", "jensen_shannon"])
def test_a_short_run_comes_within_a_tenth_of_the_optimum(name):
    config = composed(
        *("model=fgan_gaussian", "data=univariate", f"model.objective.divergence={name}"),
        *("trainer=cpu", "trainer.rounds=1200", "recipe.batch_size=512", "data.n_train=100000", "seed=0"),
        *("model.schedules.discriminator.lr.flat=600", "model.schedules.discriminator.lr.end=1201"),
    )
    config = OmegaConf.to_container(config, resolve=True)
    data, module = build_data(config), build_module(config)
    cpu_trainer().fit(module, datamodule=data)
    values = Moments(samples=100_000)(module, data, "test").values
    _, mean, std = optimum(F[name][0])
    assert values["mean"] == pytest.approx(mean, rel=0.1)
    assert values["std"] == pytest.approx(std, rel=0.1)

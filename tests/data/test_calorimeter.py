"""Observables of showers made by hand, and against the formulas cell by cell."""

import math

import pytest
import torch

from genzoo.data.calorimeter import LAYERS, observables

CELLS = {"layer_0": 288, "layer_1": 144, "layer_2": 72}


def shower(**energies):
    """One shower: layer -> {(row, column): GeV}."""
    layers = {name: torch.zeros(1, *shape) for name, shape in LAYERS.shapes.items()}
    for name, cells in energies.items():
        for (row, column), energy in cells.items():
            layers[name][0, row, column] = energy
    return LAYERS.join(layers)


def of(vectors):
    return {name: value.tolist() for name, value in observables(vectors).items()}


@pytest.mark.parametrize(("layer", "cells"), [*enumerate(CELLS.values())])
def test_energy_in_one_cell(layer, cells):
    found = of(shower(**{f"layer_{layer}": {(1, 2): 7.0}}))
    assert found[f"energy_{layer}"] == [7]
    assert found[f"fraction_{layer}"] == pytest.approx([1])
    assert found[f"ratio_{layer}"] == pytest.approx([1])
    assert found[f"width_{layer}"] == pytest.approx([0], abs=0.1)
    assert found[f"sparsity_{layer}"] == pytest.approx([1 / cells])
    assert found["deepest_layer"] == [layer]
    assert found["shower_depth"] == pytest.approx([layer])
    assert found["shower_depth_width"] == pytest.approx([0], abs=2e-3)
    for other in {0, 1, 2} - {layer}:
        for name in ("energy", "fraction", "ratio", "width", "sparsity"):
            assert found[f"{name}_{other}"] == [0]


def test_energies_in_several_cells_and_layers():
    found = of(
        shower(
            layer_0={(0, 5): 1.0, (2, 90): 3.0},  # η = -160 and 160 mm
            layer_1={(0, 0): 2.0, (0, 11): 2.0, (11, 3): 2.0},  # η = -220, -220 and 220 mm
            layer_2={},
        )
    )
    assert [found[f"energy_{i}"][0] for i in range(3)] == [4, 6, 0]
    assert [found[f"fraction_{i}"][0] for i in range(3)] == pytest.approx([0.4, 0.6, 0])
    assert found["shower_depth"] == pytest.approx([0.6])
    assert found["shower_depth_width"] == pytest.approx([math.sqrt(0.6 - 0.36)])
    assert found["deepest_layer"] == [1]
    assert [found[f"ratio_{i}"][0] for i in range(3)] == pytest.approx([0.5, 0, 0], abs=1e-6)
    assert found["width_0"] == pytest.approx([160 * math.sqrt(1 - 0.25)], rel=1e-4)
    assert found["width_1"] == pytest.approx([220 * math.sqrt(1 - 1 / 9)], rel=1e-4)
    assert [found[f"sparsity_{i}"][0] for i in range(3)] == pytest.approx([2 / 288, 3 / 144, 0])


def test_a_shower_without_energy_has_finite_observables():
    assert all(math.isfinite(value) for (value,) in of(torch.zeros(1, 504)).values())


def test_each_shower_of_a_batch_is_its_own():
    batch = torch.cat([shower(layer_0={(0, 0): 1.0}), shower(layer_2={(3, 3): 2.0, (4, 4): 1.0})])
    for name, values in of(batch).items():
        assert values == [of(batch[:1])[name][0], of(batch[1:])[name][0]]

"""The parts of a model that other programs can run: functions of one tensor."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from genzoo.core.capabilities import Acts, Classifies, Decodes, Encodes
from genzoo.core.latent import Categorical, Latent, Uniform
from genzoo.core.randomness import generator
from genzoo.core.rounds import RoundModule

IMAGES = {"values": "images (channels, height, width)", "range": [-1, 1]}


class Part(NamedTuple):
    """A part of a model.

    Args:
        capability: what a model needs to have it.
        compute: (model, input) -> output.
        example: (model, n) -> an input of n rows.
        input, output: their names.
        describe: model -> what is told about input and output beyond their shapes.
    """

    capability: type
    compute: Callable[[Any, Tensor], Tensor]
    example: Callable[[Any, int], Tensor]
    input: str
    output: str
    describe: Callable[[Any], tuple[Mapping[str, Any], Mapping[str, Any]]]


def parts_of(module: RoundModule) -> dict[str, Part]:
    """Returns the parts that a model's capabilities allow."""
    return {name: part for name, part in PARTS.items() if part.capability in module.capabilities()}


class Function(nn.Module):
    """A part as a network.

    Args:
        module: the model.
        part: the part.
    """

    def __init__(self, module: RoundModule, part: Part):
        super().__init__()
        self.model, self.compute = module, part.compute

    def forward(self, x: Tensor) -> Tensor:
        """The part's output for an input."""
        return self.compute(self.model, x)


def described_latent(latent: Latent) -> list[dict[str, Any]]:
    """Returns distribution and position of each part of a code.

    >>> described_latent(Latent(noise=Uniform(62), digit=Categorical(10)))[1]
    {'name': 'digit', 'columns': [62, 72], 'distribution': 'one-hot', 'range': [0, 1]}
    """
    described, start = [], 0
    for name, part in latent.parts.items():
        if isinstance(part, Categorical):
            kind, limits = "one-hot", [0, 1]
        elif isinstance(part, Uniform):
            kind, limits = "uniform", [part.middle - part.bound, part.middle + part.bound]
        else:
            kind, limits = "standard normal", None
        described.append({"name": name, "columns": [start, start + part.size], "distribution": kind, "range": limits})
        start += part.size
    return described


def _images(module: Any, n: int) -> Tensor:
    return torch.rand(n, *module.image_shape, generator=generator(0, "export")) * 2 - 1


def _codes(module: Any, n: int) -> Tensor:
    return module.latent.sample(n, generator(0, "export"))


def _observations(module: Any, n: int) -> Tensor:
    return torch.randn(n, module.policy.observations, generator=generator(0, "export"))


def _code(module: Any) -> dict[str, Any]:
    return {"values": "code", "parts": described_latent(module.latent)}


def _actions(module: Any) -> dict[str, Any]:
    law = module.policy.law
    return {"values": f"the most likely {'action, its index' if law == 'Categorical' else 'actions'}", "range": None}


PARTS: Mapping[str, Part] = {
    "generator": Part(Decodes, lambda m, x: m.decode(x), _codes, "z", "images", lambda m: (_code(m), IMAGES)),
    "encoder": Part(Encodes, lambda m, x: m.encode(x), _images, "images", "z", lambda m: (IMAGES, _code(m))),
    "classifier": Part(
        *(Classifies, lambda m, x: m.classify(x), _images, "images", "logits"),
        lambda m: (IMAGES, {"values": "logits of the classes", "range": None}),
    ),
    "policy": Part(
        *(Acts, lambda m, x: m.act(x, deterministic=True), _observations, "observations", "actions"),
        lambda m: ({"values": "observations of the environment", "range": None}, _actions(m)),
    ),
}

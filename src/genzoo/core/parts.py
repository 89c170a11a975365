"""Vectors that consist of named, shaped parts."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


class Parts:
    """The named, shaped parts of a vector, such as the layers of a calorimeter.

    Args:
        shapes: part -> its shape, in the order of the parts in the vector.

    Example:
        >>> parts = Parts({"strips": (1, 2), "cells": (2, 2)})
        >>> {name: part.shape for name, part in parts.split(torch.zeros(8, 6)).items()}
        {'strips': torch.Size([8, 1, 2]), 'cells': torch.Size([8, 2, 2])}
    """

    def __init__(self, shapes: Mapping[str, Sequence[int]]):
        self.shapes = {name: tuple(shape) for name, shape in shapes.items()}
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        self.width = sum(self.sizes)

    def split(self, vectors: Tensor) -> dict[str, Tensor]:
        """Part -> (B, *shape), of vectors (B, width)."""
        parts = vectors.split(self.sizes, 1)
        return {name: part.unflatten(1, shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def join(self, parts: Mapping[str, Tensor]) -> Tensor:
        """The vectors (B, width) of parts (B, *shape), whatever their order."""
        return torch.cat([parts[name].flatten(1) for name in self.shapes], 1)

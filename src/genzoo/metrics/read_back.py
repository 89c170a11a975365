"""Whether images show what was asked for."""

from collections.abc import Mapping

import torch
from torch import Tensor

from genzoo.core.capabilities import SamplesGiven
from genzoo.core.checks import check_positive
from genzoo.core.images import to_levels
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.data.readable import Readable
from genzoo.metrics.batches import check_images
from genzoo.metrics.evaluation import Evaluation


@register
class ReadBack:
    """The share of attributes asked for that are read from the images, for sets that read their own images.

    Each image of a split is asked for once, by its first caption. Attributes that a caption leaves open do not count.

    Args:
        images: number of images of the split, the first ones; None = all.
        rows, columns: captions in the picture, and images of each.
        seed: seed of the samples.

    Raises:
        GenzooError: a number is not a positive integer.
    """

    needs = frozenset({SamplesGiven})

    def __init__(self, images: int | None = None, rows: int = 8, columns: int = 8, seed: int = 0):
        check_images("read_back", images)
        check_positive("metrics.read_back.rows", rows)
        check_positive("metrics.read_back.columns", columns)
        self.images, self.rows, self.columns, self.seed = images, rows, columns, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns ``read_back_<attribute>``; ``read_back``, the share of all attributes; ``read_back_all``, that of
        captions all of whose attributes are right.

        With ``_new``, of captions whose combination training images do not have, if there are any; with ``_real``, of
        the split's own images (the most that can be reached); with ``_shuffled``, of images of other captions (chance).
        And the picture ``asked``: a row for each of the first captions.
        """
        if not isinstance(data, Readable):
            return Evaluation()
        found = data.split(split).at(slice(self.images))
        assert found.given is not None
        given = {**found.given, "caption": found.given["caption"][:, :1]}
        made = module.sample_given(given, generator(self.seed, "read_back")).cpu()
        asked, shown = data.asked(given), data.read(to_levels(made))

        # Shares of all captions, of both bounds, and of the new captions.
        new, other = data.new(asked), {name: value.roll(1) for name, value in shown.items()}
        values = {
            **shares(asked, shown),
            **_named(asked, data.read(found.images), "_real"),
            **_named(asked, other, "_shuffled"),
        }
        if new.any():
            values |= _named(*({name: v[new] for name, v in of.items()} for of in (asked, shown)), "_new")

        # A picture of several images for each of the first captions.
        first = {name: value[: self.rows].repeat_interleave(self.columns, 0) for name, value in given.items()}
        rows = module.sample_given(first, generator(self.seed, "asked")).cpu()
        words = data.sentences({name: value[: self.rows] for name, value in given.items()})
        protocol = {"captions": len(made), "new": int(new.sum()), "seed": self.seed, "batch_norm": module.batch_norm}
        return Evaluation(values, {"asked": picture(rows, self.columns, words)}, protocol)


def shares(asked: Mapping[str, Tensor], shown: Mapping[str, Tensor]) -> dict[str, float]:
    """The shares of right attributes, (n,) each, as ``ReadBack`` names them.

    >>> of = torch.tensor
    >>> shares({"a": of([1, -1]), "b": of([2, 2])}, {"a": of([1, 5]), "b": of([0, 2])})
    {'read_back_a': 1.0, 'read_back_b': 0.5, 'read_back': 0.666..., 'read_back_all': 0.5}
    """
    said = torch.stack([asked[name] >= 0 for name in asked])
    right = torch.stack([shown[name] == asked[name] for name in asked])
    values = {
        f"read_back_{name}": right[i][said[i]].float().mean().item() for i, name in enumerate(asked) if said[i].any()
    }
    values["read_back"] = right[said].float().mean().item()
    values["read_back_all"] = (right | ~said).all(0).float().mean().item()
    return values


def _named(asked: Mapping[str, Tensor], shown: Mapping[str, Tensor], suffix: str) -> dict[str, float]:
    """The two shares over all attributes, with a suffix."""
    found = shares(asked, shown)
    return {f"{name}{suffix}": found[name] for name in ("read_back", "read_back_all")}

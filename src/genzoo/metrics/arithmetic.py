"""Vector arithmetic: images of sums and differences of latent codes."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from genzoo.core.batches import Images
from genzoo.core.cache import cache_folder
from genzoo.core.capabilities import Decodes
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.exemplars import exemplars

log = logging.getLogger("genzoo")
SEEDS = {"a": (0, 1, 2), "b": (3, 4, 5), "c": (6, 7, 8)}


@register
class Arithmetic:
    """The image of the code a - b + c, where a, b and c are means of a few codes, and of eight noisy copies of it.

    The codes of a group are drawn from the prior, one seed per code; or, of many draws, the codes are chosen whose
    images a classifier of the data's labels assigns to a class with the highest probability. Categorical parts are
    added like all others.

    Args:
        groups: a list of seeds for each of ``a``, ``b`` and ``c``, one seed per code.
        classes: a class, counted from 0, for each of ``a``, ``b`` and ``c``; replaces ``groups``.
        n: number of codes per class.
        draws: number of prior draws among which the codes of the classes are searched.
        noise: half the width of the uniform noise.
        seed: seed of the draws and of the noise.
        cache: folder for the classifier if it has to be trained; None = ``$XDG_CACHE_HOME/genzoo``.

    Raises:
        GenzooError: a group is missing or empty, a setting is out of range.

    Source: DCGAN (arXiv 1511.06434), section 6.3.2 and figure 7: three codes a group, noise of scale 0.25.
    """

    needs = frozenset({Decodes, Images})

    def __init__(
        self,
        groups: Mapping[str, Sequence[int]] = SEEDS,
        classes: Mapping[str, int] | None = None,
        n: int = 3,
        draws: int = 1000,
        noise: float = 0.25,
        seed: int = 0,
        cache: str | Path | None = None,
    ):
        _check("groups", groups, "a list of seeds", lambda g: isinstance(g, Sequence) and g and all(map(_natural, g)))
        if classes is not None:
            _check("classes", classes, "a class", _natural)
        for key, count in (("n", n), ("draws", draws)):
            check_positive(f"metrics.arithmetic.{key}", count)
        self.groups, self.classes, self.n, self.draws = groups, classes, n, draws
        self.noise, self.seed, self.cache = noise, seed, cache_folder(cache)

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns the picture ``arithmetic``: one row per group with its codes and their mean; below, a - b + c.

        No picture if no draw belongs to a class (logged as a warning).

        Raises:
            GenzooError: the data do not have such a class, or are not suited to train a classifier on.
        """
        # The codes of each group, by class or by seed.
        if self.classes:
            groups = exemplars(module, data, self.classes, self.n, self.draws, self.seed, self.cache)
            captions = [[f"class {self.classes[name]}"] * len(groups[name]) for name in "abc"]
            if missing := [name for name in "abc" if not len(groups[name])]:
                log.warning(
                    f"metrics.arithmetic.classes.{missing[0]}={self.classes[missing[0]]}: none of {self.draws} draws "
                    "belongs to this class, so there is no picture; choose another class or more draws."
                )
                return Evaluation()
        else:
            draw = module.latent.sample
            groups = {
                name: torch.cat([draw(1, generator(seed, "arithmetic")) for seed in seeds])
                for name, seeds in self.groups.items()
            }
            captions = [[f"seed {seed}" for seed in self.groups[name]] for name in "abc"]

        # The 3 x 3 results: the exact sum in the middle, noisy copies around it.
        mean = {name: codes.mean(0, keepdim=True) for name, codes in groups.items()}
        y = mean["a"] - mean["b"] + mean["c"]
        noise = self.noise * (2 * torch.rand(8, y.shape[1], generator=generator(self.seed, "arithmetic noise")) - 1)
        results = torch.cat([y + noise[:4], y, y + noise[4:]]).split(3)

        # One sheet of all rows, the shorter ones padded with grey.
        rows = [*(torch.cat([groups[name], mean[name]]) for name in "abc"), *results]
        images = module.decode(torch.cat(rows).to(module.device)).split([len(row) for row in rows])
        sheet = pad_sequence(list(images), batch_first=True)  # (rows, columns, C, H, W); zeros are grey
        around = f"± {self.noise:g}"
        texts = [*([*row, "mean"] for row in captions), [around] * 3, [around, "exact", around], [around] * 3]
        padded = [text for row in texts for text in row + [""] * (sheet.shape[1] - len(row))]
        names = ["a", "b", "c", "", "a - b + c", ""]
        return Evaluation(pictures={"arithmetic": picture(sheet.flatten(0, 1), sheet.shape[1], names, padded)})


def _natural(value: Any) -> bool:
    return isinstance(value, int) and value >= 0


def _check(key: str, given: Mapping[str, Any], what: str, accepts: Callable[[Any], bool]) -> None:
    for name in dict.fromkeys(["a", "b", "c", *given]):
        if name not in ("a", "b", "c") or not accepts(given.get(name)):
            raise GenzooError(
                f"metrics.arithmetic.{key}.{name}={given.get(name)}: expected {what} for each of a, b and c, and for "
                "nothing else; integers from 0."
            )

"""Sums and differences of codes."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

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
    """The image of a - b + c, each of them the mean of a few codes; and around it eight with noise on that code.

    The codes of a group are drawn from the prior, each by a seed of its own; or they are those of many draws whose
    images a classifier of the data's labels is most certain of. Categorical parts are added like all others.

    Args:
        groups: for each of ``a``, ``b`` and ``c`` seeds, one a code.
        classes: for each of ``a``, ``b`` and ``c`` a class, counted from 0; takes the place of ``groups``.
        n: codes of each class.
        draws: codes among which those of the classes are looked for.
        noise: half the width of the uniform noise.
        seed: of these draws and of the noise.
        cache: folder for a classifier that has to be trained; None = ``$XDG_CACHE_HOME/genzoo``.

    Raises:
        GenzooError: a group is missing or empty, a setting is out of range.

    Source: DCGAN (arXiv 1511.06434), section 6.3.2 and figure 7: three codes a group, noise of scale 0.25.
    """

    needs = frozenset({Decodes})

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
        """The picture ``arithmetic``: a row a group, its codes, then their mean; below, a - b + c in the middle.

        None of data that are not pictures, nor where no draw is of a class (a line in the log says so).

        Raises:
            GenzooError: the data do not have a class, or no classifier can learn from them.
        """
        if data.spec.levels is None:
            return Evaluation()
        if self.classes:
            groups = exemplars(module, data, self.classes, self.n, self.draws, self.seed, self.cache)
            captions = [[f"class {self.classes[name]}"] * len(groups[name]) for name in "abc"]
            if missing := [name for name in "abc" if not len(groups[name])]:
                log.warning(
                    f"metrics.arithmetic.classes.{missing[0]}={self.classes[missing[0]]}: none of {self.draws} draws "
                    "is of this class, so there is no picture; take another class or more draws."
                )
                return Evaluation()
        else:
            draw = module.latent.sample
            groups = {
                name: torch.cat([draw(1, generator(seed, "arithmetic")) for seed in seeds])
                for name, seeds in self.groups.items()
            }
            captions = [[f"seed {seed}" for seed in self.groups[name]] for name in "abc"]

        mean = {name: codes.mean(0, keepdim=True) for name, codes in groups.items()}
        y = mean["a"] - mean["b"] + mean["c"]
        noise = self.noise * (2 * torch.rand(8, y.shape[1], generator=generator(self.seed, "arithmetic noise")) - 1)
        results = torch.cat([y + noise[:4], y, y + noise[4:]]).split(3)

        rows = [*(torch.cat([groups[name], mean[name]]) for name in "abc"), *results]
        images = module.decode(torch.cat(rows).to(module.device)).split([len(row) for row in rows])
        sheet = pad_sequence(list(images), batch_first=True)  # (rows, columns, C, H, W); zeros are the gaps' grey
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
                f"metrics.arithmetic.{key}.{name}={given.get(name)}: {what} is needed for each of a, b and c, and for "
                "nothing else; integers from 0."
            )

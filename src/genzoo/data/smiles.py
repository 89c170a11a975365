"""Molecules as lines of characters: SMILES of the package molsets."""

import gzip
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from genzoo.core.batches import ImageSet
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.characters import CharacterData
from genzoo.data.facts import check_facts
from genzoo.data.files import damaged
from genzoo.data.module import split_of

ALPHABET = "#()-123456=BCFHNOS[]clnors"
WORDS, LENGTH = 1 + len(ALPHABET), 58
INSTALL = "pip install --no-deps molsets"


@register
class Smiles(CharacterData):
    """1,584,663 training and 176,074 test molecules as SMILES; the last training ones are for validation.

    Args:
        folder: folder of train.csv.gz and test.csv.gz; None = that of the installed package molsets, which is not
            imported.
        words, length: number of tokens, and of tokens of a sequence; facts.
        n_validation: number of molecules for validation.
        options: settings of ``SetData``, and facts that the configuration states, which are checked.

    Raises:
        GenzooError: a setting is out of range; in ``setup``, the package or a file is missing or damaged.

    Source: Polykovskiy et al. 2018, arXiv 1811.12823; molecularsets/moses, moses/dataset/data.
    """

    name = "smiles"
    facts: ClassVar[dict[str, int]] = {"words": WORDS, "length": LENGTH, "classes": 0}

    def __init__(
        self,
        folder: str | Path | None = None,
        words: int = WORDS,
        length: int = LENGTH,
        n_validation: int = 10_000,
        **options: Any,
    ):
        check_facts(self.name, self.facts, {"words": words, "length": length, **options})
        check_positive("data.n_validation", n_validation)
        super().__init__(ALPHABET, length, **options)
        self.folder, self.n_validation = folder, n_validation

    def load(self) -> Mapping[str, ImageSet]:
        """Reads both files."""
        folder = _installed() if self.folder is None else Path(self.folder).expanduser()
        train, test = (split_of(self.encode(_lines(folder / f"{part}.csv.gz"))) for part in ("train", "test"))
        n = len(train.images) - self.n_validation
        if n < 1:
            raise GenzooError(
                f"data.n_validation={self.n_validation}: data=smiles has {len(train.images)} training molecules; "
                "choose fewer."
            )
        return {"train": train.at(slice(n)), "validation": train.at(slice(n, None)), "test": test}

    def canonical(self, lines: Sequence[str]) -> list[str | None]:
        """See ``Formal``: RDKit's canonical SMILES of lines that it understands as molecules.

        Raises:
            GenzooError: RDKit is not installed.
        """
        try:
            from rdkit import Chem, rdBase
        except ImportError as error:
            raise GenzooError(
                "metrics.validity: RDKit decides which SMILES are valid, and is not installed; pip install "
                '"genzoo[molecules]"'
            ) from error
        with rdBase.BlockLogs():  # it explains what is wrong with each line
            molecules = [Chem.MolFromSmiles(line) if line else None for line in lines]
        return [None if molecule is None else Chem.MolToSmiles(molecule) for molecule in molecules]


def _installed() -> Path:
    package = find_spec("moses")
    if package is None or package.origin is None:
        raise GenzooError(f"data=smiles: the package molsets is not installed; {INSTALL}, or set data.folder.")
    return Path(package.origin).parent / "dataset" / "data"


def _lines(path: Path) -> list[str]:
    """The molecules of a file, whose first column they are."""
    if not path.is_file():
        raise GenzooError(f"data=smiles: {path} is missing; {INSTALL}, or set data.folder to the folder of the file.")
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            title, *lines = (line.partition(",")[0].strip() for line in file)
    except (OSError, EOFError, ValueError) as error:
        raise damaged(path, error, "install molsets again") from error
    if title != "SMILES" or set("".join(lines)) - {*ALPHABET}:
        raise damaged(path, "it has no column SMILES, or other characters", "install molsets again")
    return lines

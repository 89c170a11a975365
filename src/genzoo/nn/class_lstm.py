"""An LSTM over sequences of words, whose class is an input of every step."""

import torch
from torch import Generator, Tensor, nn

from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.nn.language_lstm import LanguageLSTM


@register
class ClassLSTM(LanguageLSTM):
    """p(y | class) of an LSTM that reads the class, one-hot, with every word.

    What the class gives to the four gates, V_class, is part of the state: it has the rows h, c, and four of V_class.

    Args:
        words, length, embedding, hidden, std, generator: see ``LanguageLSTM``.
        classes: number of classes.

    Raises:
        GenzooError: a size is out of range.

    Example:
        >>> network = ClassLSTM(words=5, length=3, classes=2)
        >>> classes = torch.tensor([0, 1])
        >>> network.log_prob(network.draw(2, classes=classes), classes).shape
        torch.Size([2, 3])
    """

    def __init__(
        self,
        words: int,
        length: int,
        classes: int,
        embedding: int = 32,
        hidden: int = 32,
        std: float = 0.1,
        generator: Generator | None = None,
    ):
        super().__init__(words, length, embedding, hidden, std, generator)
        self.classes = check_integer("LSTM: classes", classes, 2)
        self.of_class = nn.Embedding(classes, 4 * hidden)
        nn.init.normal_(self.of_class.weight, std=std, generator=generator)

    def before(self, n: int, classes: Tensor | None = None) -> Tensor:
        """The state before the start token, (6, n, hidden), of sequences of classes, int64 (n,).

        Raises:
            GenzooError: there are no classes.
        """
        if classes is None:
            raise GenzooError("LSTM: the classes of the sequences are missing; give an integer for each.")
        return torch.cat([super().before(n), torch.stack(self.of_class(classes).chunk(4, 1))])

    def step(self, tokens: Tensor, state: Tensor) -> Tensor:
        """The state (6, n, hidden) after further tokens (n,)."""
        h, c, *of_class = state
        return torch.stack([*self.cell(self.inputs(tokens, h) + torch.cat(of_class, 1), c), *of_class])

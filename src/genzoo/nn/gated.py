"""Gated convolutions in two stacks, whose joint receptive field is all previous pixels."""

from torch import Tensor, nn

from genzoo.nn.masked import MaskedConv2d, VerticalConv2d


def gate(x: Tensor) -> Tensor:
    """Returns tanh(f) σ(g), (B, n, ...), of maps (B, 2 n, ...) that consist of f and g.

    >>> import torch
    >>> gate(torch.tensor([[1.0, 0.0]])) == torch.tensor([[1.0]]).tanh() / 2
    tensor([[True]])
    """
    f, g = x.chunk(2, dim=1)
    return f.tanh() * g.sigmoid()


class GatedLayer(nn.Module):
    """A layer of the vertical stack, which covers the rows above, and of the horizontal stack, for the own row.

    v ← tanh(W_f v + V_f c) σ(W_g v + V_g c); h likewise, from its own row and the output of the vertical stack.
    ``down`` is the vertical part, ``across`` the horizontal part. The input of the vertical stack at a row must come
    from rows above it.

    Args:
        inputs: number of input feature maps of both stacks.
        hidden: number of output feature maps.
        kernel: odd width of the convolutions, and height of the vertical one before it is cut off below its own row.
        mask, colours: see ``MaskedConv2d``; with mask B the horizontal stack is residual.
        condition: width of the conditioning vector c; 0 = none.

    Source: van den Oord et al. 2016, arXiv 1606.05328, figure 2 and equations 2 and 4.
    """

    def __init__(self, inputs: int, hidden: int, kernel: int, mask: str = "B", colours: int = 1, condition: int = 0):
        super().__init__()
        self.residual = mask == "B"
        self.vertical = VerticalConv2d(inputs, 2 * hidden, kernel)
        self.tell = nn.Conv2d(2 * hidden, 2 * hidden, 1)  # covers only rows above: no mask
        self.horizontal = MaskedConv2d(inputs, 2 * hidden, (1, kernel), mask, colours, parts=2)
        self.merge = MaskedConv2d(hidden, hidden, 1, "B", colours)
        self.condition = nn.Linear(condition, 4 * hidden, bias=False) if condition else None

    def down(self, v: Tensor, c: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Returns the vertical stack (B, hidden, H, W), and its input to the horizontal one (B, 2 hidden, H, W).

        Args:
            v: (B, inputs, H, W).
            c: (B, condition); None has the effect of zeros.
        """
        v = self.vertical(v)
        for_horizontal = self.tell(v)
        if c is not None:
            for_v, for_h = self.condition(c)[:, :, None, None].chunk(2, dim=1)
            v, for_horizontal = v + for_v, for_horizontal + for_h
        return gate(v), for_horizontal

    def across(self, h: Tensor, vertical: Tensor) -> Tensor:
        """Returns the horizontal stack (B, hidden, H, W), given h (B, inputs, H, W) and the output of ``down``."""
        new = self.merge(gate(self.horizontal(h) + vertical))
        return h + new if self.residual else new

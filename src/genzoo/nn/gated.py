"""Gated convolutions in two stacks, which together see all that is before a pixel."""

from torch import Tensor, nn

from genzoo.nn.masked import MaskedConv2d, VerticalConv2d


def gate(x: Tensor) -> Tensor:
    """tanh(f) σ(g) of maps (B, 2 n, ...) that hold f and g: (B, n, ...).

    >>> import torch
    >>> gate(torch.tensor([[1.0, 0.0]])) == torch.tensor([[1.0]]).tanh() / 2
    tensor([[True]])
    """
    f, g = x.chunk(2, dim=1)
    return f.tanh() * g.sigmoid()


class GatedLayer(nn.Module):
    """A layer of the vertical stack, which sees the rows above, and of the horizontal one, which sees its own row.

    v ← tanh(W_f v + V_f c) σ(W_g v + V_g c); h likewise, of its own row and of what the vertical stack tells it.
    ``down`` is the vertical part, ``across`` the horizontal one. What the vertical stack is given at a row must come
    from rows above it.

    Args:
        inputs: feature maps of both stacks that it takes.
        hidden: that it gives.
        kernel: odd width of the convolutions, and height of the vertical one before it is cut off below its own row.
        mask, colours: see ``MaskedConv2d``; with mask B the horizontal stack is residual.
        condition: width of a vector c that the images depend on; 0 = none.

    Source: van den Oord et al. 2016, arXiv 1606.05328, figure 2 and equations 2 and 4.
    """

    def __init__(self, inputs: int, hidden: int, kernel: int, mask: str = "B", colours: int = 1, condition: int = 0):
        super().__init__()
        self.residual = mask == "B"
        self.vertical = VerticalConv2d(inputs, 2 * hidden, kernel)
        self.tell = nn.Conv2d(2 * hidden, 2 * hidden, 1)  # all of it is above: no mask
        self.horizontal = MaskedConv2d(inputs, 2 * hidden, (1, kernel), mask, colours, parts=2)
        self.merge = MaskedConv2d(hidden, hidden, 1, "B", colours)
        self.condition = nn.Linear(condition, 4 * hidden, bias=False) if condition else None

    def down(self, v: Tensor, c: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The vertical stack (B, hidden, H, W), and what it tells the horizontal one (B, 2 hidden, H, W).

        Args:
            v: (B, inputs, H, W).
            c: (B, condition).
        """
        v = self.vertical(v)
        told = self.tell(v)
        if self.condition is not None:
            for_v, for_h = self.condition(c)[:, :, None, None].chunk(2, dim=1)
            v, told = v + for_v, told + for_h
        return gate(v), told

    def across(self, h: Tensor, told: Tensor) -> Tensor:
        """The horizontal stack (B, hidden, H, W) of h (B, inputs, H, W) and of what it is told."""
        new = self.merge(gate(self.horizontal(h) + told))
        return h + new if self.residual else new

"""Matplotlib figures as images."""

from io import BytesIO

from matplotlib.figure import Figure
from PIL import Image


def as_picture(figure: Figure, dots: int = 120) -> Image.Image:
    """Renders a figure.

    Args:
        figure: created without pyplot, which would keep it in memory.
        dots: resolution, in dots per inch.

    Example:
        >>> as_picture(Figure(figsize=(2, 1)), dots=50).size
        (100, 50)
    """
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=dots)
    return Image.open(drawn).convert("RGB")

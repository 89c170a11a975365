"""Resizing of pictures to squares of one size."""

from PIL import Image, ImageOps

from genzoo.core.errors import GenzooError, near

FITS = ("crop", "pad", "stretch")


class Fit:
    """Resizes pictures to squares of one size (Lanczos), and refuses others than squares if no way to do so is chosen.

    Args:
        size: height and width in pixels of the result.
        fit: ``"crop"``: the central square is kept; ``"pad"``: black borders make a square; ``"stretch"``: height and
            width are scaled separately; None = all pictures must be squares of one size.

    Raises:
        GenzooError: there is no such way; when called: without one, a picture is no square or has another size than
            a previous one.

    Example:
        >>> Fit(8, "pad")(Image.new("L", (8, 4), 255), "a.png").getextrema()
        (0, 255)
        >>> Fit(8, None)(Image.new("L", (8, 4)), "a.png")
        Traceback (most recent call last):
        genzoo.core.errors.GenzooError: data.fit: a.png has 8 x 4 pixels, but models need squares of one size; set \
data.fit=crop (the central square), data.fit=pad (black borders) or data.fit=stretch.
    """

    def __init__(self, size: int, fit: str | None):
        if fit is not None and fit not in FITS:
            raise GenzooError(f"data.fit={fit}: unknown. {near(fit, FITS)}")
        self.size, self.fit = size, fit
        self._first: tuple[int, int] | None = None

    def __call__(self, picture: Image.Image, what: str) -> Image.Image:
        """Returns the resized picture; ``what`` is its name, for the message."""
        square = (self.size, self.size)
        if self.fit is None:
            self._check(picture.size, what)
        if picture.size == square:
            return picture
        if self.fit == "pad":
            return ImageOps.pad(picture, square, Image.Resampling.LANCZOS)
        if self.fit == "stretch":
            return picture.resize(square, Image.Resampling.LANCZOS)
        return ImageOps.fit(picture, square, Image.Resampling.LANCZOS)

    def _check(self, size: tuple[int, int], what: str) -> None:
        self._first = self._first or size
        if size[0] == size[1] and size == self._first:
            return
        others = "" if size[0] != size[1] else f", others {self._first[0]} x {self._first[1]}"
        raise GenzooError(
            f"data.fit: {what} has {size[0]} x {size[1]} pixels{others}, but models need squares of one size; set "
            "data.fit=crop (the central square), data.fit=pad (black borders) or data.fit=stretch."
        )

"""Blending of images by Gaussian-Poisson editing: the colours of one image, the gradients of others."""

import numpy as np
from scipy.fft import dctn, idctn
from scipy.ndimage import gaussian_filter, zoom

from genzoo.core.errors import GenzooError

AXES = (0, 1)  # of height and width


def gaussian_poisson(
    source: np.ndarray,
    destination: np.ndarray,
    mask: np.ndarray,
    colours: np.ndarray,
    weight: float = 1.0,
    sigma: float = 0.5,
) -> np.ndarray:
    """argmin_x Σ |∇x - v|² + weight <x - c, g * (x - c)>, in closed form by the cosine transform.

    v are the gradients of the source inside the mask and those of the destination outside, c the colours and g a
    Gaussian of 3 x 3 pixels. Borders are reflected.

    Args:
        source, destination, colours: (H, W, C), of any range.
        mask: weights of the source, from 0 to 1, (H, W).
        weight: of the colours.
        sigma: standard deviation of the Gaussian in pixels.

    Raises:
        GenzooError: the shapes do not fit each other, or the weight or the deviation is not positive.

    Source: GP-GAN (Wu et al. 2017, arXiv 1703.07195), section 3.2; wuhuikai/GP-GAN, gp_gan.py: run_gp_editing.

    Example:
        >>> x = np.random.default_rng(0).random((8, 6, 3))
        >>> bool(np.allclose(gaussian_poisson(x, x, np.ones((8, 6)), x), x))
        True
    """
    _check(source, destination, mask, colours)
    for name, value in (("weight", weight), ("sigma", sigma)):
        if not value > 0:
            raise GenzooError(f"blending: {name}={value}: a positive number is needed.")

    # -div v, the sum over both axes of differences of gradients, which are 0 across the border.
    divergence = np.zeros(source.shape)
    for axis in AXES:
        along = np.moveaxis(mask, axis, 0)[..., None]
        inner = (along[:-1] + along[1:]) / 2  # a gradient has the mean mask of its two pixels
        of_source, of_destination = (np.diff(np.moveaxis(x, axis, 0), axis=0) for x in (source, destination))
        v = inner * of_source + (1 - inner) * of_destination
        divergence += np.moveaxis(-np.diff(np.pad(v, [(1, 1), (0, 0), (0, 0)]), axis=0), 0, axis)

    # The cosine transform diagonalises the Laplacian and the Gaussian.
    cosines = np.ix_(*(np.cos(np.pi * np.arange(n) / n) for n in source.shape[:2]))
    laplacian = 4 - 2 * cosines[0] - 2 * cosines[1]
    side = np.exp(-0.5 / sigma**2)
    gaussian = weight * np.prod([(1 + 2 * side * c) / (1 + 2 * side) for c in np.broadcast_arrays(*cosines)], axis=0)
    transform = dctn(divergence, axes=AXES) + gaussian[..., None] * dctn(colours, axes=AXES)
    return idctn(transform / (laplacian + gaussian)[..., None], axes=AXES)


def blend(
    source: np.ndarray,
    destination: np.ndarray,
    mask: np.ndarray,
    colours: np.ndarray,
    weight: float = 1.0,
    sigma: float = 0.5,
    smoothing: float = 1.0,
) -> np.ndarray:
    """Pastes a part of one image into another one, with the colours of a small image, from coarse to fine.

    At each level of a pyramid, from the size of ``colours`` on, ``gaussian_poisson`` is solved; its results, enlarged,
    are the next level's colours.

    Args:
        source, destination: (H, W, C) in [0, 1]; H and W are those of ``colours`` times the same power of two.
        mask: 1 = pixels of the source, 0 = of the destination, (H, W).
        colours: (h, w, C) in [0, 1], such as a model's blended image.
        weight, sigma: see ``gaussian_poisson``.
        smoothing: standard deviation in pixels of the Gaussian before each halving.

    Raises:
        GenzooError: see ``gaussian_poisson``; or the sizes are others.

    Source: wuhuikai/GP-GAN, gp_gan.py: gp_gan.

    Example:
        >>> x = np.full((16, 16, 3), 0.25)
        >>> blend(x, x, np.ones((16, 16)), np.full((4, 4, 3), 0.25)).mean().round(6)
        np.float64(0.25)
    """
    _check(source, destination, mask, source)
    times = len(source) // max(1, len(colours))
    if times.bit_count() != 1 or source.shape[:2] != (times * len(colours), times * colours.shape[1]):
        raise GenzooError(
            f"blending: images of {source.shape[:2]} pixels need colours of this size divided by a power of two, not "
            f"{colours.shape[:2]}."
        )
    levels = [(source, destination, mask)]
    for _ in range(times.bit_length() - 1):
        a, b, inside = levels[-1]
        levels.append((_halved(a, smoothing), _halved(b, smoothing), inside[::2, ::2]))
    for a, b, inside in reversed(levels):
        factor = len(a) / len(colours)
        enlarged = zoom(colours, (factor, factor, 1), order=1, mode="nearest", grid_mode=True)
        colours = gaussian_poisson(a, b, inside, enlarged, weight, sigma).clip(0, 1)
    return colours


def _halved(image: np.ndarray, smoothing: float) -> np.ndarray:
    """The smoothed image, means of 2 x 2 pixels."""
    smooth = gaussian_filter(image, (smoothing, smoothing, 0))
    return smooth.reshape(len(image) // 2, 2, image.shape[1] // 2, 2, -1).mean((1, 3))


def _check(source: np.ndarray, destination: np.ndarray, mask: np.ndarray, colours: np.ndarray) -> None:
    shapes = [np.shape(x) for x in (source, destination, colours)]
    if len(set(shapes)) > 1 or len(shapes[0]) != 3 or np.shape(mask) != shapes[0][:2]:
        raise GenzooError(
            "blending: source, destination and colours of one shape (height, width, channels) and a mask of (height, "
            f"width) are needed, not {', '.join(map(str, [*shapes, np.shape(mask)]))}."
        )

"""Gaussian-Poisson editing against the normal equations, and what blending must leave as it is."""

import numpy as np
import pytest
from scipy.ndimage import correlate

from genzoo.core.blending import blend, gaussian_poisson
from genzoo.core.errors import GenzooError

DRAW = np.random.default_rng(0)
SIZE = (6, 5)


def draw(*shape):
    return DRAW.random(shape or (*SIZE, 2))


def test_an_image_blended_with_itself_is_itself():
    x = draw()
    np.testing.assert_allclose(gaussian_poisson(x, x, draw(*SIZE), x), x, atol=1e-12)


def test_a_constant_on_the_colours_shifts_the_result_and_one_on_the_images_does_not_count():
    s, d, m, c = draw(), draw(), draw(*SIZE), draw()
    found = gaussian_poisson(s, d, m, c)
    np.testing.assert_allclose(gaussian_poisson(s, d, m, c + 0.3), found + 0.3, atol=1e-12)
    np.testing.assert_allclose(gaussian_poisson(s + 0.2, d - 0.7, m, c), found, atol=1e-12)


def test_it_solves_the_normal_equations():
    s, d, c, weight, sigma = draw(*SIZE, 1), draw(*SIZE, 1), draw(*SIZE, 1), 0.7, 0.6
    m = (draw(*SIZE) < 0.5).astype(float)
    n = s[..., 0].size
    units = np.eye(n).reshape(n, *SIZE)
    right = np.stack([np.diff(x, axis=1).ravel() for x in units], 1)
    down = np.stack([np.diff(x, axis=0).ravel() for x in units], 1)
    taps = np.exp(-0.5 * np.array([1, 0, 1]) / sigma**2)
    kernel = np.outer(taps, taps) / taps.sum() ** 2
    g = np.stack([correlate(x, kernel, mode="reflect").ravel() for x in units], 1)
    matrix, target = weight * g, weight * g @ c.ravel()
    for operator, inner in ((right, (m[:, :-1] + m[:, 1:]) / 2), (down, (m[:-1] + m[1:]) / 2)):
        v = inner.ravel() * (operator @ s.ravel()) + (1 - inner.ravel()) * (operator @ d.ravel())
        matrix, target = matrix + operator.T @ operator, target + operator.T @ v
    expected = np.linalg.solve(matrix, target).reshape(*SIZE, 1)
    np.testing.assert_allclose(gaussian_poisson(s, d, m, c, weight, sigma), expected, atol=1e-10)


def test_the_pyramid_keeps_details_of_the_source_and_of_the_destination():
    rows, columns = np.mgrid[:32, :32] / 31
    smooth = np.stack([rows, columns, rows * columns], 2) * 0.4 + 0.3
    small = smooth.reshape(8, 4, 8, 4, 3).mean((1, 3))
    mask = np.zeros((32, 32))
    mask[8:24, 8:24] = 1
    source, destination = (smooth + 0.05 * (draw(32, 32, 3) - 0.5) for _ in range(2))
    found = blend(source, destination, mask, small)
    assert found.shape == (32, 32, 3)
    for part, kept in ((np.s_[10:22, 10:22], source), (np.s_[:6], destination)):
        detail, wanted = (np.diff(x[part], axis=1) for x in (found, kept))
        assert np.corrcoef(detail.ravel(), wanted.ravel())[0, 1] > 0.9
    assert abs(found - smooth).mean() < 0.03


def test_colours_of_full_size_are_one_level():
    s, d, m, c = (draw(8, 8, 3) * 0.2 + 0.4 for _ in range(4))
    np.testing.assert_allclose(blend(s, d, m[..., 0], c), gaussian_poisson(s, d, m[..., 0], c).clip(0, 1), atol=1e-12)


@pytest.mark.parametrize("small", [(3, 3, 3), (8, 4, 3), (16, 16, 3), (0, 0, 3)])
def test_sizes_that_do_not_fit_are_refused(small):
    with pytest.raises(GenzooError, match=r"^blending: images of \(8, 8\) pixels need colours"):
        blend(draw(8, 8, 3), draw(8, 8, 3), draw(8, 8), np.zeros(small))


def test_shapes_and_numbers_that_do_not_fit_are_refused():
    x = draw()
    with pytest.raises(GenzooError, match=r"^blending: source, destination and colours of one shape"):
        gaussian_poisson(x, x[1:], draw(*SIZE), x)
    for setting in ("weight", "sigma"):
        with pytest.raises(GenzooError, match=rf"^blending: {setting}=0: a positive number"):
            gaussian_poisson(x, x, draw(*SIZE), x, **{setting: 0})

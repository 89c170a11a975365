import numpy as np
import pytest

from genzoo.core.errors import GenzooError
from genzoo.data.levels import check_images, to_eight_bits, white_of

ALL = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)


def levels(values):
    return to_eight_bits(values, white_of(values, "x"))


@pytest.mark.parametrize(
    "values",
    [
        ALL,
        ALL.astype(np.int64),
        ALL.astype(np.uint16),
        ALL.astype(np.float32),
        *(ALL.astype(kind) / kind(255) for kind in (np.float16, np.float32, np.float64)),
    ],
)
def test_levels_are_converted_exactly(values):
    assert levels(values).dtype == np.uint8
    assert np.array_equal(levels(values), ALL)


def test_black_and_white():
    binary = np.array([[[0, 1]]])
    for kind in (bool, np.float32):
        assert levels(binary.astype(kind)).tolist() == [[[0, 255]]]
    assert levels(binary.astype(np.uint8)).tolist() == [[[0, 1]]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([-1, 1], "x has values from -1 to 1, but models need 0 to 255; save uint8 levels, or floats in"),
        ([0, 256], "x has values from 0 to 256, "),
        ([0.5, 200], "x has values from 0 to 200 that are not whole"),
        ([0, np.nan], "x has NaN or infinite values"),
        ([0, -np.inf], "x has NaN or infinite values"),
    ],
)
def test_other_values_are_refused(values, message):
    images = np.zeros((3000, 1, 2), np.float32)
    images[2999, 0] = values
    with pytest.raises(GenzooError, match=f"^{message}"):
        white_of(images, "x")


@pytest.mark.parametrize("shape", [(5, 8, 9), (5, 8, 9, 1), (5, 8, 9, 3), (5, 8, 9, 4), (0, 8, 8)])
def test_shapes_of_images(shape):
    check_images(shape, np.dtype(np.float64), "x")


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        (
            (5, 3, 8, 8),
            "u1",
            r"\(5, 3, 8, 8\), but .* put channels last with images.transpose\(0, 2, 3, 1\)",
        ),
        ((5, 64), "u1", r"x has the shape \(5, 64\), but \(N, H, W\) or \(N, H, W, C\)"),
        ((5, 8, 8, 2), "u1", "1, 3 or 4 channels is needed"),
        ((5, 0, 8), "u1", "its images have no pixels"),
        ((5, 8, 8), "c8", "x is of type complex64, but numbers are needed"),
        ((5, 8, 8), "<U3", "x is of type <U3"),
    ],
)
def test_other_shapes_and_types_are_refused(shape, dtype, message):
    with pytest.raises(GenzooError, match=message):
        check_images(shape, np.dtype(dtype), "x")

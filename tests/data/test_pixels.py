"""Pixels of each mode that a decoder can give, computed by hand."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.data.pixels import Seen, check_range, describe_losses, read_picture

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def read(path, mode="RGB", white=None):
    """Pixels as a list of rows, and the facts."""
    picture, seen = read_picture(path, mode, white)
    assert picture.mode == mode
    return np.asarray(picture).tolist(), seen


def write_png(path, values, bits, kind, width=None):
    """A PNG by its specification: big-endian values, no filter. kind: 0 = grey, 2 = colour, 4 = grey and alpha."""
    values = np.asarray(values)
    rows = b"".join(b"\0" + row.astype(">u2" if bits == 16 else "u1").tobytes() for row in values)

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width or values.shape[1], values.shape[0], bits, kind, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    return path


def saved(path, values, **options):
    Image.fromarray(np.asarray(values)).save(path, **options)
    return path


# Transparency


def test_transparent_pixels_are_laid_on_white(tmp_path):
    path = saved(tmp_path / "a.png", np.array([[[255, 0, 0, 255], [0, 0, 0, 0], [0, 0, 100, 51]]], np.uint8))
    pixels, seen = read(path)
    assert pixels == [[[255, 0, 0], [255, 255, 255], [204, 204, 224]]]  # 0.2 * (0, 0, 100) + 0.8 * 255
    assert seen.losses == ("transparent pixels are composed over white",)


def test_opaque_alpha_changes_nothing(tmp_path):
    path = saved(tmp_path / "a.png", np.array([[[1, 2, 3, 255], [4, 5, 6, 255]]], np.uint8))
    assert read(path) == ([[[1, 2, 3], [4, 5, 6]]], Seen((), None, None, 6))


def test_grey_with_alpha(tmp_path):
    image = Image.new("LA", (2, 1))
    image.putpixel((0, 0), (100, 255))
    image.putpixel((1, 0), (100, 0))
    image.save(tmp_path / "a.png")
    assert read(tmp_path / "a.png", "L")[0] == [[100, 255]]


def palette(path, **options):
    image = Image.new("P", (3, 1))
    image.putpalette([*RED, *GREEN, *BLUE])
    for i in range(3):
        image.putpixel((i, 0), i)
    image.save(path, **options)
    return path


@pytest.mark.parametrize("ending", ["png", "gif"])
def test_palettes_with_and_without_a_transparent_colour(tmp_path, ending):
    assert read(palette(tmp_path / f"a.{ending}"))[0] == [[[*RED], [*GREEN], [*BLUE]]]
    pixels, seen = read(palette(tmp_path / f"b.{ending}", transparency=1))
    assert pixels == [[[*RED], [*WHITE], [*BLUE]]]
    assert len(seen.losses) == 1


def test_a_palette_of_degrees_of_transparency(tmp_path):
    path = palette(tmp_path / "a.png", transparency=bytes([255, 0, 51]))
    assert read(path)[0] == [[[*RED], [*WHITE], [204, 204, 255]]]


@pytest.mark.parametrize(("mode", "colour"), [("L", 7), ("RGB", (7, 8, 9))])
def test_one_transparent_colour_without_alpha(tmp_path, mode, colour):
    Image.new(mode, (1, 1), colour).save(tmp_path / "a.png", transparency=colour)
    assert read(tmp_path / "a.png")[0] == [[[*WHITE]]]


# Eight bits and fewer


def test_one_bit(tmp_path):
    Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1").save(tmp_path / "a.png")
    assert read(tmp_path / "a.png", "L") == ([[0, 255]], Seen((), None, None, 255))


def test_four_bits_reach_white(tmp_path):
    assert read(write_png(tmp_path / "a.png", [[0x0F, 0x37]], 4, 0, width=4), "L")[0] == [[0, 255, 51, 119]]


def test_cmyk(tmp_path):
    Image.new("CMYK", (1, 1), (255, 0, 0, 51)).save(tmp_path / "a.tif")
    pixels, seen = read(tmp_path / "a.tif")
    assert pixels == [[[0, 204, 204]]]  # (255 - ink) * (255 - black) / 255
    assert seen.losses == ("CMYK is converted to RGB without its colour profile",)


def test_colours_become_grey_by_their_luminance(tmp_path):
    path = saved(tmp_path / "a.png", np.array([[RED, GREEN, BLUE]], np.uint8))
    assert read(path, "L")[0] == [[76, 150, 29]]  # 0.299, 0.587, 0.114


def test_a_camera_turned(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by a quarter
    path = saved(tmp_path / "a.png", np.array([[0, 256], [512, 25600]], np.uint16), exif=exif)
    assert read(path, "L")[0] == [[2, 0], [100, 1]]


# More than eight bits


def test_sixteen_bits_keep_the_upper_eight(tmp_path):
    path = saved(tmp_path / "a.png", np.array([[0, 255, 256, 25600, 65535]], np.uint16))
    pixels, seen = read(path, "L")
    assert pixels == [[0, 0, 1, 100, 255]]
    assert seen == Seen(("greys of more than 8 bits are reduced to 256 levels from 0 to 65535",), 65535, None, 255)


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_white_is_a_setting(tmp_path, bits, ending):
    top = 2**bits - 1
    values = np.array([[0, 2 ** (bits - 8), 100 * 2 ** (bits - 8), top]], np.uint16)
    path = saved(tmp_path / f"a.{ending}", values)
    assert read(path, "L", white=top)[0] == [[0, 1, 100, 255]]
    assert read(path, "RGB", white=top)[0] == [[[v] * 3 for v in (0, 1, 100, 255)]]


def test_levels_beyond_white_are_white_and_it_is_said(tmp_path):
    pixels, seen = read(saved(tmp_path / "a.png", np.array([[2000, 4095, 4096, 65535]], np.uint16)), "L", 4095)
    assert pixels == [[125, 255, 255, 255]]
    assert "grey levels outside of 0 to 4095 become black or white" in seen.losses


def test_big_endian_and_inverted_tiff(tmp_path):
    values = np.array([[0, 256, 65535]], np.uint16)
    Image.fromarray(values.astype(">u2")).save(tmp_path / "a.tif")
    assert read(tmp_path / "a.tif", "L")[0] == [[0, 1, 255]]
    Image.fromarray(values).save(tmp_path / "b.tif", tiffinfo={262: 0})  # PhotometricInterpretation: 0 is white
    assert read(tmp_path / "b.tif", "L")[0] == [[255, 254, 0]]


def test_a_ppm_states_its_white(tmp_path):
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P5 4 1 4095\n" + np.array([0, 16, 1600, 4095], ">u2").tobytes())
    assert read(path, "L", white=1000) == (
        [[0, 1, 100, 255]],
        Seen(("greys of more than 8 bits are reduced to 256 levels from 0 to 65535",), None, None, 255),
    )
    path.write_bytes(b"P5 2 1 65535\n" + np.array([256, 4095], ">u2").tobytes())
    pixels, seen = read(path, "L")
    assert (pixels, seen.greys) == ([[1, 15]], 4095)


def test_a_tiff_of_twelve_bits_states_its_white(tmp_path):
    pixels = bytes([0x64, 0x0F, 0xFF])  # 1600 and 4095, packed
    tags = {256: 2, 257: 1, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: len(pixels)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    header = struct.pack("<2sHI", b"II", 42, 12) + pixels.ljust(4)
    (tmp_path / "a.tif").write_bytes(header + struct.pack("<H", len(tags)) + entries + bytes(4))
    levels, seen = read(tmp_path / "a.tif", "L")
    assert levels == [[100, 255]]
    assert (seen.greys, seen.losses) == (None, ("greys of more than 8 bits are reduced to 256 levels from 0 to 4095",))


def test_32_bits_need_a_white(tmp_path):
    ints = saved(tmp_path / "i.tif", np.array([[-5, 0, 2000, 4095]], np.int32))
    floats = saved(tmp_path / "f.tif", np.array([[-1, 0.1, 0.5, 2]], np.float32))
    for path in (ints, floats):
        with pytest.raises(ValueError, match=r"the range of 32-bit pixels is unknown; set data\.white="):
            read(path, "L")
    assert read(ints, "L", 4095)[0] == [[0, 0, 125, 255]]
    assert read(floats, "L", 1.0)[0] == [[0, 26, 128, 255]]  # 25.5 and 127.5 to the nearest even


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused(tmp_path, value):
    with pytest.raises(ValueError, match="NaN or infinite"):
        read(saved(tmp_path / "a.tif", np.array([[value, 0.5]], np.float32)), "L", 1.0)


def test_colours_of_sixteen_bits(tmp_path):
    path = write_png(tmp_path / "a.png", [[[25600, 255, 65535]]], 16, 2)
    assert read(path) == (
        [[[100, 0, 255]]],
        Seen(("of 16-bit colours, only the upper 8 bits are used",), None, 65535, 255),
    )
    assert read(path, white=65535)[0] == [[[100, 0, 255]]]
    with pytest.raises(ValueError, match=r"data\.white does not apply"):
        read(path, white=4095)
    alpha = write_png(tmp_path / "b.png", [[[25600, 65535], [25600, 0]]], 16, 4)
    assert read(alpha, "L")[0] == [[100, 255]]


# Several pictures


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "tif"])
def test_of_several_frames_the_first_is_taken(tmp_path, ending):
    first, *others = (Image.new("RGB", (2, 2), colour) for colour in (RED, GREEN, BLUE))
    lossless = {"lossless": True} if ending == "webp" else {}
    first.save(tmp_path / f"a.{ending}", save_all=True, append_images=others, **lossless)
    pixels, seen = read(tmp_path / f"a.{ending}")
    assert pixels == [[[*RED]] * 2] * 2
    assert seen.losses == ("of several frames or pages, only the first is used",)
    first.save(tmp_path / f"b.{ending}", **lossless)
    assert read(tmp_path / f"b.{ending}")[1].losses == ()


# Of many files


def greys(largest):
    return Seen((), largest, None, 255)


@pytest.mark.parametrize(("largest", "white"), [(4095, 4095), (3531, 4095), (4096, 8191), (1000, 1023), (16383, 16383)])
def test_the_range_of_fewer_bits_is_refused(largest, white):
    with pytest.raises(
        GenzooError, match=rf"largest level of 2 grey files.* is {largest} of 65535; set data.white={white} "
    ):
        check_range([greys(7), greys(largest)], None)
    check_range([greys(largest)], 65535)
    check_range([greys(largest), greys(16384)], None)


def test_the_range_of_dark_colours_is_refused():
    with pytest.raises(GenzooError, match="no level of 1 colour files of 16 bits is above 4095"):
        check_range([Seen((), None, 4095, 15)], None)
    check_range([Seen((), None, 4095, 15)], 65535)


def test_losses_are_described_in_one_line():
    assert describe_losses([]) is None
    assert describe_losses([Seen((), None, None, 64)]) is None
    assert (
        describe_losses([Seen(("b", "a"), None, None, 200), Seen(("b",), None, None, 0)])
        == "a (1 of 2 files); b (2 of 2 files)"
    )
    assert describe_losses([Seen((), None, None, 1)]) == "nearly black: the largest level of all images is 1 of 255"

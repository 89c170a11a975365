import logging

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.data.module import SPLITS
from genzoo.data.table import ImageTable


@pytest.fixture
def table(tmp_path):
    """A function that writes a table beside 20 images, all pixels of image i being i, and gives its path."""
    (tmp_path / "some").mkdir()
    for i in range(20):
        Image.fromarray(np.full((4, 4), i, np.uint8)).save(tmp_path / "some" / f"{i}.png")

    def write(*lines, encoding="utf-8"):
        (tmp_path / "x.csv").write_text("\n".join(lines) + "\n", encoding=encoding)
        return tmp_path / "x.csv"

    return write


def rows(data):
    """Image -> label, factors and split."""
    found = {}
    for split in SPLITS:
        images, labels, factors, *_ = data.split(split)
        for i, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
            (number,) = image.unique().tolist()
            found[number] = (label, None if factors is None else factors[i].tolist(), split)
    return found


def test_labels_factors_and_splits_stay_with_their_image(table):
    lines = [
        f"{'cat' if i % 3 else 'dog'},some/{i}.png,{i / 4},{'true' if i < 9 else 'False'},{SPLITS[i % 3]}"
        for i in range(20)
    ]
    data = ImageTable(table("label,path,age,young,split", *lines, encoding="utf-8-sig"), size=4, channels=1)
    assert (data.spec.classes, data.class_names, data.spec.factors) == (2, ["cat", "dog"], ("age", "young"))
    assert rows(data) == {i: (int(i % 3 == 0), [i / 4, float(i < 9)], SPLITS[i % 3]) for i in range(20)}


def test_one_column_is_enough(table):
    data = ImageTable(table("path", *(f"some/{i}.png" for i in range(20))), size=4, n_validation=5, n_test=3)
    found = rows(data)
    assert {image: label for image, (label, _, _) in found.items()} == dict.fromkeys(range(20), -1)
    assert [sum(split == one for *_, split in found.values()) for one in SPLITS] == [12, 5, 3]
    assert data.split("train").factors is None
    assert data.spec.factors == ()


def test_paths_may_be_absolute_and_quoted(table, tmp_path):
    Image.new("L", (4, 4), 99).save(tmp_path / "a, b.png")
    lines = (f'"{tmp_path / "a, b.png"}", 3', "", "some/1.png,")
    data = ImageTable(table("path, label", *lines), size=4, channels=1)
    assert {image: label for image, (label, *_) in rows(data).items()} == {99: 0, 1: -1}
    assert data.class_names == ["3"]


def test_integers_are_sorted_by_value(table):
    lines = [f"some/{i}.png,{label}" for i, label in enumerate((10, 9, -1, 9))]
    data = ImageTable(table("path,label", *lines), size=4, channels=1)
    assert data.class_names == ["9", "10"]
    assert {image: label for image, (label, *_) in rows(data).items()} == {0: 1, 1: 0, 2: -1, 3: 0}


def test_columns_that_are_factors_can_be_chosen(table):
    file = table("path,artist,age", "some/1.png,Monet,3", "some/2.png,Manet,4")
    data = ImageTable(file, factors=["age"], size=4, channels=1)
    assert {image: factors for image, (_, factors, _) in rows(data).items()} == {1: [3.0], 2: [4.0]}
    assert ImageTable(file, factors=[], size=4).split("train").factors is None


def test_pixels_are_those_of_a_folder(table, tmp_path, caplog):
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    for i in range(2):
        Image.fromarray(np.full((4, 4), 4095 * i, np.uint16)).save(tmp_path / f"deep{i}.png")
    with caplog.at_level(logging.WARNING, "genzoo"):
        data = ImageTable(table("path", "clear.png", "some/3.png"), size=4)
        assert torch.cat([data.split(split).images for split in SPLITS]).unique().tolist() == [3, 255]
    (message,) = caplog.messages
    assert message.endswith("x.csv: transparent pixels are composed over white (1 of 2 files).")
    with pytest.raises(GenzooError, match=r"set data.white=4095 \(12 bits\)"):
        ImageTable(table("path", "deep0.png", "deep1.png"), size=4).setup()
    data = ImageTable(table("path", "deep0.png", "deep1.png"), size=4, white=4095, n_test=0, n_validation=0)
    assert data.split("train").images.unique().tolist() == [0, 255]


def test_sizes(table, tmp_path):
    Image.new("L", (8, 4), 200).save(tmp_path / "wide.png")
    file = table("path", "some/1.png", "wide.png")
    with pytest.raises(GenzooError, match=r"data.fit: .*x.csv: row 3: .*wide.png has 8 x 4 pixels"):
        ImageTable(file, n_test=0, n_validation=0).setup()
    assert rows(ImageTable(file, size=4, channels=1, fit="stretch")).keys() == {1, 200}


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        (["file,label", "some/1.png,2"], {}, "it has no column path, but file, label; its first row must name the"),
        (["path;label", "some/1.png;2"], {}, "it has no column path, but path;label"),
        ([""], {}, "it has no column path, but nothing"),
        (["path,label,label", "some/1.png,2,2"], {}, "it has two columns label; rename"),
        (["path"], {}, "it has no training images"),
        (["path,split", "some/1.png,test"], {}, "it has no training images"),
        (["path,label", "some/1.png"], {}, "row 2 has 1 cells, but the header has 2"),
        (["path,label", "some/1.png,2", "some/2.png,2,3"], {}, "row 3 has 3 cells, but the header has 2"),
        (["path,label", ",2"], {}, "row 2 has no path"),
        (["path,split", "some/1.png,tset"], {}, "row 2: its split is 'tset'; accepted are train, validation and test"),
        (["path,age", "some/1.png,3", "some/2.png,old"], {}, "row 3: age is 'old', but a factor is a number"),
        (["path,age", "some/1.png,nan"], {}, "row 2: age is 'nan'"),
        (["path,age", "some/1.png,"], {}, "row 2: age is ''"),
        (["path,age", "some/1.png,3"], {"factors": ["agee"]}, "no such column agee. Did you mean 'age'?"),
        (["path", "some/1.png", "some/2.png", "./some/1.png"], {}, "rows 2 and 4 are both 1.png; delete one"),
        (["path", "some/1.png"], {"white": 0}, "data.white=0: "),
        (["path", *(f"some/{i}.png" for i in range(20))], {"n_validation": 20}, "data.n_validation=20 .* has 20 imag"),
        (["path", '"some/1.png'], {}, r"it is no CSV file in UTF-8 \(Error: unexpected end of data"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(lines, options, message, table):
    with pytest.raises(GenzooError, match=message) as caught:
        ImageTable(table(*lines), **options)
    assert "\n" not in str(caught.value)
    assert "x.csv" in str(caught.value) or options


def test_another_encoding(table):
    with pytest.raises(GenzooError, match=r"x.csv: it is no CSV file in UTF-8"):
        ImageTable(table("path", "häßlich.png", encoding="latin-1"))


def test_missing_images_are_named_by_their_rows(table):
    lines = [f"some/{i}.png" for i in range(15)] + ["some/nowhere.png", "some/no.png"]
    with pytest.raises(
        GenzooError, match=r"2 of 17 files .*: row 17: .*some/nowhere.png \(there is no such file\); row 18: "
    ):
        ImageTable(table("path", *lines)).setup()


def test_a_broken_image_is_named_by_its_row(table, tmp_path):
    (tmp_path / "some" / "15.png").write_bytes((tmp_path / "some" / "15.png").read_bytes()[:40])
    lines = [f"some/{i}.png" for i in range(20)]
    with pytest.raises(GenzooError, match=r"1 of \d+ files cannot be read: row 17: .*some/15.png \(") as caught:
        ImageTable(table("path", *lines), size=4).setup()
    assert "\n" not in str(caught.value)

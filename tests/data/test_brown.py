"""Pieces of texts in the format of the Brown corpus."""

from genzoo.data.brown import Brown
from support.sets import write_brown


def test_pieces_are_the_consecutive_words_without_tags(tmp_path, monkeypatch):
    write_brown(tmp_path, monkeypatch)
    data = Brown(tmp_path / "package", length=10)
    for split, numbers in (
        ("train", [i for i in range(60) if i % 20 < 18]),
        ("validation", [18, 38, 58]),
        ("test", [19, 39, 59]),
    ):
        pieces = [data.spec.text(row) for row in data.split(split).images.flatten(1).tolist()]
        text = " ".join(f"He saw No. {i} . 1/2" for i in numbers)
        assert {len(piece) for piece in pieces} == {10}
        assert "".join(pieces) == text[: len(text) // 10 * 10]

"""The command that edits a picture by strokes."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.core.image_edit import edit_image, projection
from genzoo.core.images import from_levels, to_levels
from genzoo.core.randomness import generator
from genzoo.core.stroke_edit import StrokeEdit
from genzoo.runs.edit import edit
from genzoo.runs.load import load
from genzoo.runs.strokes import read_image, read_strokes
from support import SHAPES, composed
from support.trained import Trained

SHAPE = (1, 28, 28)
FEW = ("search.steps=3", "edit.steps=2", "edit.candidates=4", "frames=3")
GIVEN = {
    "gan": SHAPES,
    "vae": (*SHAPES, "data.levels=2"),
    "pixelcnn": (*SHAPES, "data.size=8", "data.levels=2"),
    "gan_2d": ("data=ring", "data.n_train=64", "data.n_validation=32", "data.n_test=32"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A function that gives the run folder of a model."""
    return Trained(tmp_path_factory.mktemp("edit") / "runs", GIVEN)


@pytest.fixture
def drawn(tmp_path):
    """A grey picture, and strokes: a white line and a half transparent red one."""
    levels = np.random.default_rng(0).integers(0, 256, SHAPE[1:], np.uint8)
    Image.fromarray(levels).save(tmp_path / "image.png")
    strokes = np.zeros((*SHAPE[1:], 4), np.uint8)
    strokes[4] = 255
    strokes[9, :5] = (255, 0, 0, 51)
    Image.fromarray(strokes).save(tmp_path / "strokes.png")
    return [f"image={tmp_path}/image.png", f"strokes={tmp_path}/strokes.png", f"out={tmp_path}/out"]


def given(*overrides):
    return edit(composed(*FEW, *overrides, name="edit"))


def shown(path):
    return np.asarray(Image.open(path))


@pytest.mark.parametrize(("model", "start"), [("gan", "FromPrior"), ("vae", "FromEncoder")])
def test_files_are_those_of_the_function(run, drawn, tmp_path, model, start):
    folder = given(f"ckpt={run(model)}", *drawn, "seed=3", "search.restarts=2")
    module = load(run(model))
    image, (strokes, mask) = read_image(tmp_path / "image.png", SHAPE), read_strokes(tmp_path / "strokes.png", SHAPE)
    search, by_strokes = projection(module, 3, 2), StrokeEdit(candidates=4, steps=2)
    expected = edit_image(module, image, strokes, mask, generator(3, "edit"), search, by_strokes, frames=3)
    assert {path.name for path in folder.iterdir()} == {"edited.png", "shown.png", "frames.png", "edit.json"}
    np.testing.assert_array_equal(shown(folder / "edited.png"), to_levels(expected.images[0, 0]))
    np.testing.assert_array_equal(shown(folder / "shown.png"), to_levels(expected.shown[0]))
    strip = shown(folder / "frames.png")  # three images, twice as large, with gaps of two pixels
    np.testing.assert_array_equal(strip[4:-4:2, 4 + 2 * 60 : -4 : 2], to_levels(expected.frames[2, 0]))
    described = json.loads((folder / "edit.json").read_text())
    assert (described["model"], described["seed"], described["frames"]) == (model, 3, 3)
    assert described["search"] == search.protocol()
    assert described["search"]["start"] == start
    assert described["edit"] == by_strokes.protocol()
    assert described["costs"] == expected.costs.tolist()


def test_the_same_command_gives_the_same_files(run, drawn, tmp_path):
    one, two, other = (
        given(f"ckpt={run('gan')}", *drawn[:2], f"out={tmp_path}/{name}", f"seed={seed}")
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    for name in ("edited.png", "shown.png", "frames.png", "edit.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    assert (one / "frames.png").read_bytes() != (other / "frames.png").read_bytes()


def test_strokes_are_colours_and_their_opacity(drawn, tmp_path):
    grey, mask = read_strokes(tmp_path / "strokes.png", SHAPE)
    colours, same = read_strokes(tmp_path / "strokes.png", (3, 28, 28))
    assert torch.equal(mask, same)
    expected = torch.zeros(1, 28, 28)
    expected[:, 4], expected[:, 9, :5] = 1, 0.2
    torch.testing.assert_close(mask, expected)
    assert colours[:, 4].eq(1).all()
    assert colours[:, 9, 0].tolist() == [1, -1, -1], "not mixed with what is behind it"
    assert grey[0, 9, 0] == from_levels(torch.tensor(76, dtype=torch.uint8))  # 0.299 of red
    assert read_image(tmp_path / "image.png", (3, 28, 28)).shape == (3, 28, 28)


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        ("gan", ["search.restarts=0"], r"^search\.restarts=0: a positive integer is needed"),
        ("gan", ["search.steps=0"], r"^search\.steps=0: a positive integer is needed"),
        ("gan", ["edit.candidates=0"], r"^edit\.candidates=0: a positive integer is needed"),
        ("gan", ["edit.smoothness=-1"], r"^edit\.smoothness=-1: a number of at least 0"),
        ("gan", ["edit.lr=0"], r"^edit\.lr=0: a positive number is needed"),
        ("gan", ["edit.lr=fast"], r"^edit\.lr=fast: a number is needed"),
        ("gan", ["frames=1"], r"^frames=1: an integer of at least 2"),
        ("gan", ["seed=-1"], r"^seed=-1: an integer of at least 0"),
        ("gan", ["image=nowhere.png"], r"^image=nowhere\.png: it cannot be read \(FileNotFoundError"),
        ("gan", ["strokes=nowhere.png"], r"^strokes=nowhere\.png: it cannot be read"),
        ("gan", ["device=tpu"], r"^device=tpu: not available here"),
        ("pixelcnn", [], r"^ckpt=.*: pixelcnn lacks the capability Decodes, so it has no codes to search"),
        ("gan_2d", [], r"^ckpt=.*: gan_2d generates points; strokes need a model of images"),
    ],
)
def test_wrong_settings_are_one_line_and_leave_no_folder(run, drawn, tmp_path, model, changes, message):
    with pytest.raises(GenzooError, match=message) as caught:
        given(f"ckpt={run(model)}", *drawn, *changes)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("key", "picture", "message"),
    [
        (
            "image",
            Image.new("L", (28, 20)),
            r"it has 28 x 20 pixels, but the model's images have 28 x 28; resize it\.$",
        ),
        ("strokes", Image.new("RGBA", (64, 64)), r"it has 64 x 64 pixels, but the model's images have 28 x 28"),
        (
            "strokes",
            Image.new("RGB", (28, 28)),
            r"it has no transparency, so all of it would be a stroke; save it with",
        ),
        ("strokes", Image.new("RGBA", (28, 28)), r"all of it is transparent; draw a stroke\.$"),
    ],
)
def test_files_that_do_not_fit_are_one_line(run, drawn, tmp_path, key, picture, message):
    picture.save(path := tmp_path / "other.png")
    with pytest.raises(GenzooError, match=rf"^{key}={path}: {message}"):
        given(f"ckpt={run('gan')}", *drawn, f"{key}={path}")


def test_a_folder_of_other_things_is_refused(run, drawn, tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(GenzooError, match=r"^out=.*: it holds other files, such as .*; give a new or empty folder\.$"):
        given(f"ckpt={run('gan')}", *drawn[:2], f"out={tmp_path}")

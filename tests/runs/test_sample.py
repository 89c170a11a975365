"""The command that writes samples of a checkpoint."""

import json

import numpy as np
import pytest
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.randomness import generator
from genzoo.core.text import to_numbers
from genzoo.runs.load import load
from genzoo.runs.sample import sample
from support import SHAPES, composed
from support.trained import Trained

PIXELS = ("data.size=8", "data.levels=2")
GIVEN = {
    "gan": SHAPES,
    "cgan": SHAPES,
    "gated_pixelcnn": (*SHAPES, *PIXELS),
    "gated_pixelcnn_conditional": (*SHAPES, *PIXELS),
    "gan_2d": ("data=ring", "data.n_train=64", "data.n_validation=32", "data.n_test=32"),
    "reinforce": ("data=cartpole",),
    "gan_3d": ("data=solids", "data.n_train=64", "data.n_validation=0", "data.n_test=8"),
    "c_rnn_gan": ("data=tunes", "data.events=9", "data.n_train=64", "data.n_validation=0", "data.n_test=8"),
    "gan_int_cls": ("data=captioned_shapes", "data.size=16", "data.n_train=64", "data.n_validation=0", "data.n_test=8"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A function that gives the run folder of a model."""
    return Trained(tmp_path_factory.mktemp("sample") / "runs", GIVEN)


def draw(*overrides):
    return sample(composed(*overrides, name="sample"))


def shown(path):
    return np.asarray(Image.open(path))


def test_pictures_are_the_models_samples(run, tmp_path):
    folder = draw(f"ckpt={run('gan')}", f"out={tmp_path}/a", "n=20", "seed=4")
    model = load(run("gan"))
    expected = [model.sample(16, generator=generator(4, "samples", block)) for block in (0, 1)]
    assert {path.name for path in folder.iterdir()} == {"samples.json", *(f"{i:06d}.png" for i in range(20))}
    for i in range(20):
        np.testing.assert_array_equal(shown(folder / f"{i:06d}.png"), to_levels(expected[i // 16][i % 16, 0]))
    described = json.loads((folder / "samples.json").read_text())
    assert (described["model"], described["seed"], described["n"]) == ("gan", 4, 20)


def test_volumes_are_an_array_and_no_pictures(run, tmp_path):
    folder = draw(f"ckpt={run('gan_3d')}", f"out={tmp_path}/a", "n=3")
    with np.load(folder / "samples.npz") as found:
        assert (found["volumes"].shape, found["volumes"].dtype) == ((3, 16, 16, 16), np.uint8)
    for given in ("format=png", "grid=true"):
        with pytest.raises(GenzooError, match=f"^{given}: gan_3d draws volumes, not images; use format=npz"):
            draw(f"ckpt={run('gan_3d')}", f"out={tmp_path}/b", "n=3", given)


def test_tunes_are_an_array_in_their_units(run, tmp_path):
    folder = draw(f"ckpt={run('c_rnn_gan')}", f"out={tmp_path}/a", "n=3")
    model = load(run("c_rnn_gan"))
    with np.load(folder / "samples.npz") as found:
        assert (found["tunes"].shape, found["tunes"].dtype) == ((3, 4, 9), np.float32)
        expected = model.sample(model.sampling_batch, generator=generator(0, "samples", 0))[:3]
        np.testing.assert_array_equal(found["tunes"], expected)


def test_a_caption_is_asked_for(run, tmp_path):
    folder = draw(f"ckpt={run('gan_int_cls')}", f"out={tmp_path}/a", "n=3", "caption='A small red cross'")
    model, caption = load(run("gan_int_cls")), to_numbers(["a small red cross"], 64)
    expected = model.sample_given({"caption": caption.expand(100, 1, -1)}, generator(0, "samples", 0))
    for i in range(3):
        found = np.asarray(Image.open(folder / f"{i:06d}.png")).transpose(2, 0, 1)
        np.testing.assert_array_equal(found, to_levels(expected[i]))
    assert json.loads((folder / "samples.json").read_text())["caption"] == "A small red cross"


def test_a_greater_number_goes_on_in_the_same_folder(run, tmp_path):
    given = f"ckpt={run('gan')}", f"out={tmp_path}/a"
    draw(*given, "n=3")
    draw(*given, "n=20")
    draw(f"ckpt={run('gan')}", f"out={tmp_path}/b", "n=20")
    for path in (tmp_path / "b").glob("*.png"):
        assert path.read_bytes() == (tmp_path / "a" / path.name).read_bytes()
    with pytest.raises(GenzooError, match=r"out=.*: it is a folder of n=20 samples; give n=20, or a new folder"):
        draw(*given, "n=3")


@pytest.mark.parametrize("name", ["gan", "gated_pixelcnn"])
def test_the_batch_size_changes_nothing_but_rounding(run, tmp_path, name):
    a, b = (draw(f"ckpt={run(name)}", f"out={tmp_path}/{size}", "n=9", f"batch_size={size}") for size in (3, 1000))
    for i in range(9):
        x, y = (shown(folder / f"{i:06d}.png").astype(int) for folder in (a, b))
        assert abs(x - y).max() <= 1


def test_an_array_holds_the_same_as_the_pictures(run, tmp_path):
    given = f"ckpt={run('cgan')}", "n=18"
    pictures, array = draw(*given, f"out={tmp_path}/a"), draw(*given, f"out={tmp_path}/b", "format=npz")
    with np.load(array / "samples.npz") as found:
        for i, (image, label) in enumerate(zip(found["images"], found["labels"], strict=True)):
            assert label == i % 4
            np.testing.assert_array_equal(shown(pictures / str(label) / f"{i:06d}.png"), image[..., 0])


def test_points_are_an_array(run, tmp_path):
    folder = draw(f"ckpt={run('gan_2d')}", f"out={tmp_path}/a", "n=5")
    with np.load(folder / "samples.npz") as found:
        assert found["points"].shape == (5, 2)


def test_the_temperature_is_the_samplers(run, tmp_path):
    model = load(run("gated_pixelcnn"))
    folder = draw(f"ckpt={run('gated_pixelcnn')}", f"out={tmp_path}/a", "temperature=0.2", "format=npz", "n=64")
    cold, warm = (model.sample(100, None, generator(0, "samples", 0), t)[:64, 0] for t in (0.2, 1.0))
    with np.load(folder / "samples.npz") as found:
        np.testing.assert_array_equal(found["images"][..., 0], to_levels(cold))
    assert not cold.equal(warm)


def test_one_class_one_grid_and_animations(run, tmp_path):
    ckpt = f"ckpt={run('gated_pixelcnn_conditional')}"
    names = {path.name for path in (draw(ckpt, f"out={tmp_path}/a", "n=3", "label=2") / "2").iterdir()}
    assert names == {"000000.png", "000001.png", "000002.png"}
    assert (draw(ckpt, f"out={tmp_path}/b", "n=4", "grid=true") / "grid.png").is_file()
    film = Image.open(draw(ckpt, f"out={tmp_path}/c", "n=2", "format=gif") / "000001.gif")
    assert (film.size, film.n_frames > 2) == ((8, 8), True)
    assert (draw(ckpt, f"out={tmp_path}/d", "n=4", "format=gif", "grid=true") / "grid.gif").is_file()


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("gan", ["n=0"], r"^n=0: a positive integer is needed"),
        ("gan", ["n=1.5"], r"^n=1\.5: "),
        ("gan", ["seed=-1"], r"^seed=-1: an integer of at least 0"),
        ("gan", ["format=jpg"], r"^format=jpg: unknown\. .*png"),
        ("gan", ["label=1"], r"^label=1: gan is not conditioned on classes; leave label out"),
        ("cgan", ["label=4"], r"^label=4: cgan has the classes 0 to 3"),
        ("cgan", ["label=-1"], r"^label=-1: cgan has the classes 0 to 3"),
        ("cgan", ["batch_size=8"], r"^batch_size=8: cgan's batch norm uses the statistics of 16 images"),
        ("gan", ["batch_size=0"], r"^batch_size=0: a positive integer"),
        ("gan", ["temperature=0.5"], r"^temperature=0\.5: gan's sampler has none; leave temperature out"),
        ("gated_pixelcnn", ["temperature=0"], r"^temperature=0\.?0?: a number above 0"),
        ("gan", ["format=gif"], r"^format=gif: gan lacks the capability DrawsSequentially"),
        ("gated_pixelcnn", ["format=gif", "temperature=2"], r"^format=gif temperature=2\.?0?: "),
        ("gan", ["format=npz", "grid=true"], r"^grid=true format=npz: an array has no grid"),
        ("gan_2d", ["format=png"], r"^format=png: gan_2d draws points, not images; use format=npz"),
        ("gan_2d", ["grid=true"], r"^grid=true: gan_2d draws points"),
        ("reinforce", [], r"^ckpt=.*: reinforce lacks the capability Samples"),
        ("gan_int_cls", [], r"^caption=null: gan_int_cls draws images of captions; give one, such as"),
        ("gan_int_cls", ["caption='größe'"], r"^caption='größe': unknown characters: ß ö"),
        ("gan_int_cls", ["caption=''"], r"^caption=: the value is empty"),
        ("gan", ["caption=cross"], r"^caption=cross: gan is not conditioned on captions; leave caption out"),
        ("gan", ["device=tpu"], r"^device=tpu: not available here"),
    ],
)
def test_wrong_settings_are_one_line_and_leave_no_folder(run, tmp_path, model, given, message):
    with pytest.raises(GenzooError, match=message) as caught:
        draw(f"ckpt={run(model)}", f"out={tmp_path}/a", *given)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "a").exists()


def test_a_folder_of_other_things_is_refused(run, tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(GenzooError, match=r"^out=.*: it holds other files, such as thesis\.tex; give a new or empty"):
        draw(f"ckpt={run('gan')}", f"out={tmp_path}")
    with pytest.raises(GenzooError, match=r"^out=.*thesis\.tex: it is a file; give a folder"):
        draw(f"ckpt={run('gan')}", f"out={tmp_path}/thesis.tex")


def test_a_folder_of_other_samples_is_refused(run, tmp_path):
    given = f"out={tmp_path}/a", "n=2"
    draw(f"ckpt={run('gan')}", *given)
    with pytest.raises(GenzooError, match=r"^out=.*: it holds samples with seed=0, not 1; give a new folder"):
        draw(f"ckpt={run('gan')}", *given, "seed=1")
    with pytest.raises(GenzooError, match=r"it holds samples with model=gan, not cgan"):
        draw(f"ckpt={run('cgan')}", *given)
    (tmp_path / "a" / "samples.json").write_text("{")
    with pytest.raises(GenzooError, match=r"its samples\.json is damaged"):
        draw(f"ckpt={run('gan')}", *given)

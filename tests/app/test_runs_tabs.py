"""The tabs of a run: its episodes, its pictures over the rounds, and its metrics beside others'."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.app.explored import Explored, explored
from genzoo.app.tabs import compare, episodes, samples, training
from genzoo.metrics.playing import play
from genzoo.runs.kept_pictures import kept_pictures
from support import composed
from support.decoders import Affine
from support.likelihoods import Images
from support.trained import Trained

GIVEN = {"reinforce": ("data=cartpole", "callbacks.checkpoints.keep_every=1"), "gan": ("data=shapes", "data.size=28")}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A function that gives the run folder of a model."""
    return Trained(tmp_path_factory.mktemp("app") / "runs", GIVEN)


def shown(folder):
    config = composed(f"ckpt={folder}", "device=cpu", name="explore")
    return explored(str(folder), {**config, "paths": {"data": "data"}})


def test_a_checkpoint_is_opened_with_its_data_and_name(run):
    model = shown(run("gan"))
    assert model.name == f"gan on shapes, {model.module.progress.rounds} rounds"
    assert model.images("test", 3).shape == (3, *model.spec.shape)
    assert model.folder == run("gan")


def test_an_episode_is_that_of_its_seed_with_its_frames(run):
    model = shown(run("reinforce"))
    watched = episodes.watch(model, None, seed=3, likeliest=True)
    (expected,) = play(model.module, model.source, 1, "explorer", 3, deterministic=True)
    np.testing.assert_array_equal(watched.rewards, expected.rewards)
    assert 0 < len(watched.frames) <= episodes.FRAMES


def test_the_policy_is_that_of_the_chosen_checkpoint(run):
    model = shown(run("reinforce"))
    first, *_, last = episodes.checkpoints(model.folder)
    assert (first.name, last.name) == ("round-000001.ckpt", "last.ckpt")
    played = []

    def kept(policy, *rest):
        played.append(policy)
        return SimpleNamespace(rewards=np.ones(1)), []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(episodes.Film, "play", lambda self, policy, *rest: kept(policy))
        episodes.watch(model, first, 0, likeliest=True)
    assert played[0].progress.rounds == 1


def test_the_plot_shows_the_sum_of_the_rewards(monkeypatch):
    figures = []
    monkeypatch.setattr(episodes, "as_picture", figures.append)
    episodes.return_picture(np.array([1.0, -0.5, 2.0]))
    (line,) = figures[0].axes[0].lines
    assert line.get_xydata().tolist() == [[1, 1], [2, 0.5], [3, 2.5]]


def test_pictures_are_found_by_kind_and_round(tmp_path):
    (tmp_path / "samples").mkdir()
    names = ("grid-000100.png", "grid-000020.png", "completions-upper-000020.png", "interpolation.png", "grid.gif")
    for name in names:
        Image.new("L", (1, 1)).save(tmp_path / "samples" / name)
    found = {kind: {n: path.name for n, path in of.items()} for kind, of in kept_pictures(tmp_path).items()}
    assert found == {
        "completions-upper": {20: "completions-upper-000020.png"},
        "grid": {20: "grid-000020.png", 100: "grid-000100.png"},
    }
    assert list(found["grid"]) == [20, 100]
    model = Explored(Affine(), Images(), "a model", tmp_path)
    assert training.offered(model)
    assert not training.offered(Explored(Affine(), Images(), "a model", tmp_path / "other"))


def test_metrics_stand_side_by_side(tmp_path):
    models = []
    for name, metrics in (("a", {"test/fid": 12.3456}), ("b", {"test/fid": 3.0, "test/nll": 80.0}), ("c", None)):
        (tmp_path / name).mkdir()
        if metrics:
            (tmp_path / name / "metrics.json").write_text(json.dumps({"metrics": metrics}))
        models.append(Explored(Affine(), Images(), name, tmp_path / name))
    assert compare.metrics_table(models) == [["test/fid", "12.35", "3", "-"], ["test/nll", "-", "80", "-"]]


@pytest.mark.parametrize(("percent", "after"), [(0, 4), (1, 4), (49, 4), (50, 100), (99.9, 100), (100, 200)])
def test_a_share_of_a_training_has_the_last_picture_before_it(percent, after):
    kept = {n: f"{n}.png" for n in (4, 100, 200)}
    assert compare.at_share(kept, percent) == (after, f"{after}.png")


def test_samples_of_a_loaded_model_do_not_depend_on_the_page_before(run):
    first, again = (samples.draw(shown(run("gan")), 5).images for _ in range(2))
    assert torch.equal(first, again)

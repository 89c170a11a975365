"""Learning curves over seeds, from the logs that runs leave."""

import csv
import json

import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import Image
from scipy.stats import beta

from genzoo.core.errors import GenzooError
from genzoo.results.curves import draw_curves, reached, read_curve, summary
from genzoo.runs.train import train
from support import composed


def write_log(run, values, version=0, metric="train/return"):
    """A run that logged a value for each round, and lines of other metrics in between."""
    folder = run / "csv" / f"version_{version}"
    folder.mkdir(parents=True)
    (run / "last.ckpt").touch()
    with open(folder / "metrics.csv", "w") as file:
        writer = csv.DictWriter(file, ["step", "progress/rounds", metric, "validation/x"])
        writer.writeheader()
        for round, value in values.items():
            writer.writerow({"step": 500 * round, "progress/rounds": float(round), metric: value})
            writer.writerow({"step": 500 * round, "validation/x": 7.0})


def settings(tmp_path, **changes):
    given = {"metric": "train/return", "level": None, "within": None, "picture": str(tmp_path / "curves.png")}
    switches = {"paths": {"data": "data", "runs": "runs"}, "debug": False}
    return OmegaConf.create({**given, **switches, **changes})


def test_a_resumed_runs_last_values_count(tmp_path):
    write_log(tmp_path, {1: 0.1, 2: 0.2, 3: 0.3})
    write_log(tmp_path, {3: 0.35, 4: 0.4}, version=10)
    write_log(tmp_path, {3: 9.0}, version=9)
    assert read_curve(tmp_path, "train/return") == {1: 0.1, 2: 0.2, 3: 0.35, 4: 0.4}


def test_a_value_without_its_round_is_of_the_round_logged_at_the_same_step(tmp_path):
    write_log(tmp_path, {1: 0.1, 2: 0.2, 5: 0.5})
    assert read_curve(tmp_path, "validation/x") == {1: 7.0, 2: 7.0, 5: 7.0}


def test_the_curve_of_a_run_has_its_evaluations(configured, only_run):
    every = ("callbacks.validation.times=null", "callbacks.validation.every=2", "callbacks.losses.times=1")
    train(configured("trainer.rounds=5", "metrics=none", "callbacks.pictures=null", *every))
    assert list(read_curve(only_run(), "validation/code_error_majority")) == [2, 4, 5]


def test_medians_and_quartiles_are_taken_round_by_round():
    random = np.random.default_rng(0)
    values = random.random((7, 4))
    found = summary([dict(enumerate(row, start=1)) for row in values] + [{2: 5.0, 4: 6.0, 9: 1.0}])
    at = np.column_stack([values[:, [1, 3]].T, [5.0, 6.0]])
    assert found["rounds"] == [2, 4]
    assert found["runs"] == 8
    assert np.allclose(found["median"], np.median(at, axis=1))
    assert np.allclose(found["lower"], np.percentile(at, 25, axis=1))
    assert np.allclose(found["upper"], np.percentile(at, 75, axis=1))


@pytest.mark.parametrize(
    ("within", "first"), [(None, [2, 1, None, 5]), (4, [2, 1, None, None]), (1, [None, 1, None, None])]
)
def test_runs_that_reach_a_level_are_counted(within, first):
    curves = [{1: 0.0, 2: 0.9, 3: 1.0}, {1: 0.95}, {1: 0.0, 9: 0.89}, {4: 0.0, 5: 1.0}]
    found = reached(curves, 0.9, within)
    assert found["first"] == first
    count = sum(one is not None for one in first)
    assert found["count"] == count
    assert found["interval"] == pytest.approx(
        [beta.ppf(0.025, count, 5 - count), beta.ppf(0.975, count + 1, 4 - count)]
    )


def test_all_or_none_leave_doubt_on_one_side():
    assert reached([{1: 1.0}] * 10, 0.9)["interval"] == pytest.approx([0.025**0.1, 1.0])
    assert reached([{1: 0.0}] * 10, 0.9)["interval"] == pytest.approx([0.0, 1 - 0.025**0.1])


def test_the_picture_and_its_numbers_are_written(tmp_path, capsys):
    for label, top in (("a", 1.0), ("b", 0.5)):
        for seed in range(3):
            write_log(tmp_path / label / f"seed{seed}", {1: 0.0, 2: top})
    runs = {"VIME": str(tmp_path / "a"), "TRPO": str(tmp_path / "b")}
    found = draw_curves(settings(tmp_path, runs=runs, level=0.9, within=30))
    assert json.loads((tmp_path / "curves.json").read_text()) == {"metric": "train/return", "curves": found}
    assert found["VIME"]["median"] == [0.0, 1.0]
    assert [found[label]["reached"]["count"] for label in runs] == [3, 0]
    said = capsys.readouterr().out
    assert "VIME: n = 3, train/return after 2 rounds: median 1, quartiles 1 and 1; 3 reach 0.9 within 30 rounds" in said
    assert "(95 % interval 0.29 to 1.00)" in said
    picture = np.asarray(Image.open(tmp_path / "curves.png"))
    colours = {tuple(pixel) for pixel in picture.reshape(-1, 3)[::7]}
    assert len(colours) > 10


def test_the_configuration_composes():
    cfg = composed("runs={VIME: runs/a, TRPO: [runs/b, runs/c]}", name="curves")
    assert OmegaConf.to_container(cfg.runs) == {"VIME": "runs/a", "TRPO": ["runs/b", "runs/c"]}
    assert (cfg.metric, cfg.level, cfg.within) == ("train/return", None, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"runs": "a"}, r"^runs=a: give label: folder"),
        ({"runs": {}}, r"^runs={}: give label: folder"),
        ({"runs": {"x": "a"}, "within": 3}, r"^within=3: it counts the runs that reach a level"),
        ({"runs": {"x": "a"}, "metric": "train/retrun"}, r"^metric=train/retrun: .* Did you mean 'train/return'"),
        ({"runs": {"x": "b"}}, r"b: there is no csv/version_\*/metrics.csv; draw runs that logged"),
        ({"runs": {"x": "c"}}, "c.*there is no"),
        ({"runs": {"x": ["a", "d"]}}, r"^runs: they have no round in common"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_a_line(changes, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_log(tmp_path / "a", {1: 0.0})
    write_log(tmp_path / "d", {2: 0.0})
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "last.ckpt").touch()
    with pytest.raises(GenzooError, match=message) as error:
        draw_curves(settings(tmp_path, **changes))
    assert "\n" not in str(error.value)
